// Reads the performance data of monitoring plugins: 'label'=value[unit];warning;critical;minimum;maximum behind a "|"
// (monitoring-plugins.org/doc/guidelines.html). Plugins are programs of others: what does not fit is left out, and
// everything has a limit. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/workflows/stored/enum_words.hpp"

namespace autoheal::workflows {

inline constexpr std::size_t most_values_of_a_probe = 64;
inline constexpr std::size_t longest_value_label = 64;  // bytes

// Base units: times in seconds, sizes in bytes (KB is 1,024), percent as a ratio. other: one that plugins do not share.
enum class PluginUnit { none, seconds, bytes, ratio, count, other };
template <>
inline constexpr auto words_for<PluginUnit> = std::array<NamedValue<PluginUnit>, 6>{{
    {PluginUnit::none, "none"},
    {PluginUnit::seconds, "seconds"},
    {PluginUnit::bytes, "bytes"},
    {PluginUnit::ratio, "ratio"},
    {PluginUnit::count, "count"},
    {PluginUnit::other, "other"},
}};

struct PluginValue {
  std::string label;
  double value = 0;  // finite, in the base unit
  PluginUnit unit = PluginUnit::none;
  friend bool operator==(const PluginValue&, const PluginValue&) = default;
};

// In their order; of a label that comes twice the last one. An item without a value ("U"), with another form, a label
// that is too long, no UTF-8 or holds control characters is left out, and so is everything beyond the limit.
[[nodiscard]] std::vector<PluginValue> performance_data(std::string_view printed);

}  // namespace autoheal::workflows
