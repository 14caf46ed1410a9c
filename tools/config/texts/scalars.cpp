#include "tools/config/texts/scalars.hpp"

#include <array>
#include <string>
#include <utility>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::config {

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, unsigned>, 4> units = {
      {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}}};
  unsigned shift = 0;
  for (const auto& [name, bits] : units) {
    if (text.ends_with(name)) {
      shift = bits;
      text.remove_suffix(name.size());
      break;
    }
  }
  const auto number = parse_number<std::uint32_t>(text);
  if (!number || (std::uint64_t{*number} << shift >> shift) != *number) return std::nullopt;
  return std::uint64_t{*number} << shift;
}

std::optional<std::uint32_t> parse_mode(std::string_view text) {
  const auto mode = parse_number<std::uint32_t>(text, 8);
  if (!mode || *mode > 07777 || text.size() < 3 || text.size() > 5) return std::nullopt;
  return mode;
}

std::optional<bool> parse_switch(std::string_view text) {
  const std::string lower = ascii::lowered(std::string(text));
  for (const std::string_view on : {"true", "1", "on", "yes"}) {
    if (lower == on) return true;
  }
  for (const std::string_view off : {"false", "0", "off", "no"}) {
    if (lower == off) return false;
  }
  return std::nullopt;
}

}  // namespace autoheal::config
