// The report of a self-test run, in the form that dashboards read. The daemon writes it to a file; a command makes the
// same text from what the daemon tells of the run. Pure.
#pragma once

#include <string>

#include "autoheal/workflows/supervision/self_test.hpp"

namespace autoheal::cli {

// The report's exact text.
[[nodiscard]] std::string report_of(const workflows::SelfTestState& run, const std::string& error = {});

}  // namespace autoheal::cli
