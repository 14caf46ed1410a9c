// The end of a pause, as people read it: the time, and how far away it is.
#pragma once

#include <string>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::workflows {

// "until 2026-11-23T12:34:56.123Z (in 4 min)". Never less than is left; "(over by now)" once it is.
[[nodiscard]] std::string until_text(Timestamp until, Timestamp now);

}  // namespace autoheal::workflows
