// The parts of an http or https URL that a probe needs.
#pragma once

#include <cstdint>
#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::host {

struct Url {
  bool tls = false;
  std::string host;         // without brackets
  std::string host_header;  // as the Host field wants it
  std::uint16_t port = 80;
  std::string target;  // path and query, at least "/"
};

// invalid: another scheme, a user in it, no host, a port that is none, a control character or a space.
[[nodiscard]] Result<Url> read_url(const std::string& text);

}  // namespace autoheal::host
