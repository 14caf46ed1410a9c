// Certificates as a test needs them: good ones, and those that no careful authority would sign.
#pragma once

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <optional>
#include <string>

namespace autoheal::testing {

struct MadeCertificate {
  std::shared_ptr<EVP_PKEY> own_key;
  std::shared_ptr<X509> x509;
  std::string certificate, key;  // PEM
};

struct WantedCertificate {
  std::string common_name;       // any bytes
  std::string alternative = {};  // as OpenSSL writes them: "DNS:one.example,IP:127.0.0.1"
  std::string dns_bytes = {};    // one more alternative name, of any bytes
  bool is_authority = false;
  int begins_in_days = -1, ends_in_days = 30;
};

inline void add_extension(X509* to, int kind, const std::string& value) {
  X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  (void)X509_add_ext(to, made, -1);
  ::X509_EXTENSION_free(made);
}

inline void add_dns_name(X509* to, const std::string& bytes) {
  GENERAL_NAMES* all = sk_GENERAL_NAME_new_null();
  GENERAL_NAME* one = GENERAL_NAME_new();
  ASN1_IA5STRING* text = ASN1_IA5STRING_new();
  (void)ASN1_STRING_set(text, bytes.data(), static_cast<int>(bytes.size()));
  ::GENERAL_NAME_set0_value(one, GEN_DNS, text);
  (void)sk_GENERAL_NAME_push(all, one);
  (void)X509_add1_ext_i2d(to, NID_subject_alt_name, all, 0, 0);
  GENERAL_NAMES_free(all);
}

template <class Write>
std::string pem_of(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  write(out.get());
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

// Signed by `issuer`, or by itself.
inline MadeCertificate made_certificate(const WantedCertificate& wanted, const MadeCertificate* issuer = nullptr) {
  MadeCertificate made;
  made.own_key = {EVP_EC_gen("P-256"), &EVP_PKEY_free};
  made.x509 = {X509_new(), &X509_free};
  X509* one = made.x509.get();
  static long serial = 1;
  (void)X509_set_version(one, X509_VERSION_3);
  (void)ASN1_INTEGER_set(X509_get_serialNumber(one), ++serial);
  (void)X509_gmtime_adj(X509_getm_notBefore(one), wanted.begins_in_days * 86'400L);
  (void)X509_gmtime_adj(X509_getm_notAfter(one), wanted.ends_in_days * 86'400L);
  (void)X509_set_pubkey(one, made.own_key.get());
  (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(one), "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(wanted.common_name.data()),
                                   static_cast<int>(wanted.common_name.size()), -1, 0);
  (void)X509_set_issuer_name(one, X509_get_subject_name(issuer != nullptr ? issuer->x509.get() : one));
  if (wanted.is_authority) add_extension(one, NID_basic_constraints, "critical,CA:TRUE");
  if (!wanted.alternative.empty()) add_extension(one, NID_subject_alt_name, wanted.alternative);
  if (!wanted.dns_bytes.empty()) add_dns_name(one, wanted.dns_bytes);
  (void)X509_sign(one, issuer != nullptr ? issuer->own_key.get() : made.own_key.get(), EVP_sha256());
  made.certificate = pem_of([&](BIO* out) { PEM_write_bio_X509(out, one); });
  made.key = pem_of(
      [&](BIO* out) { PEM_write_bio_PrivateKey(out, made.own_key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  return made;
}

}  // namespace autoheal::testing
