// A request as the daemon sees it, and what it answers: free of HTTP's details, which end in this room.
#pragma once

#include <functional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "tools/http/peer.hpp"

namespace autoheal::http {

struct Request {
  std::string method;  // GET or POST
  std::string target;  // begins with "/"; visible ASCII, not decoded
  std::string body;    // any bytes
  Peer peer;
};

struct Response {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
};

// Called and awaited on the server's executor, once per request; several requests may wait in it at once.
using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

// {"error":{"code":...,"message":...,"hint":...}}: `code` is a stable word for programs, the others are for people.
[[nodiscard]] Response error_response(unsigned status, const std::string& code, const std::string& message,
                                      const std::string& hint);

}  // namespace autoheal::http
