// How often a daemon says in the ledger that it runs: an entry `node.heartbeat`.
#pragma once

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::replay {

inline constexpr Duration heartbeat_every = std::chrono::minutes(5);

}  // namespace autoheal::replay
