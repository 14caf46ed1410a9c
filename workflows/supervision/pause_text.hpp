// How long a pause lasts, as people read it: until when, and how far away that is.
#pragma once

#include <string>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::workflows {

// "until 2026-11-23T12:34:56.123Z (in 4 min)". Never less than is left; "(over by now)" once it is.
[[nodiscard]] std::string until_text(Timestamp until, Timestamp now);

}  // namespace autoheal::workflows
