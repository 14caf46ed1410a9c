// Describes the members of a configuration struct: the key that people write, how it is stored, and the member. Help,
// schema, codec, the digests of keys and the questions to the past follow from the list, and so does the YAML reader,
// except for members that are read apart.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoheal/engine/base/durations.hpp"
#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"
#include "autoheal/workflows/spec/field.hpp"
#include "autoheal/workflows/stored/enum_words.hpp"
#include "autoheal/workflows/stored/member_traits.hpp"

namespace autoheal::workflows {

// How a member is stored: in the order of the list, and those that came later after the others. `place` comes before
// both: members of a higher place are stored after all of a lower one. This order is part of the format.
struct Stored {
  std::string_view as = {};  // empty: the key, with _us for a duration
  bool later = false;        // older versions did not store it: left out where it has the struct's default
  int place = 0;
};
inline constexpr Stored stored_later{.later = true};

// `ReadApart`: other code reads it, since it depends on more than the key's own value. `Asked`: a past heal can be
// asked how it would have gone with another value.
template <auto Member, bool ReadApart = false, bool Asked = false>
struct DescribedField {
  Field key;
  Stored stored;
  static constexpr auto member = Member;
  static constexpr bool read_apart = ReadApart;
  static constexpr bool asked = Asked;
  using Value = typename MemberTraits<Member>::Value;

  // The key in storage, as two parts.
  [[nodiscard]] constexpr std::pair<std::string_view, std::string_view> stored_key() const {
    constexpr bool is_duration = std::is_same_v<Value, Duration> || std::is_same_v<Value, std::optional<Duration>>;
    if (!stored.as.empty()) return {stored.as, ""};
    return {key.name, is_duration ? "_us" : ""};
  }
  [[nodiscard]] std::string stored_as() const {
    return std::string(stored_key().first) + std::string(stored_key().second);
  }
};

// As people write it; empty for what has no short form.
inline std::string written(bool value) { return value ? "true" : "false"; }
inline std::string written(const std::string& value) { return value; }
inline std::string written(Duration value) { return duration_text(value); }
template <class T>
std::string written(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return std::string(word_of<T>(words_for<T>, value));
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else {
    return {};
  }
}

template <auto Member>
std::string written_default() {
  const typename MemberTraits<Member>::Owner standard{};
  return written(standard.*Member);
}
template <const Duration& Value>
std::string written_value() {
  return written(Value);
}
template <auto Member, const auto& Words>
std::string default_word() {
  const typename MemberTraits<Member>::Owner standard{};
  return std::string(Words[standard.*Member ? 1 : 0]);
}

// The list of a struct's fields, in the order of the help; empty for those that are not described.
template <class Spec>
inline constexpr std::tuple<> fields_of = {};

template <class Spec>
inline constexpr std::size_t number_of_fields = std::tuple_size_v<std::remove_cvref_t<decltype(fields_of<Spec>)>>;
template <class Spec>
concept Described = number_of_fields<Spec> != 0;

// The type of a member, or of what an optional or a list holds.
template <class Value>
struct ElementOf {
  using Type = Value;
  static constexpr bool is_list = false;
};
template <class Value>
struct ElementOf<std::optional<Value>> : ElementOf<Value> {};
template <class Value>
struct ElementOf<std::vector<Value>> {
  using Type = Value;
  static constexpr bool is_list = true;
};

template <class Each>
constexpr FieldType type_for() {
  if constexpr (std::is_same_v<Each, bool>) {
    return FieldType::boolean;
  } else if constexpr (std::is_integral_v<Each>) {
    return FieldType::integer;
  } else if constexpr (std::is_same_v<Each, Duration>) {
    return FieldType::duration;
  } else if constexpr (std::is_same_v<Each, std::map<std::string, std::string>>) {
    return FieldType::map;
  } else if constexpr (std::is_same_v<Each, ProgramRun>) {
    return FieldType::argument;
  } else {
    return Described<Each> ? FieldType::object : FieldType::text;
  }
}

// A member and its key. Type, list and default follow from the member unless they are given.
template <auto Member>
constexpr DescribedField<Member> field(Field key, Stored stored = {}) {
  using Value = typename MemberTraits<Member>::Value;
  using Each = typename ElementOf<Value>::Type;
  if (key.type == FieldType::text) key.type = type_for<Each>();
  if constexpr (std::is_enum_v<Value>) {
    if (key.choices.empty()) key.choices = choices_of<Value>;
  }
  if (key.type != FieldType::map) key.list = key.list || ElementOf<Value>::is_list || std::is_same_v<Each, ProgramRun>;
  if (!key.required && !key.fallback.is_given()) key.fallback = Fallback(&written_default<Member>);
  return {key, stored};
}
// A truth value that is written as one of two words: that for false, that for true.
template <auto Member, const auto& Words>
constexpr DescribedField<Member> either(Field key, Stored stored = {}) {
  key.choices = Words;
  key.fallback = Fallback(&default_word<Member, Words>);
  return {key, stored};
}
template <auto Member>
constexpr DescribedField<Member, true> apart(const DescribedField<Member>& one) {
  return {one.key, one.stored};
}
// For what a heal decides by, or asks the world for, while it runs: not for what decides whether one begins.
template <auto Member, bool ReadApart>
constexpr DescribedField<Member, ReadApart, true> asked(const DescribedField<Member, ReadApart>& one) {
  return {one.key, one.stored};
}
// A member that has no key.
template <auto Member>
constexpr DescribedField<Member, true> stored_only(std::string_view as, bool later = false, int place = 0) {
  return {{}, {.as = as, .later = later, .place = place}};
}

constexpr std::int64_t in_us(Duration duration) { return duration.count(); }

template <class Spec, class Visit>
constexpr void each_field(Visit visit) {
  std::apply([&](const auto&... one) { (visit(one), ...); }, fields_of<Spec>);
}

// The keys of a struct as a group's fields.
template <class Spec>
constexpr auto keys_of() {
  constexpr std::size_t number = [] {
    std::size_t count = 0;
    each_field<Spec>([&](const auto& one) { count += one.key.name.empty() ? 0 : 1; });
    return count;
  }();
  std::array<Field, number> keys{};
  std::size_t at = 0;
  each_field<Spec>([&](const auto& one) {
    if (!one.key.name.empty()) keys[at++] = one.key;
  });
  return keys;
}
template <class Spec>
inline constexpr std::array keys_in = keys_of<Spec>();

template <std::size_t... Numbers>
constexpr auto joined(const std::array<Field, Numbers>&... lists) {
  std::array<Field, (Numbers + ...)> all{};
  auto end = all.begin();
  ((end = std::ranges::copy(lists, end).out), ...);
  return all;
}
template <std::size_t From, std::size_t To, std::size_t Number>
constexpr std::array<Field, To - From> part_of(const std::array<Field, Number>& list) {
  static_assert(To <= Number);
  std::array<Field, To - From> part{};
  std::ranges::copy(list.begin() + From, list.begin() + To, part.begin());
  return part;
}

}  // namespace autoheal::workflows
