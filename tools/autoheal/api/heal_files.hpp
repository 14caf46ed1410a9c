// Answers of the API that are files: the page of a heal, its evidence, the reports of self-tests.
#pragma once

#include <string>

#include "tools/autoheal/configuration/loaded_configuration.hpp"

namespace autoheal::cli {

// All block; any thread. Errors as the commands that write the same.

// One self-contained page (HTML).
[[nodiscard]] Result<std::string> page_of_heal(const LoadedConfiguration& configuration, const std::string& heal);
// A tar archive, compressed by gzip, without contents of env files and secrets.
[[nodiscard]] Result<std::string> evidence_of_heal(const LoadedConfiguration& configuration, const std::string& heal);
// {"reports":["bridge_selftest_20261130_120000",...]}: the newest first, at most 1,000.
[[nodiscard]] Result<std::string> list_of_reports(const LoadedConfiguration& configuration);
// One of these, or "latest". not_found: there is none of this name.
[[nodiscard]] Result<std::string> report_named(const LoadedConfiguration& configuration, const std::string& name);

}  // namespace autoheal::cli
