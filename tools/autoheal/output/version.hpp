// The one place that names this program's version for people and for evidence.
#pragma once

namespace autoheal::cli {

inline constexpr const char* version = "0.1.0";

}  // namespace autoheal::cli
