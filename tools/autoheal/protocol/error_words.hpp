// Kinds of errors as stable words and HTTP statuses: what the daemon answers, and what a command makes of it.
#pragma once

#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::cli {

// "not_found", ...
[[nodiscard]] std::string word_of(ErrorKind kind);
[[nodiscard]] unsigned http_status_of(ErrorKind kind);

// From the body {"error":{"code","message","hint"}} of an answer that is no success; `unavailable` where it is none of
// ours.
[[nodiscard]] Error read_error(unsigned status, const std::string& body);

}  // namespace autoheal::cli
