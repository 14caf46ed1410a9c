// The items of a struct's list: a member under its key, when it is left out, and what its lack means. A member that may
// be lacking may lack for ever, because entries of earlier versions have no such key.
#pragma once

#include <optional>
#include <string_view>
#include <tuple>

#include "autoheal/workflows/stored/member_traits.hpp"
#include "autoheal/workflows/stored/stored_json.hpp"

namespace autoheal::workflows {

template <class Value>
inline constexpr bool is_optional = false;
template <class Value>
inline constexpr bool is_optional<std::optional<Value>> = true;

enum class Presence {
  always,          // its lack is an error
  or_nothing,      // always written; its lack means zero or empty
  unless_default,  // left out where it is as in the standard; its lack means that
};

template <auto Member, Presence When, class Form>
struct StoredField {
  using Owner = typename MemberTraits<Member>::Owner;
  using Value = typename MemberTraits<Member>::Value;
  static constexpr bool only_if_set = When == Presence::unless_default && is_optional<Value>;

  std::string_view key;

  void write(JsonWriter& out, const Owner& owner, const Owner& standard) const {
    const Value& value = owner.*Member;
    if constexpr (When == Presence::unless_default) {
      if (value == standard.*Member) return;
    }
    if constexpr (only_if_set) {
      Form::write(out.key(key), *value);
    } else {
      Form::write(out.key(key), value);
    }
  }
  void read(const EntryJson& in, Owner& owner) const {
    Value& value = owner.*Member;
    if constexpr (When == Presence::always) {
      Form::read(in.at(key), value);
    } else {
      const auto found = in.find(key);
      if (!found) {
        if constexpr (When == Presence::or_nothing) value = Value{};
      } else if constexpr (only_if_set) {
        Form::read(*found, value.emplace());
      } else {
        Form::read(*found, value);
      }
    }
  }
};

template <auto Member, class Form = StoredJson>
constexpr StoredField<Member, Presence::always, Form> always(std::string_view key) {
  return {key};
}
template <auto Member, class Form = StoredJson>
constexpr StoredField<Member, Presence::or_nothing, Form> or_nothing(std::string_view key) {
  return {key};
}
template <auto Member, class Form = StoredJson>
constexpr StoredField<Member, Presence::unless_default, Form> unless_default(std::string_view key) {
  return {key};
}

// Items that are there only if the struct says so.
template <auto Condition, bool AlsoWhenRead, class Items>
struct StoredIf {
  Items items;

  template <class Owner>
  void write(JsonWriter& out, const Owner& owner, const Owner& standard) const {
    if (!Condition(owner)) return;
    std::apply([&](const auto&... item) { (item.write(out, owner, standard), ...); }, items);
  }
  template <class Owner>
  void read(const EntryJson& in, Owner& owner) const {
    if (AlsoWhenRead && !Condition(owner)) return;
    std::apply([&](const auto&... item) { (item.read(in, owner), ...); }, items);
  }
};

// The items before these decide it.
template <auto Condition, class Items>
constexpr StoredIf<Condition, true, Items> only_if(Items items) {
  return {items};
}
// Read wherever they are.
template <auto Condition, class Items>
constexpr StoredIf<Condition, false, Items> written_if(Items items) {
  return {items};
}

// The items of a member's own list, as if they were the struct's.
template <auto Member>
struct MembersOf {
  using Owner = typename MemberTraits<Member>::Owner;

  void write(JsonWriter& out, const Owner& owner, const Owner& standard) const {
    write_members(out, owner.*Member, standard.*Member);
  }
  void read(const EntryJson& in, Owner& owner) const { read_members(in, owner.*Member); }
};

}  // namespace autoheal::workflows
