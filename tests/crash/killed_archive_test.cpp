// Archiving that is killed between any two of its steps: nothing is lost, and the next start finishes what was begun.
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "autoheal/store/format/merkle_tree.hpp"
#include "tests/support/worlds/bridge.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

class KilledArchive : public ::testing::TestWithParam<std::string> {
 protected:
  Ran archiver(const std::string& step) const {
    return run({{AUTOHEAL_KILLED_ARCHIVE, step, "1", bridge_.path("autoheal.yaml"), "2100-01-01T00:00:00Z"},
                {},
                {},
                bridge_.path(".")});
  }
  std::string out(std::vector<std::string> arguments) const {
    const Ran ran = bridge_.autoheal(std::move(arguments));
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return ran.out;
  }
  Bridge bridge_;
};

TEST_P(KilledArchive, Case105_NothingIsLostAndTheNextOneFinishes) {
  bridge_.replays = false;
  bridge_.write("baseline/app.conf", "port = 8080\n");
  bridge_.configure(file_engine("EnvRecon"));
  bridge_.write("etc/EnvRecon", "damaged\n");
  ASSERT_EQ(bridge_.autoheal({"heal", "EnvRecon"}).exit_code, 0);
  const std::string before = out({"ledger", "export"});
  EXPECT_EQ(archiver(GetParam()).exit_code, 128 + SIGKILL);
  // The next process that owns the ledger finishes what has its entry; what has none was never begun.
  ASSERT_EQ(bridge_.autoheal({"selftest"}).exit_code, 0);
  const auto stats = nlohmann::json::parse(out({"ledger", "stats", "-o", "json"}));
  const bool recorded = GetParam() != "written";
  EXPECT_EQ(stats.at("archives").size(), recorded ? 1U : 0U);
  EXPECT_EQ(stats.at("archived") == 0, !recorded);
  std::vector<std::string> all = {"ledger", "export"};
  for (const auto& one : stats.at("archives")) {
    all.push_back("--archive");
    all.push_back(one.at("file"));
  }
  EXPECT_EQ(out(all).substr(0, before.size()), before);
  // A file without its entry is somebody's to look at; another name serves.
  const Ran again =
      bridge_.autoheal({"ledger", "archive", "--before", "0s", "--to", bridge_.path("next.tar.gz").string()});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  all.push_back("--archive");
  all.push_back(bridge_.path("next.tar.gz").string());
  EXPECT_EQ(out(all).substr(0, before.size()), before);
}

INSTANTIATE_TEST_SUITE_P(Steps, KilledArchive, ::testing::Values("written", "recorded", "rows", "dropped"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace autoheal::testing
