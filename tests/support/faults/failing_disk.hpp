// A disk of which one call fails, once or for good: what a test goes through call by call.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/faults/disk_calls.hpp"

namespace autoheal::testing {

// The call that fails: the `turn`-th of that name (empty: of all), and all that follow it if `for_good`.
struct DiskFault {
  int turn = 1;
  bool for_good = false;
  std::string_view name = {};
  int problem = EIO;
  bool looks_too = false;  // also calls that change nothing
};

// While it lives. One at a time, one thread.
class FailingDisk {
 public:
  explicit FailingDisk(const DiskFault& fault) : fault_(fault) {
    why_calls_fail = fault.problem;
    before_call = [this](const CallToDisk& call) { return judge(call); };
    if (fault.looks_too) before_look = before_call;
  }
  ~FailingDisk() {
    before_call = nullptr;
    before_look = nullptr;
    why_calls_fail = EIO;
  }
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

  // Whether the call that was to fail was made.
  [[nodiscard]] bool reached() const { return !failed_.empty(); }
  // Whether what is not synced may not be told as done.
  [[nodiscard]] bool sync_failed() const { return failed_ == "fsync"; }

 private:
  Instead judge(const CallToDisk& call) {
    if (!fault_.name.empty() && fault_.name != call.name) return Instead::nothing;
    ++made_;
    if (made_ == fault_.turn) failed_ = call.name;
    return made_ == fault_.turn || (fault_.for_good && made_ > fault_.turn) ? Instead::fail : Instead::nothing;
  }

  DiskFault fault_;
  int made_ = 0;
  std::string failed_;
};

// The calls that fail, each in turn: of these names (empty: of all), at most so many of each.
struct Sweep {
  std::vector<std::string_view> names = {""};
  int most_turns = 1000;
  bool looks_too = true;  // also calls that change nothing
};

// Tells `story` again and again: in each another call fails, once or for good, until there is none left to fail. It
// answers whether the call that was to fail was made.
inline void where_each_call_fails(const std::function<bool(const DiskFault& fault)>& story, const Sweep& sweep = {}) {
  for (const bool for_good : {false, true}) {
    for (const std::string_view name : sweep.names) {
      bool reached = true;
      for (int turn = 1; reached && turn <= sweep.most_turns && !::testing::Test::HasFailure(); ++turn) {
        SCOPED_TRACE((for_good ? "from call " : "call ") + std::to_string(turn) + " on " + std::string(name));
        reached = story({.turn = turn, .for_good = for_good, .name = name, .looks_too = sweep.looks_too});
        EXPECT_TRUE(reached || turn > 1) << "no such call was made";
      }
    }
  }
}

}  // namespace autoheal::testing
