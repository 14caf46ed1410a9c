// Connections of the clients that a measurement plays, and the answers on them. They must cost little: what they take
// of the machine, the daemon does not have.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::bench {

// Connected, and never waiting from then on. failed: nobody listens there.
[[nodiscard]] Result<UniqueFd> connect_over_unix_socket(const std::filesystem::path& path);
[[nodiscard]] Result<UniqueFd> connect_over_loopback(std::uint16_t port);

// A port of the loopback address that nobody used a moment ago.
[[nodiscard]] std::uint16_t free_port();

// The whole text of a request; `body` may be empty.
[[nodiscard]] std::string request_text(std::string_view method, std::string_view target, const std::string& host,
                                       const std::string& token, std::string_view body);

struct Answer {
  unsigned status = 0;
  std::string body;
};

// One answer with Content-Length after the other, from what comes on a connection.
class AnswerReader {
 public:
  // Reads what is there. The next answer, if it is whole; failed: the connection ended or brings something else.
  [[nodiscard]] Result<std::optional<Answer>> read(int socket);

 private:
  [[nodiscard]] Result<std::optional<Answer>> first_in_buffer();
  std::string buffer_;
};

// The number behind `name` in a header, such as "\r\nContent-Length: ".
[[nodiscard]] std::optional<std::size_t> number_behind(std::string_view head, std::string_view name);

}  // namespace autoheal::bench
