// The request of the API that asks for an operation: what a command sends to the daemon. It comes from the table of
// operations, as the daemon's own reading of it does.
#pragma once

#include <string>

#include "autoheal/engine/base/result.hpp"
#include "tools/autoheal/protocol/operation_body.hpp"

namespace autoheal::cli {

struct ApiCall {
  std::string method;  // GET or POST
  std::string target;  // with /api/v1, percent-encoded
  std::string body;    // JSON; empty with GET
};

// The path takes as much of what `body` holds as a row of this operation can; the rest is sent as the body.
// not_found: what was named fits into no path, so there is nothing of this name. fatal: no row has the operation.
[[nodiscard]] Result<ApiCall> api_call_of(std::string_view operation, OperationBody body);

// RFC 3986, so that match_api reads `text` again as one segment. Valid UTF-8 without control characters.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace autoheal::cli
