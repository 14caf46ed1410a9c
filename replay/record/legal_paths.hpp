// Holds every heal in a ledger against the state machine's table, and every certificate against its heal: what `ledger
// verify` knows beyond hashes and numbers.
#pragma once

#include "autoheal/store/format/stream_rules.hpp"

namespace autoheal::replay {

// The rules of entries "heal.*", except "heal.skipped", which belongs to no heal. Thread-safe.
class LegalPaths final : public store::StreamRules {
 public:
  [[nodiscard]] std::optional<unsigned> kind_of(std::string_view type) const override;
  [[nodiscard]] std::unique_ptr<store::StreamCheck> begin() const override;
};

}  // namespace autoheal::replay
