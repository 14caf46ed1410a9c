#include "autoheal/workflows/steward/performance_data.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t most_fields = 4;  // behind the value

struct UnitOfPlugins {
  std::string_view word;
  PluginUnit unit;
  double factor;
};
constexpr std::array<UnitOfPlugins, 13> known_units = {{
    {"", PluginUnit::none, 1},
    {"s", PluginUnit::seconds, 1},
    {"ms", PluginUnit::seconds, 1e-3},
    {"us", PluginUnit::seconds, 1e-6},
    {"ns", PluginUnit::seconds, 1e-9},
    {"B", PluginUnit::bytes, 1},
    {"KB", PluginUnit::bytes, 1024.0},
    {"MB", PluginUnit::bytes, 1024.0 * 1024},
    {"GB", PluginUnit::bytes, 1024.0 * 1024 * 1024},
    {"TB", PluginUnit::bytes, 1024.0 * 1024 * 1024 * 1024},
    {"PB", PluginUnit::bytes, 1024.0 * 1024 * 1024 * 1024 * 1024},
    {"%", PluginUnit::ratio, 1e-2},
    {"c", PluginUnit::count, 1},
}};

// Behind the first "|" of the first line, and behind the next one of the lines below, to the end.
std::string data_in(std::string_view printed) {
  const std::string_view first = printed.substr(0, printed.find('\n'));
  const std::string_view below = printed.substr(std::min(first.size() + 1, printed.size()));
  std::string data;
  for (const std::string_view part : {first, below}) {
    if (const auto bar = part.find('|'); bar != std::string_view::npos) data.append(part.substr(bar + 1)) += '\n';
  }
  return data;
}

void skip_blanks(std::string_view& rest) { rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size())); }

// Takes the label and its "=" off the beginning; empty if there is none.
std::optional<std::string> take_label(std::string_view& rest) {
  if (!rest.starts_with('\'')) {
    const auto end = rest.find_first_of("= \t\r\n'");
    if (end == 0 || end == std::string_view::npos || rest[end] != '=') return std::nullopt;
    std::string label(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    return label;
  }
  std::string label;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] != '\'') {
      label += rest[at];
    } else if (rest.substr(at + 1).starts_with('\'')) {
      label += rest[at++];  // a quote within is written twice
    } else if (rest.substr(at + 1).starts_with('=')) {
      rest.remove_prefix(at + 2);
      return label;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

bool is_label(const std::string& label) {
  return !label.empty() && label.size() <= longest_value_label && is_valid_utf8(label) &&
         std::ranges::none_of(label, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// The number that `text` begins with is taken off it. No sign but "-", no exponent, as the guidelines have it.
std::optional<double> take_value(std::string_view& text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (problem != std::errc() || !std::isfinite(value)) return std::nullopt;  // "inf" and "nan" are numbers to it
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool is_range(std::string_view text) { return text.find_first_not_of("0123456789.-:~@") == std::string_view::npos; }

// "1.5ms;10;@20:;;": the value in its base unit.
std::optional<PluginValue> measured_as(std::string label, std::string_view item) {
  std::string_view measured = item.substr(0, item.find(';'));
  std::string_view fields = item.substr(measured.size());
  std::size_t count = 0;
  while (!fields.empty()) {
    fields.remove_prefix(1);
    const std::string_view field = fields.substr(0, fields.find(';'));
    if (++count > most_fields || !is_range(field)) return std::nullopt;
    fields.remove_prefix(field.size());
  }
  const auto value = take_value(measured);
  if (!value || measured.find_first_of("0123456789.+-'\"=") != std::string_view::npos) return std::nullopt;
  const auto known = std::ranges::find(known_units, measured, &UnitOfPlugins::word);
  const bool shared = known != known_units.end();
  const double based = *value * (shared ? known->factor : 1);
  if (!std::isfinite(based)) return std::nullopt;
  return PluginValue{std::move(label), based, shared ? known->unit : PluginUnit::other};
}

}  // namespace

std::vector<PluginValue> performance_data(std::string_view printed) {
  const std::string data = data_in(printed);
  std::string_view rest = data;
  std::vector<PluginValue> values;
  for (skip_blanks(rest); !rest.empty(); skip_blanks(rest)) {
    auto label = take_label(rest);
    const std::string_view item = rest.substr(0, rest.find_first_of(blanks));
    rest.remove_prefix(item.size());
    if (!label || !is_label(*label)) continue;
    auto value = measured_as(std::move(*label), item);
    if (!value) continue;
    if (const auto same = std::ranges::find(values, value->label, &PluginValue::label); same != values.end()) {
      *same = std::move(*value);
    } else if (values.size() < most_values_of_a_probe) {
      values.push_back(std::move(*value));
    }
  }
  return values;
}

}  // namespace autoheal::workflows
