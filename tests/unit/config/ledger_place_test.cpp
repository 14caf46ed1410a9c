#include "tools/config/ledger_place.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace autoheal::config {
namespace {

using ::testing::ElementsAre;
namespace fs = std::filesystem;

class LedgerPlace : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("ledger_place_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::vector<std::string> places(const std::string& text) const {
    const fs::path file = folder_ / "autoheal.yaml";
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    ::chmod(file.c_str(), 0644);
    return places_of_ledger(file.string());
  }
  std::string at(const std::string& place) const { return (folder_ / place).string(); }
  fs::path folder_;
};

TEST_F(LedgerPlace, IsWhatTheKeySaysWhateverIsWrongAroundIt) {
  for (const std::string line :
       {"ledger: state/l.db", "ledger: \"state/l.db\"", "ledger:   'state/l.db'  # kept here", "ledger : state/l.db"}) {
    for (const std::string before :
         {"", "version: 1\n", "oops: [\n", "\xef\xbb\xbf", "version: 1\nengines:\n  - {\n"}) {
      for (const std::string after : {"\n", "\r\n", "\noops: [\n", "\nengines: [ { name: \n", ""})
        EXPECT_THAT(places(before + line + after), ElementsAre(at("state/l.db"), at("var/ledger.db")))
            << before << line;
    }
  }
  EXPECT_THAT(places("ledger: /srv/l.db\noops: ["), ElementsAre("/srv/l.db", at("var/ledger.db")));
  EXPECT_THAT(places("{ version: 1, ledger: a.db, oops: true }"), ElementsAre(at("a.db"), at("var/ledger.db")));
}

TEST_F(LedgerPlace, IsTheDefaultWhereTheKeySaysNothing) {
  for (const std::string text : {"", "oops: [", "ledger:\noops: [", "ledger: [\n", "ledgers: a.db\noops: [",
                                 "engines:\n  - ledger: a.db\n    oops: [", "# ledger: a.db\noops: ["})
    EXPECT_THAT(places(text), ElementsAre(at("var/ledger.db"))) << text;
  EXPECT_THAT(places_of_ledger(at("missing.yaml")), ElementsAre(at("var/ledger.db")));
}

}  // namespace
}  // namespace autoheal::config
