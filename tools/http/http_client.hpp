// The command line's side of the socket: one request, one answer, plain blocking calls on the caller's thread, so that
// a signal ends a program that waits as it ends any other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"
#include "tools/http/socket_path.hpp"

namespace autoheal::http {

struct Answer {
  unsigned status = 0;
  std::string body;
  std::uint32_t server_uid = static_cast<std::uint32_t>(-1);  // who listens, as the kernel says
};

// `method` is GET (without body) or POST (a JSON body). Waits for the answer without a limit, since a heal may take
// long, or for at most `timeout` in all if that is more than 0. Nothing is sent to a server of another user than
// `server_uid`; where none is given, root, oneself and the owner of the socket's folder are trusted. not_found: no
// daemon runs here; refused: another user's server, a symlink, no permission; unavailable: the daemon ended before it
// answered; timed_out; invalid: method, target or body; failed: what answers does not speak our HTTP, or at more length
// than answer_limit_bytes. An answer with an error status is an answer.
[[nodiscard]] Result<Answer> ask(const std::string& path, const std::string& method, const std::string& target,
                                 const std::string& body = {}, Duration timeout = {},
                                 std::optional<std::uint32_t> server_uid = {});

}  // namespace autoheal::http
