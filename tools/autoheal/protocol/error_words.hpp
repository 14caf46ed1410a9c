// Kinds of errors as stable words and HTTP statuses: what the daemon answers, and what a command makes of it.
#pragma once

#include <string>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::cli {

// "not_found", ...
[[nodiscard]] std::string word_of(ErrorKind kind);
[[nodiscard]] unsigned http_status_of(ErrorKind kind);

// A request below /api/v1 was answered by a daemon from before the API: 404 in the form of /v1. It did nothing. A
// daemon that has the API answers with a problem there, whatever is wrong.
[[nodiscard]] bool has_no_api(unsigned status, const std::string& body);

// From the body of an answer that is no success: a problem (RFC 9457) of /api/v1, or
// {"error":{"code","message","hint"}} of /v1. `unavailable` where it is none of ours, or its code is no kind.
[[nodiscard]] Error read_error(unsigned status, const std::string& body);

}  // namespace autoheal::cli
