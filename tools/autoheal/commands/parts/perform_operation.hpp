// An operation where it belongs: with the daemon if one runs on this ledger, else in this process. The command does not
// know the difference.
#pragma once

#include <functional>
#include <string>

#include "tools/autoheal/protocol/operation_body.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

// `print` gets the answer (operation_answer.hpp) and returns the exit code. A failure is reported, and given its exit
// code, here.
[[nodiscard]] int perform_operation(const Session& session, const std::string& operation, OperationBody body,
                                    const std::function<int(const std::string& answer)>& print);

// For operations that answer with one sentence: says it.
[[nodiscard]] int print_said(const Session& session, const std::string& answer);
// For operations whose answer is not shown.
[[nodiscard]] int print_nothing(const std::string& answer);

}  // namespace autoheal::cli
