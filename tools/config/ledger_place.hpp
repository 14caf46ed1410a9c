// The place of the ledger in a configuration that cannot be read, so that a person can stop a healer before the file is
// mended.
#pragma once

#include <string>
#include <vector>

namespace autoheal::config {

// The likeliest first, absolute: what `ledger:` says at the top of the file, if that much of it can be read, then the
// default place.
[[nodiscard]] std::vector<std::string> places_of_ledger(const std::string& file);

}  // namespace autoheal::config
