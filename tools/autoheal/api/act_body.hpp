// Acts of the API in the words of the process's operations, and their answers as clients read them.
#pragma once

#include <string>

#include "tools/autoheal/api/api_request.hpp"

namespace autoheal::cli {

// The operation's body: what stands in the path, and what the client sent. invalid: an unknown key, or a wrong type.
[[nodiscard]] Result<std::string> operation_body_of(const ApiRequest& request, const std::string& sent);

// The operation's answer without texts that hold JSON. corrupt: it cannot be read.
[[nodiscard]] Result<std::string> act_answer_of(std::string_view operation, const std::string& answer);

}  // namespace autoheal::cli
