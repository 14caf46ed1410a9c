// A request as the daemon sees it, and what it answers: free of HTTP's details, which end in this room.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "autoheal/engine/base/result.hpp"
#include "tools/http/peer.hpp"
#include "tools/http/tls.hpp"

namespace autoheal::http {

struct Header {
  std::string name;  // lower case in a request
  std::string value;
};

// Where a request over TCP comes from: by the connection alone, whatever a header claims.
struct Remote {
  std::string address;                           // an IP literal
  bool is_encrypted = false;                     // TLS
  std::optional<ClientCertificate> certificate;  // verified in the handshake
};

struct Request {
  std::string method;            // GET, HEAD or POST
  std::string target;            // begins with "/"; visible ASCII, not decoded
  std::string body;              // any bytes
  Peer peer;                     // over TCP: nobody
  std::optional<Remote> remote;  // over TCP
  std::vector<Header> headers;   // those of `headers_for_handlers` that came, each once

  // Empty where it did not come.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// Handlers may read these. All other headers that a client sends never reach them. An `authorization` that came more
// than once is all of them with ", " between: no handler takes it for one.
inline constexpr std::string_view headers_for_handlers[] = {"accept",        "authorization",   "if-none-match",
                                                            "last-event-id", "idempotency-key", "traceparent"};

// The next piece of a body that is sent as it comes; empty: it has ended. An error ends the connection, so that the
// client sees that the body is not whole. Awaited on the server's executor.
using BodySource = std::function<boost::asio::awaitable<Result<std::optional<std::string>>>()>;

struct Response {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::string cache_control = "no-store";
  std::vector<Header> headers;  // besides those that every answer has
  BodySource more;              // set: `body` is only the beginning
};

[[nodiscard]] Response response_with(unsigned status, std::string body, std::string content_type = "application/json");

// Called and awaited on the server's executor, once per request; several requests may wait in it at once.
using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

// A refusal before it has a form. `code` is a stable word for programs, the others are for people.
struct Problem {
  unsigned status = 500;
  std::string code;
  std::string message;
  std::string hint;
};

// {"error":{"code":...,"message":...,"hint":...}}: the form of /v1.
[[nodiscard]] Response error_response(const Problem& problem);
[[nodiscard]] Response error_response(unsigned status, const std::string& code, const std::string& message,
                                      const std::string& hint);
// application/problem+json (RFC 9457) with the members type (about:blank), title, status, detail, code and, where there
// is one, hint.
[[nodiscard]] Response problem_response(const Problem& problem);
// The form that the target's clients expect: a problem below /api/ and /tlog/, else an error of /v1.
[[nodiscard]] Response refusal_response(const Problem& problem, std::string_view target);

}  // namespace autoheal::http
