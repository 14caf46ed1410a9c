// Settings of a past heal as people change them in a question: max_retries=1, certify.tests=none.
#pragma once

#include <string>
#include <vector>

#include "autoheal/replay/what_if/what_if.hpp"

namespace autoheal::replay {

// The names that can be asked about, for help and errors: "max_retries, retry_delay, ...".
[[nodiscard]] std::string names_of_settings();

// `spec` as it was, with these settings instead. invalid: an unknown name, or a value that it cannot have.
[[nodiscard]] Result<OtherSettings> with_settings(const workflows::EngineSpec& spec,
                                                  const std::vector<std::string>& settings);

}  // namespace autoheal::replay
