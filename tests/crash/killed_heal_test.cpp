// A real healer, killed for real at every moment of a heal, and the real `autoheal resume` afterwards.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/examples/repair_examples.hpp"

namespace autoheal::testing {
namespace {

class KilledHeal : public ::testing::TestWithParam<RepairExample> {
 protected:
  static Ran killed_heal(const Bridge& bridge, const std::string& moment, std::uint64_t after) {
    return run({{AUTOHEAL_KILLED_HEAL, moment, std::to_string(after), bridge.path("autoheal.yaml"), "Sample"},
                {{"AUTOHEAL_MAX_RETRIES", refuses_ ? "1" : "2"}},
                {},
                bridge.path(".")});
  }
  static unsigned commits_of_a_whole_heal() {
    Bridge bridge;
    prepare(bridge, GetParam());
    if (refuses_) bridge.write("refuse", "");
    const Ran whole = killed_heal(bridge, "committed", 0);
    EXPECT_EQ(whole.exit_code, refuses_ ? 1 : 0) << whole.err;
    return static_cast<unsigned>(std::stoul(whole.out));
  }
  // Checks what must be true however the first process died.
  static void expect_one_honest_record(const Bridge& bridge) {
    EXPECT_EQ(bridge.autoheal({"ledger", "verify"}).exit_code, 0);
    const bool is_service = GetParam().name.starts_with("service");
    if (!is_service) {
      EXPECT_THAT(bridge.marked_processes(), ::testing::IsEmpty());
    }
    std::istringstream calls(bridge.read("run/calls"));
    std::string last;
    for (std::string call; calls >> call; last = call) {
      EXPECT_FALSE(call == "fresh" && last == "fresh") << "a command that may not be repeated ran twice";
    }
  }
  inline static bool refuses_ = false;
};
INSTANTIATE_TEST_SUITE_P(Program, KilledHeal, ::testing::ValuesIn(repair_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(KilledHeal, Case108_IsFinishedByResumeWhereverItDied) {
  refuses_ = false;
  const unsigned commits = commits_of_a_whole_heal();
  ASSERT_GE(commits, 4U);
  for (unsigned after = 1; after < commits; after += stride(1)) {
    for (const char* moment : {"committed", "performed"}) {
      SCOPED_TRACE(std::string(moment) + " " + std::to_string(after));
      Bridge bridge;
      prepare(bridge, GetParam());
      ASSERT_EQ(killed_heal(bridge, moment, after).exit_code, 128 + SIGKILL);
      const Ran resumed = bridge.autoheal({"resume", "-o", "json"});
      EXPECT_EQ(resumed.exit_code, 0) << resumed.out << resumed.err << bridge.autoheal({"show", "last"}).out;
      EXPECT_EQ(bridge.entries("heal.resumed").size(), 1U);
      GetParam().is_healed(bridge);
      expect_one_honest_record(bridge);
    }
  }
}

TEST_P(KilledHeal, Case108_IsPutBackByResumeWhereverItDied) {
  refuses_ = true;
  const unsigned commits = commits_of_a_whole_heal();
  for (unsigned after = 1; after < commits; after += stride(2)) {
    SCOPED_TRACE(after);
    Bridge bridge;
    prepare(bridge, GetParam());
    bridge.write("refuse", "");
    const std::string before = bridge.picture();
    ASSERT_EQ(killed_heal(bridge, "performed", after).exit_code, 128 + SIGKILL);
    const Ran resumed = bridge.autoheal({"resume"}, {{"AUTOHEAL_MAX_RETRIES", "1"}});
    EXPECT_EQ(resumed.exit_code, 1) << resumed.out << resumed.err;
    EXPECT_EQ(bridge.picture(), before) << bridge.autoheal({"show", "last"}).out;
    expect_one_honest_record(bridge);
  }
}

// From the first allocation of the program to its last; of the many thousands a few, or some hundreds.
TEST_P(KilledHeal, Case98_ThatGetsNoMemoryIsRefusedOrStoppedAndNeverDamaged) {
#ifdef AUTOHEAL_SANITIZED
  GTEST_SKIP() << "a sanitizer has an allocator of its own";
#endif
  refuses_ = false;
  std::uint64_t all = 0;
  {
    Bridge bridge;
    prepare(bridge, GetParam());
    const Ran whole = killed_heal(bridge, "starved", 0);
    ASSERT_EQ(whole.exit_code, 0) << whole.err;
    all = std::stoull(whole.out);
  }
  ASSERT_GT(all, 1'000U);
  const std::uint64_t points = long_runs() ? 300 : 3;
  for (std::uint64_t point = 1; point <= points; ++point) {
    const std::uint64_t failing = all * point / (points + 1) + point;  // at other places of what repeats itself
    SCOPED_TRACE(failing);
    Bridge bridge;
    prepare(bridge, GetParam());
    const Ran starved = killed_heal(bridge, "starved", failing);
    if (starved.exit_code == 0) GetParam().is_healed(bridge);
    const Ran resumed = bridge.autoheal({"resume"});
    const Ran again = bridge.autoheal({"heal", "Sample"});
    EXPECT_EQ(again.exit_code, 0) << starved.err << resumed.out << resumed.err << again.out << again.err;
    GetParam().is_healed(bridge);
    expect_one_honest_record(bridge);
  }
}

}  // namespace
}  // namespace autoheal::testing
