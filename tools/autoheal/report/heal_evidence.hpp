// A heal taken out of ledger and vault as evidence that stands by itself.
#pragma once

#include <string>
#include <vector>

#include "autoheal/store/evidence/evidence_bundle.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

struct HealEvidence {
  store::EvidenceBundle bundle;
  std::vector<std::string> left_out;  // a sentence each: which contents are not in it, and why
};

enum class Secrets { left_out, taken_along };

// `vault_path`: where `past.vault` is. busy: the heal is still open. not_found: no checkpoint covers all of it yet.
[[nodiscard]] Result<HealEvidence> evidence_of(const Past& past, const std::string& vault_path, const std::string& heal,
                                               Secrets secrets);

}  // namespace autoheal::cli
