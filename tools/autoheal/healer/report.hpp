// Reports of self-test runs as files: one JSON file per run and `latest.json`, replaced whole.
#pragma once

#include <filesystem>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::cli {

// "bridge_selftest_YYYYMMDD_HHMMSS", with "_2", "_3", ... where `folder` already has a report of that second.
[[nodiscard]] std::string report_id(const std::filesystem::path& folder, Timestamp now);

// Writes <folder>/<id>.json and latest.json; makes the folder. Returns the report's path.
[[nodiscard]] Result<std::filesystem::path> write_report(const std::filesystem::path& folder, const std::string& id,
                                                         const std::string& text);
// Only latest.json.
[[nodiscard]] Result<void> write_latest_report(const std::filesystem::path& folder, const std::string& text);

}  // namespace autoheal::cli
