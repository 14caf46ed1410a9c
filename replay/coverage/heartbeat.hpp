// The interval of a daemon's entries `node.heartbeat`, which say that it runs.
#pragma once

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::replay {

inline constexpr Duration heartbeat_every = std::chrono::minutes(5);

}  // namespace autoheal::replay
