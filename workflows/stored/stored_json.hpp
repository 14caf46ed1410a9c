// Writes values as the JSON of ledger and vault and reads them back, each by its type. A struct has one list of its
// members, from which both come, so that no key is spelled twice.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/workflows/stored/enum_words.hpp"

namespace autoheal::workflows {

// The list of a struct, in the order of encoding, which is part of the format. Its items write and read themselves:
// see stored_field.hpp.
template <class Struct>
inline constexpr std::tuple<> stored_fields = {};
template <class Struct>
concept StoredByList = std::tuple_size_v<std::remove_cvref_t<decltype(stored_fields<Struct>)>> != 0;

// The names of a variant's alternatives, in their order.
template <class Variant>
inline constexpr std::array<std::string_view, 0> kinds_of = {};

template <class Variant, std::size_t At = 0>
[[nodiscard]] Variant empty_of_kind(std::size_t index) {
  if constexpr (At + 1 < std::variant_size_v<Variant>) {
    if (index != At) return empty_of_kind<Variant, At + 1>(index);
  }
  return Variant(std::in_place_index<At>);
}

template <class Struct>
const Struct& standard_of() {
  static const Struct standard{};
  return standard;
}

// `standard`: members that are as in it may be left out.
template <StoredByList Struct>
void write_members(JsonWriter& out, const Struct& value, const Struct& standard = standard_of<Struct>()) {
  std::apply([&](const auto&... item) { (item.write(out, value, standard), ...); }, stored_fields<Struct>);
}
template <StoredByList Struct>
void read_members(const EntryJson& in, Struct& value) {
  std::apply([&](const auto&... item) { (item.read(in, value), ...); }, stored_fields<Struct>);
}

// Reading throws std::invalid_argument on anything that writing did not make; codecs turn it into an Error.
struct StoredJson {
  template <class T>
  static void write(JsonWriter& out, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      out.value(StoredWord<T>::of(value));
    } else if constexpr (std::is_same_v<T, Timestamp>) {
      out.value(format_timestamp(value));
    } else if constexpr (StoredByList<T>) {
      out.begin_object();
      write_members(out, value);
      out.end_object();
    } else {
      out.value(value);
    }
  }
  template <class T>
  static void read(const EntryJson& in, T& value) {
    if constexpr (std::is_enum_v<T>) {
      value = StoredWord<T>::read(in.text());
    } else if constexpr (std::is_same_v<T, Timestamp>) {
      const auto time = parse_timestamp(in.text());
      if (!time) throw std::invalid_argument("not a time: " + in.get<std::string>());
      value = *time;
    } else if constexpr (std::is_same_v<T, Duration>) {
      value = Duration(in.get<std::int64_t>());
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = in.text();
    } else if constexpr (StoredByList<T>) {
      read_members(in, value);
    } else {
      value = in.get<T>();
    }
  }

  template <class T>
  static void write(JsonWriter& out, const std::optional<T>& value) {
    if (value) {
      write(out, *value);
    } else {
      out.raw("null");
    }
  }
  template <class T>
  static void read(const EntryJson& in, std::optional<T>& value) {
    value.reset();
    if (!in.is_null()) read(in, value.emplace());
  }

  template <class T>
  static void write(JsonWriter& out, const std::vector<T>& list) {
    out.begin_array();
    for (const T& item : list) write(out, item);
    out.end_array();
  }
  template <class T>
  static void read(const EntryJson& in, std::vector<T>& list) {
    list.clear();
    for (const EntryJson item : in) read(item, list.emplace_back());
  }

  template <class T>
  static void write(JsonWriter& out, const std::pair<std::string, T>& pair) {
    out.begin_array().value(pair.first);
    write(out, pair.second);
    out.end_array();
  }
  template <class T>
  static void read(const EntryJson& in, std::pair<std::string, T>& pair) {
    read(in.at(0), pair.first);
    read(in.at(1), pair.second);
  }

  // Its values are texts, or an enumeration.
  template <class T>
  static void write(JsonWriter& out, const std::map<std::string, T>& map) {
    out.begin_object();
    for (const auto& [name, value] : map) write(out.key(name), value);
    out.end_object();
  }
  static void read(const EntryJson& in, std::map<std::string, std::string>& map) {
    map = in.get<std::map<std::string, std::string>>();
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  static void read(const EntryJson& in, std::map<std::string, Enum>& map) {
    for (const auto& [name, word] : in.get<std::map<std::string, std::string>>())
      map[name] = StoredWord<Enum>::read(word);
  }

  template <class... Kinds>
  static void write(JsonWriter& out, const std::variant<Kinds...>& what) {
    out.begin_array().value(kinds_of<std::variant<Kinds...>>[what.index()]);
    std::visit([&](const auto& kind) { write(out, kind); }, what);
    out.end_array();
  }
  template <class... Kinds>
  static void read(const EntryJson& in, std::variant<Kinds...>& what) {
    using Variant = std::variant<Kinds...>;
    static_assert(kinds_of<Variant>.size() == sizeof...(Kinds));
    const std::string_view kind = in.at(0).text();
    const auto found = std::ranges::find(kinds_of<Variant>, kind);
    if (found == kinds_of<Variant>.end()) throw std::invalid_argument("unknown kind: " + std::string(kind));
    what = empty_of_kind<Variant>(static_cast<std::size_t>(found - kinds_of<Variant>.begin()));
    std::visit([&](auto& one) { read(in.at(1), one); }, what);
  }
};

// A map as a list of pairs: name, value.
struct AsPairs {
  template <class T>
  static void write(JsonWriter& out, const std::map<std::string, T>& map) {
    out.begin_array();
    for (const auto& [name, value] : map) {
      StoredJson::write(out.begin_array().value(name), value);
      out.end_array();
    }
    out.end_array();
  }
  template <class T>
  static void read(const EntryJson& in, std::map<std::string, T>& map) {
    for (const EntryJson pair : in) StoredJson::read(pair.at(1), map[pair.at(0).get<std::string>()]);
  }
};

}  // namespace autoheal::workflows
