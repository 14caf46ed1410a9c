// Filters that select the entries and heals of an audit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "autoheal/engine/entry.hpp"

namespace autoheal::store {

// Everything that is given must hold. Texts are compared byte for byte: nothing in them is a pattern.
struct EntryFilter {
  std::string stream;
  std::string type;
  bool type_begins_so = false;  // `type` is the beginning of the types
  std::string subject, actor;
  std::optional<Timestamp> since, until;  // `until` is excluded
  std::string stream_has;                 // only of streams that hold an entry of this type
  bool stream_is_open = false;            // only of streams that are open now
  // Asked for each entry that passes all else; empty: passes.
  std::function<bool(const engine::Entry& entry)> passes;
};

struct HealFilter {
  std::string engine, state, strategy;
  std::optional<Timestamp> since, until;  // of its start
  std::optional<std::uint64_t> newest;    // at most so many, the last ones
  std::string before;                     // with `newest`: only heals that come before this one, by its whole id
};

}  // namespace autoheal::store
