// A specification that has something in each member of each described struct, made from the lists of fields: what is
// added to a list is in it.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "autoheal/workflows/spec/engine_fields.hpp"

namespace autoheal::testing {

// Fills values with others than their defaults; texts are their own places. Lists get an item for each kind that a
// variant in them can have.
class Filler {
 public:
  template <class Value>
  void fill(Value& value, const std::string& place) {
    if constexpr (std::is_same_v<Value, bool>) {
      value = !value;
    } else if constexpr (std::is_integral_v<Value>) {
      ++value;
    } else if constexpr (std::is_same_v<Value, Duration>) {
      value += std::chrono::seconds(1);
    } else if constexpr (std::is_enum_v<Value>) {
      const auto& words = workflows::words_for<Value>;
      value = words.front().first == value ? words.back().first : words.front().first;
    } else {
      members(value, place);
    }
  }
  void fill(std::string& value, const std::string& place) { value = place; }
  void fill(std::map<std::string, std::string>& value, const std::string& place) { value = {{"NAME", place}}; }
  void fill(workflows::ProgramRun& run, const std::string& place) {
    programs.push_back(place);
    run = {{place}, place, {{"NAME", place}}, place, std::chrono::seconds(7), true, place};
  }
  void fill(workflows::HttpCall& call, const std::string& place) {
    call = {place, "PUT", place, std::chrono::seconds(7)};
  }
  template <class Value>
  void fill(std::optional<Value>& value, const std::string& place) {
    fill(value.emplace(), place);
  }
  template <class First, class Second>
  void fill(std::pair<First, Second>& value, const std::string& place) {
    fill(value.first, place);
    fill(value.second, place);
  }
  template <class Value>
  void fill(std::vector<Value>& list, const std::string& place) {
    constexpr std::size_t most_kinds = std::variant_size_v<decltype(workflows::Probe::what)>;
    list.clear();
    for (kind_ = 0; kind_ < most_kinds; ++kind_) {
      const std::size_t kind = kind_;
      fill(list.emplace_back(), place + "[" + std::to_string(kind) + "]");
      kind_ = kind;
    }
  }
  template <class... Kinds>
  void fill(std::variant<Kinds...>& value, const std::string& place) {
    std::size_t at = 0;
    const auto fill_if = [&]<class Kind>(std::type_identity<Kind>) {
      if (at++ == kind_ % sizeof...(Kinds)) fill(value.template emplace<Kind>(), place);
    };
    (fill_if(std::type_identity<Kinds>{}), ...);
  }

  std::vector<std::string> programs;  // their places, which are their arguments, too

 private:
  template <workflows::Described Spec>
  void members(Spec& spec, const std::string& place) {
    workflows::each_field<Spec>(
        [&](const auto& one) { fill(spec.*one.member, place + (place.empty() ? "" : ".") + one.stored_as()); });
  }

  std::size_t kind_ = 0;  // that variants get now
};

}  // namespace autoheal::testing
