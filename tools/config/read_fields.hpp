// Reads the described fields of a struct from a checked group of keys.
#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

#include "autoheal/workflows/spec/described_field.hpp"
#include "tools/config/read_context.hpp"

namespace autoheal::config {

// An absent key leaves `into` as it is.
template <class Value>
void read_field(const Node& map, const workflows::Field& key, Value& into) {
  if constexpr (std::is_enum_v<Value>) {
    const Node* node = map.find(key.name);
    if (node != nullptr) into = known_value<Value>(workflows::words_for<Value>, node->text).value_or(into);
  } else if constexpr (std::is_same_v<Value, bool>) {
    if (key.choices.empty()) return read(map, key.name, into);
    if (const Node* node = map.find(key.name)) into = node->text == key.choices[1];
  } else if constexpr (std::is_same_v<Value, std::uint16_t>) {
    unsigned number = into;
    read(map, key.name, number);
    into = static_cast<std::uint16_t>(number);
  } else if constexpr (std::is_same_v<Value, std::optional<Duration>>) {
    if (map.find(key.name) != nullptr) read(map, key.name, into.emplace());
  } else {
    read(map, key.name, into);
  }
}

template <workflows::Described Spec>
void read_fields(const Node& map, Spec& into) {
  workflows::each_field<Spec>([&](const auto& one) {
    if constexpr (!std::remove_cvref_t<decltype(one)>::read_apart) read_field(map, one.key, into.*one.member);
  });
}

template <workflows::Described Spec>
[[nodiscard]] Spec from_fields(const Node& map) {
  Spec spec;
  read_fields(map, spec);
  return spec;
}

}  // namespace autoheal::config
