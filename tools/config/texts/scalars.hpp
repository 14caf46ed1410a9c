// Sizes, modes and switches as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace autoheal::config {

// "64MiB", "1GiB", "512KiB", or bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
// "0640": octal, at most 07777.
[[nodiscard]] std::optional<std::uint32_t> parse_mode(std::string_view text);
// "true/false", "1/0", "on/off", "yes/no", as the environment has them; case does not count.
[[nodiscard]] std::optional<bool> parse_switch(std::string_view text);

}  // namespace autoheal::config
