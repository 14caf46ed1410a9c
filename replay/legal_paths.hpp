// Holds every heal in a ledger against the state machine's table, and every certificate against its heal: what `ledger
// verify` knows beyond dense numbers.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/entry.hpp"
#include "workflows/heal_state.hpp"

namespace autoheal::replay {

// Fed with all entries of a ledger in order. Not thread-safe.
class LegalPaths {
 public:
  // A sentence on why this entry may not follow what came before in its stream; empty if it may.
  [[nodiscard]] std::optional<std::string> check(const engine::Entry& entry);

 private:
  struct Path {
    workflows::Phase phase = workflows::Phase::none;
    std::set<std::string, std::less<>> in_attempt;  // types of entries since it began
    std::string configuration, plan_digest;         // what a certificate of this heal has to name
    unsigned attempt = 0;
  };
  static std::optional<std::string> check_certificate(const engine::Entry& entry, Path& path);

  std::map<std::string, Path> paths_;
};

}  // namespace autoheal::replay
