// TLS for connections that come over TCP: a server's certificate, and the authority that client certificates must come
// from. The rest of the room knows only that bytes are encrypted and whose certificate was verified.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"

struct ssl_st;  // OpenSSL's SSL
namespace boost::asio::ssl {
class context;
}

namespace autoheal::http {

// All as PEM texts.
struct TlsMaterial {
  std::string certificate;  // the server's own, then those of its authorities in between
  std::string key;          // not encrypted
  std::string client_ca;    // empty: no client certificate is asked for
};

// Shared by the connections that began with it; another one may take its place for those that follow.
using TlsPtr = std::shared_ptr<boost::asio::ssl::context>;

// TLS 1.2 or 1.3, without tickets or sessions: every connection is verified anew. A client may come without a
// certificate; one that is expired, not of the authority, not for clients, or has a zero byte in a name fails in the
// handshake. invalid: the material, named; the key's content is in no text. Thread-safe.
[[nodiscard]] Result<TlsPtr> tls_of(const TlsMaterial& material);

// A client certificate that was verified.
struct ClientCertificate {
  std::vector<std::string> names;  // "CN=...", "DNS:...", "email:..." and "URI:...", as many as it has
  Timestamp until;                 // valid up to here
};
// Empty where the client showed none.
[[nodiscard]] std::optional<ClientCertificate> client_certificate_of(ssl_st* connection);

}  // namespace autoheal::http
