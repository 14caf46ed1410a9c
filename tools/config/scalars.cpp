#include "tools/config/scalars.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "autoheal/engine/base/ascii.hpp"

namespace autoheal::config {

namespace {

constexpr std::int64_t longest_us = std::int64_t{366} * 24 * 3600 * 1'000'000;

template <class Number>
std::optional<Number> whole(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || fault != std::errc() || end != text.data() + text.size() || text[0] == '-') return std::nullopt;
  return number;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units = {
      {{"ms", 1'000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}}};
  std::int64_t unit = 1'000'000;
  for (const auto& [name, us] : units) {
    if (text.ends_with(name)) {
      unit = us;
      text.remove_suffix(name.size());
      break;
    }
  }
  const auto point = text.find('.');
  const auto before = whole<std::uint32_t>(text.substr(0, point));
  if (!before || *before > longest_us / unit) return std::nullopt;
  std::int64_t total = std::int64_t{*before} * unit;
  if (point != std::string_view::npos) {
    const auto digits = text.substr(point + 1);
    const auto fraction = digits.size() <= 6 ? whole<std::uint32_t>(digits) : std::nullopt;
    if (!fraction) return std::nullopt;
    std::int64_t scale = 1;
    for (std::size_t digit = 0; digit < digits.size(); ++digit) scale *= 10;
    total += std::int64_t{*fraction} * unit / scale;
  }
  if (total > longest_us) return std::nullopt;
  return Duration(total);
}

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
  const auto number = whole<std::uint32_t>(text);
  if (!number || (std::uint64_t{*number} << shift >> shift) != *number) return std::nullopt;
  return std::uint64_t{*number} << shift;
}

std::optional<std::uint32_t> parse_mode(std::string_view text) {
  const auto mode = whole<std::uint32_t>(text, 8);
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
