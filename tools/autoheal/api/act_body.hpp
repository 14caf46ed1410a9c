// Bodies of acts: what a client of the API sent, in the words of the process's operations.
#pragma once

#include <string>

#include "tools/autoheal/api/api_request.hpp"
#include "tools/autoheal/protocol/operation_body.hpp"

namespace autoheal::cli {

// The operation's body: what stands in the path, and what the client sent. invalid: an unknown key, or a wrong type.
[[nodiscard]] Result<OperationBody> operation_body_of(const ApiRequest& request, const std::string& sent);

}  // namespace autoheal::cli
