// The reports of a daemon: `latest.json` follows what changes, a dated one is written for failures, the newest 1,000 of
// those are kept. Several changes within a moment become one report; but a failure stands in one, however soon all is
// well again.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "autoheal/workflows/supervision/self_test.hpp"

namespace autoheal::cli {

inline constexpr std::size_t kept_reports = 1'000;

// The report is a value; writing it is another call, on a thread that may block.
class DaemonReport {
 public:
  // The engines from now on.
  void set_engines(const std::vector<std::shared_ptr<const workflows::EngineSpec>>& engines);
  void tested(const workflows::EngineTested& tested);
  void healed(const workflows::HealResult& result);

  struct Due {
    workflows::SelfTestState run;
    bool dated = false;  // something failed since the last one
  };
  // The report to be written now; empty where nothing changed, or not every engine was tested yet.
  [[nodiscard]] std::optional<Due> take(Timestamp now);
  [[nodiscard]] bool changed() const { return changed_; }

 private:
  void pass(const workflows::EngineTested& tested);

  workflows::SelfTestState run_;
  std::set<std::string> untold_;                         // engines that failed or were healed since the last report
  std::map<std::string, workflows::EngineTested> next_;  // and have passed since: for the report after this
  bool changed_ = false, failed_ = false;
};

// Writes it below `folder` and removes dated reports beyond the newest. Blocks.
[[nodiscard]] Result<void> write_daemon_report(const std::filesystem::path& folder, const DaemonReport::Due& due,
                                               Timestamp now);

}  // namespace autoheal::cli
