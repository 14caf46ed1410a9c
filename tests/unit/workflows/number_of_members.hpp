// Counts the members of an aggregate when compiled, so that a test notices one that a list forgets.
#pragma once

#include <cstddef>
#include <cstdlib>

namespace autoheal::testing {

// Converts to the type of any member.
struct AnyMember {
  template <class Type>
  operator Type() const {
    std::abort();  // it is never converted
  }
};
template <class Spec, class... Some>
constexpr std::size_t number_of_members() {
  if constexpr (requires { Spec{Some{}..., AnyMember{}}; }) {
    return number_of_members<Spec, Some..., AnyMember>();
  } else {
    return sizeof...(Some);
  }
}
}  // namespace autoheal::testing
