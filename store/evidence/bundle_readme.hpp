// What stands in README.txt of an evidence bundle: whoever gets it need not know what autoheal is.
#pragma once

#include <string>

#include "autoheal/store/evidence/evidence_bundle.hpp"

namespace autoheal::store {

// The same text for the same bundle. Once bundles are about with this text it never changes: a bundle is read by
// packing it again. invalid: the first entry is none.
[[nodiscard]] Result<std::string> bundle_readme(const EvidenceBundle& bundle);

}  // namespace autoheal::store
