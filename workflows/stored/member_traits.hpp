// Owner and type of a member, from the pointer that a list of fields has.
#pragma once

namespace autoheal::workflows {

template <auto Member>
struct MemberTraits;
template <class Struct, class Type, Type Struct::* Member>
struct MemberTraits<Member> {
  using Owner = Struct;
  using Value = Type;
};

}  // namespace autoheal::workflows
