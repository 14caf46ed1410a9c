// The report of a self-test run: one JSON file per run and `latest.json`, replaced whole, in the form that dashboards
// read.
#pragma once

#include <filesystem>
#include <string>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/supervision/self_test.hpp"

namespace autoheal::cli {

// "bridge_selftest_YYYYMMDD_HHMMSS", with "_2", "_3", ... where `folder` already has a report of that second.
[[nodiscard]] std::string report_id(const std::filesystem::path& folder, Timestamp now);

// The report's exact text.
[[nodiscard]] std::string report_of(const workflows::SelfTestState& run, const std::string& error = {});

// Writes <folder>/<id>.json and latest.json; makes the folder. Returns the report's path.
[[nodiscard]] Result<std::filesystem::path> write_report(const std::filesystem::path& folder, const std::string& id,
                                                         const std::string& text);
// Only latest.json.
[[nodiscard]] Result<void> write_latest_report(const std::filesystem::path& folder, const std::string& text);

}  // namespace autoheal::cli
