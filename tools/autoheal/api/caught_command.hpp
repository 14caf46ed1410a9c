// A command of the command line, run for a client of the API: its JSON is the answer, so that both say the same.
#pragma once

#include <string>

#include "tools/autoheal/api/api_request.hpp"
#include "tools/autoheal/configuration/loaded_configuration.hpp"

namespace autoheal::cli {

// Blocks; any thread. `words` are values of ours or of declared parameters, which were checked. invalid: the command
// does not take them; failed: it printed more than an answer may hold. Other errors are the command's own. Exit code 1
// with output is an answer: a heal may well decide otherwise today.
[[nodiscard]] Result<std::string> caught_output(const LoadedConfiguration& configuration,
                                                const workflows::Principal& principal, std::vector<std::string> words);

// The words that ask the command line for the same. `after`: of a page; empty: it begins at the beginning.
[[nodiscard]] std::vector<std::string> words_of(const ApiRequest& request, const std::string& after);

}  // namespace autoheal::cli
