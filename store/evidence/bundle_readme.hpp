// The README.txt of an evidence bundle, for readers who do not know what autoheal is.
#pragma once

#include <span>
#include <string>

#include "autoheal/store/format/proof_json.hpp"

namespace autoheal::store {

// For a bundle with these entries, at least one; the same text for the same ones. Once bundles are about with this text
// it never changes: a bundle is read by packing it again. invalid: the first entry is none.
[[nodiscard]] Result<std::string> bundle_readme(std::span<const InclusionProof> entries);

}  // namespace autoheal::store
