// Answers of operations as clients of the API read them, and back: the two directions stand side by side, so that a
// command says the same whether the operation was done in its own process or was asked for over the API.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::cli {

// The operation's answer (operation_answer.hpp) without texts that hold JSON. corrupt: it cannot be read.
[[nodiscard]] Result<std::string> api_answer_of(std::string_view operation, const std::string& answer);

// The operation's answer, from what api_answer_of made of it. Members that are not known are passed over. corrupt: it
// cannot be read.
[[nodiscard]] Result<std::string> operation_answer_of(std::string_view operation, const std::string& answer);

}  // namespace autoheal::cli
