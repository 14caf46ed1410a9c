// The place in the ledger from which a command that follows it goes on.
#pragma once

#include <cstdint>
#include <string>

#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

// invalid: entries behind `after` were archived since, or there is no such entry yet; a follower would miss something
// unawares. `option` is the one that named the place. 0, the beginning, is always possible.
[[nodiscard]] Result<void> check_place_to_follow_from(const Past& past, const std::string& option, std::uint64_t after);

}  // namespace autoheal::cli
