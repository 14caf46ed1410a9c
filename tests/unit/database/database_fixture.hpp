// Databases of others below a root, made and used by processes of their own.
#pragma once

#include "tests/support/worlds/foreign_process.hpp"
#include "tests/unit/host/host_fixture.hpp"

namespace autoheal::database {

namespace fs = host::fs;
using testing::ForeignProcess;

class DatabaseTest : public host::HostTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void TearDown() override {
    HostTest::TearDown();
    // The name of a test with a parameter is several folders deep.
    std::error_code not_empty;
    for (auto at = base_.parent_path(); at != fs::path(::testing::TempDir()).parent_path(); at = at.parent_path()) {
      if (!fs::remove(at, not_empty) && not_empty) break;
    }
  }

  // A table of `rows` rows that fills several pages.
  fs::path make(const std::string& name, const std::string& mode = "delete", int rows = 100, int page_size = 4096) {
    const ForeignProcess foreign(root_ / name);
    foreign("PRAGMA page_size = " + std::to_string(page_size));
    foreign("PRAGMA journal_mode = " + mode);
    foreign("CREATE TABLE things(id INTEGER PRIMARY KEY, word TEXT)");
    foreign("CREATE INDEX words ON things(word)");
    EXPECT_EQ(foreign("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT " + std::to_string(rows) +
                      ") INSERT INTO things SELECT i, 'thing ' || i || hex(zeroblob(100)) FROM n"),
              "[]");
    return root_ / name;
  }
  std::string mode_of(const std::string& name) { return ForeignProcess(root_ / name)("PRAGMA journal_mode"); }
};

inline constexpr const char* count_things = "SELECT count(*) FROM things";
inline constexpr const char* add_thing = "INSERT INTO things(word) VALUES ('more')";

}  // namespace autoheal::database
