#include "tools/http/tls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <ctime>
#include <string_view>

namespace autoheal::http {

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

std::string utf8_of(const ASN1_STRING* text) {
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, text);
  if (size < 0) return std::string(1, '\0');  // what cannot be read is like a name with a zero byte: refused
  std::string converted(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return converted;
}

struct Name {
  std::string_view kind;  // "CN=", "DNS:", "email:", "URI:"; empty: another part of the subject
  std::string text;
};

void add_alternative(const GENERAL_NAME& one, std::vector<Name>& names) {
  const auto text = [](const ASN1_STRING* found) {
    return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(found)),
                       static_cast<std::size_t>(ASN1_STRING_length(found)));
  };
  if (one.type == GEN_DNS) names.push_back({"DNS:", text(one.d.dNSName)});
  if (one.type == GEN_EMAIL) names.push_back({"email:", text(one.d.rfc822Name)});
  if (one.type == GEN_URI) names.push_back({"URI:", text(one.d.uniformResourceIdentifier)});
}

std::vector<Name> names_in(const X509* certificate) {
  std::vector<Name> names;
  const X509_NAME* subject = X509_get_subject_name(certificate);
  for (int index = 0; index < X509_NAME_entry_count(subject); ++index) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, index);
    const bool is_common = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == NID_commonName;
    names.push_back({is_common ? "CN=" : "", utf8_of(X509_NAME_ENTRY_get_data(entry))});
  }
  auto* alternatives =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int index = 0; alternatives != nullptr && index < sk_GENERAL_NAME_num(alternatives); ++index)
    add_alternative(*sk_GENERAL_NAME_value(alternatives, index), names);
  GENERAL_NAMES_free(alternatives);
  return names;
}

bool has_honest_names(const X509* certificate) {
  return std::ranges::none_of(names_in(certificate), [](const Name& one) { return one.text.contains('\0'); });
}

// A reader that ends a text at a zero byte would take such a certificate for another's.
bool is_acceptable(bool verified, ssl::verify_context& context) {
  X509_STORE_CTX* chain = context.native_handle();
  const X509* certificate = X509_STORE_CTX_get_current_cert(chain);
  if (!verified || certificate == nullptr) return false;
  if (has_honest_names(certificate)) return true;
  X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
  return false;
}

Error unusable(const std::string& what, const error_code& why) {
  return {ErrorKind::invalid, what + " cannot be used for TLS: " + why.message(), ""};
}

void keep_no_sessions(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(
      context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context, 0);
}

Result<void> ask_for_certificates(ssl::context& context, const std::string& authority) {
  error_code problem;
  context.add_certificate_authority(boost::asio::buffer(authority), problem);
  if (!problem) context.set_verify_mode(ssl::verify_peer, problem);
  if (!problem) context.set_verify_callback(is_acceptable, problem);
  if (problem) return std::unexpected(unusable("the authority of client certificates", problem));
  return {};
}

Timestamp end_of(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return {};
  return Timestamp(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace

Result<TlsPtr> tls_of(const TlsMaterial& material) {
  try {
    auto made = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* context = made->native_handle();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    keep_no_sessions(context);
    // A key with a passphrase would make OpenSSL ask for it on the terminal.
    made->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); });
    error_code problem;
    made->use_certificate_chain(boost::asio::buffer(material.certificate), problem);
    if (problem) return std::unexpected(unusable("the certificate", problem));
    made->use_private_key(boost::asio::buffer(material.key), ssl::context::pem, problem);
    if (problem) return std::unexpected(unusable("the key", problem));
    if (SSL_CTX_check_private_key(context) != 1)
      return failure(ErrorKind::invalid, "the key is not the one that the certificate was made for");
    if (!material.client_ca.empty()) AUTOHEAL_TRY(ask_for_certificates(*made, material.client_ca));
    return made;
  } catch (const std::exception& problem) {
    return failure(ErrorKind::unavailable, std::string("TLS cannot be had: ") + problem.what());
  }
}

std::optional<ClientCertificate> client_certificate_of(ssl_st* connection) {
  const X509* certificate = SSL_get0_peer_certificate(connection);
  if (certificate == nullptr || SSL_get_verify_result(connection) != X509_V_OK) return std::nullopt;
  ClientCertificate made;
  made.until = end_of(certificate);
  for (const Name& one : names_in(certificate)) {
    if (!one.kind.empty()) made.names.push_back(std::string(one.kind) + one.text);
  }
  return made;
}

}  // namespace autoheal::http
