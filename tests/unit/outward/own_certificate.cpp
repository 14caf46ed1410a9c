#include "tests/unit/outward/own_certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace autoheal::outward {

OwnCertificate::OwnCertificate(const std::string& name)
    : folder_(std::filesystem::path(::testing::TempDir()) / ("autoheal_certificate_" + std::to_string(::getpid()))) {
  std::filesystem::create_directories(folder_);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509* const made = certificate.get();
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
  X509_gmtime_adj(X509_getm_notBefore(made), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made), 3600);
  X509_set_pubkey(made, key.get());
  X509_NAME* const subject = X509_get_subject_name(made);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(made, subject);
  const std::string names = "DNS:" + name;
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(made, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(made, key.get(), EVP_sha256());
  FILE* file = std::fopen(certificate_file().c_str(), "we");
  PEM_write_X509(file, made);
  std::fclose(file);
  file = std::fopen(key_file().c_str(), "we");
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

}  // namespace autoheal::outward
