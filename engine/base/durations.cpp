#include "autoheal/engine/base/durations.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/engine/base/numbers.hpp"

namespace autoheal {

namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t longest_us = std::int64_t{366} * 24 * 3600 * second;
constexpr std::size_t most_decimals = 6;

using Unit = std::pair<std::string_view, std::int64_t>;
// "ms" before "m" and "s": the first that fits counts.
constexpr std::array<Unit, 4> units = {
    {{"ms", second / 1000}, {"s", second}, {"m", 60 * second}, {"h", 3600 * second}}};

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  std::int64_t unit = second;
  for (const auto& [name, us] : units) {
    if (text.ends_with(name)) {
      unit = us;
      text.remove_suffix(name.size());
      break;
    }
  }
  const auto point = text.find('.');
  const auto before = parse_number<std::uint32_t>(text.substr(0, point));
  if (!before || *before > longest_us / unit) return std::nullopt;
  std::int64_t total = std::int64_t{*before} * unit;
  if (point != std::string_view::npos) {
    const auto digits = text.substr(point + 1);
    const auto fraction = digits.size() <= most_decimals ? parse_number<std::uint32_t>(digits) : std::nullopt;
    if (!fraction) return std::nullopt;
    std::int64_t scale = 1;
    for (std::size_t digit = 0; digit < digits.size(); ++digit) scale *= 10;
    total += std::int64_t{*fraction} * unit / scale;
  }
  if (total > longest_us) return std::nullopt;
  return Duration(total);
}

std::string duration_text(Duration duration) {
  const std::int64_t us = duration.count();
  AUTOHEAL_CHECK(us >= 0);
  if (us == 0) return "0s";
  for (const std::size_t one : {3U, 2U, 1U, 0U}) {
    const auto& [name, unit] = units[one];
    if (us % unit == 0) return std::to_string(us / unit) + std::string(name);
  }
  std::string decimals = std::to_string(second + us % second).substr(1);
  while (decimals.ends_with('0')) decimals.pop_back();
  return std::to_string(us / second) + "." + decimals + "s";
}

}  // namespace autoheal
