// Changes applied to and taken back from real files, with a hook at each of their steps.
#pragma once

#include <functional>

#include "tests/unit/host/host_fixture.hpp"
#include "tools/host/change/restored_change.hpp"
#include "tools/host/change/settled_images.hpp"
#include "tools/host/change/staged_change.hpp"
#include "tools/host/process/process_runner.hpp"

namespace autoheal::host {

struct Crash {};

class StagingTest : public HostTest {
 protected:
  workflows::ChangeOutcome apply(const workflows::Change& change,
                                 const std::function<void(std::string_view)>& at_step = {}) {
    const auto root = RootFolder::open(spec_.root);
    return apply_change(*root, tools(at_step), change, 1, mark_);
  }
  workflows::UndoOutcome restore(const workflows::Change& change, const workflows::ChangeOutcome* outcome,
                                 const std::function<void(std::string_view)>& at_step = {}) {
    const auto root = RootFolder::open(spec_.root);
    return restore_change(*root, tools(at_step), change, outcome, 1, mark_);
  }
  std::vector<std::string> settle() {
    const auto root = RootFolder::open(spec_.root);
    std::vector<std::string> kept;
    for (KeptImage& one : settle_images(*root, blobs_, heal_)) kept.push_back(one.path + ": " + one.why);
    return kept;
  }
  StagingTools tools(const std::function<void(std::string_view)>& at_step) {
    StagingTools tools{blobs_, own_, run_program, at_step, exchange_};
    tools.open_writers = spec_.healing.open_writers;
    tools.now_ns = [ahead = ahead_ns_] { return wall_clock_ns() + ahead; };
    return tools;
  }
  static std::function<void(std::string_view)> crash_at(std::string step) {
    return [step](std::string_view at) {
      if (at == step) throw Crash{};
    };
  }
  workflows::Change removing(const std::string& path) {
    workflows::Change change;
    change.before = facts(path);
    change.after.kind = workflows::TargetKind::absent;
    return change;
  }

  OwnFiles own_;
  bool exchange_ = true;
  std::int64_t ahead_ns_ = 0;  // so much later than it is: what was just written is old by then
};

}  // namespace autoheal::host
