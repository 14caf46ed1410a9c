// Evidence that came in a file from somewhere else: read within bounds, checked before anything in it is believed.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/entry.hpp"
#include "autoheal/store/evidence/evidence_bundle.hpp"
#include "autoheal/workflows/heal/heal_state.hpp"

namespace autoheal::cli {

// As read_argument_file does it, up to the size of the largest evidence.
[[nodiscard]] Result<std::string> read_evidence_file(const std::string& path);

// Each of `written` is the key's line itself, or a file that holds it. invalid: it is none.
[[nodiscard]] Result<std::vector<store::VerifierKey>> verifier_keys(const std::vector<std::string>& written);

// A bundle all of whose entries stand in a signed ledger and are one whole heal, and whose contents are what they name.
struct CheckedBundle {
  store::EvidenceBundle bundle;
  store::BundleProof proof;
  std::vector<engine::Entry> entries;
  workflows::Phase ended = workflows::Phase::none;  // complete or exhausted
};

// `content` is what the file holds. Without keys it is held against the key that it names itself: that shows that it is
// as somebody packed it, not who that was. invalid, corrupt: the message says what does not hold.
[[nodiscard]] Result<CheckedBundle> checked_bundle(const std::string& content, std::vector<store::VerifierKey> keys);

}  // namespace autoheal::cli
