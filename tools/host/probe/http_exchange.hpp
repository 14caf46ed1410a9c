// One HTTP request and its answer, under one deadline: what probes and hooks are made of. No redirect and no proxy is
// followed; certificates must be valid for the host.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::host {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::map<std::string, std::string> headers;
  std::string body;
  std::uint64_t body_limit = 1U << 20U;  // of the answer; what comes after is not read; 0: the status is enough
  unsigned body_only_of = 0;             // the body is read of this status alone; 0: of any
};
struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

// Blocks for at most `timeout`. unavailable: no connection or no answer in time; failed: this machine could not ask (no
// address is found, no network, port, memory or right to connect), which says nothing of the other; invalid: the
// request. Headers are not repeated in messages: they may hold a token.
[[nodiscard]] Result<HttpAnswer> send_request(const HttpRequest& request, Duration timeout);

// A connection to any of the host's addresses comes about within `timeout`.
[[nodiscard]] Result<void> connect_to(const std::string& host, std::uint16_t port, Duration timeout);

}  // namespace autoheal::host
