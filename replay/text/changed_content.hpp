// Shows a planned change of a file line by line, if the vault holds both sides and neither is secret.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/workflows/plan/plan.hpp"

namespace autoheal::replay {

// As content_diff(); one sentence if there is nothing to show, nothing at all where the content stays.
[[nodiscard]] std::vector<std::string> content_lines(const workflows::Change& change,
                                                     const workflows::Observation& observation,
                                                     const engine::BlobStore& blobs);

}  // namespace autoheal::replay
