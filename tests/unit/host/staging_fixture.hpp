// Changes applied to and taken back from real files, with a hook at each of their steps.
#pragma once

#include <functional>

#include "tests/unit/host/host_fixture.hpp"
#include "tools/host/process_runner.hpp"
#include "tools/host/restored_change.hpp"
#include "tools/host/settled_images.hpp"
#include "tools/host/staged_change.hpp"

namespace autoheal::host {

struct Crash {};

class StagingTest : public HostTest {
 protected:
  workflows::ChangeOutcome apply(const workflows::Change& change,
                                 const std::function<void(std::string_view)>& at_step = {}) {
    const auto root = RootFolder::open(spec_.root);
    return apply_change(*root, StagingTools{blobs_, own_, run_program, at_step, exchange_}, change, 1, mark_);
  }
  workflows::UndoOutcome restore(const workflows::Change& change, const workflows::ChangeOutcome* outcome,
                                 const std::function<void(std::string_view)>& at_step = {}) {
    const auto root = RootFolder::open(spec_.root);
    return restore_change(*root, StagingTools{blobs_, own_, run_program, at_step, exchange_}, change, outcome, 1,
                          mark_);
  }
  std::vector<std::string> settle() {
    const auto root = RootFolder::open(spec_.root);
    return settle_images(*root, blobs_, heal_);
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
};

}  // namespace autoheal::host
