// Faults that verification notices, the content of an export, and the view of plain sqlite3.
#include "autoheal/store/verify/verify.hpp"

#include <gmock/gmock.h>

#include "autoheal/store/format/json_check.hpp"
#include "autoheal/store/format/json_text.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/ledger/export.hpp"
#include "tests/support/files/signed_ledger.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using engine::Position;
using engine::StreamLife;
using testing::heal;

// "heal.repair_started" may stand nowhere.
struct NoRepairs final : StreamRules {
  struct Check final : StreamCheck {
    std::optional<std::string> next(const SeenEntry& entry) override {
      if (entry.type == "heal.repair_started") return "not a legal step";
      return std::nullopt;
    }
    bool ended() const override { return false; }
  };
  std::optional<unsigned> kind_of(std::string_view type) const override {
    return type.starts_with("heal.") ? std::optional(0U) : std::nullopt;
  }
  std::unique_ptr<StreamCheck> begin() const override { return std::make_unique<Check>(); }
};

struct VerifyTest : testing::LedgerFixture {
  // Two streams of two, one of them open; signed.
  void fill() {
    const auto ledger = open();
    append(*ledger, heal, 0, {entry("heal.triggered")});
    append(*ledger, "selftest/1", 0, {entry("selftest.started"), entry("selftest.completed")}, StreamLife::ends);
    append(*ledger, heal, 1, {entry("heal.repair_started")});
    testing::sign_head(*ledger, path, testing::signing_key(ledger->id()));
  }
  // The faults after `sql`, in one text.
  std::string after(const std::string& sql) {
    EXPECT_EQ(foreign(sql), "");
    return problems();
  }
  std::string problems(const VerifyOptions& options = {}) const {
    const auto report = verify_ledger(path, options);
    if (!report) return report.error().message;
    std::string text;
    for (const auto& problem : report->problems) text += problem + "\n";
    return text;
  }
};

TEST_F(VerifyTest, AnUntouchedLedgerIsSound) {
  fill();
  VerifyOptions options;
  std::uint64_t done = 0;
  options.progress = [&](std::uint64_t now, std::uint64_t) { done = now; };
  const auto report = verify_ledger(path, options);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->sound()) << report->problems.front();
  EXPECT_EQ(report->entries, 4U);
  EXPECT_EQ(report->read, 4U);
  EXPECT_EQ(report->roots, 3U);
  EXPECT_EQ(report->checkpoints, 1U);
  EXPECT_EQ(report->signed_size, 4U);
  EXPECT_EQ(report->head, *reader()->tree_head());
  EXPECT_EQ(report->keys.size(), 1U);
  EXPECT_TRUE(report->warnings.empty()) << report->warnings.front();
  EXPECT_EQ(done, 4U);
}

TEST_F(VerifyTest, NothingAtAllIsSound) { EXPECT_TRUE(verify_ledger(path, {})->sound()); }

TEST_F(VerifyTest, WhatIsNotSignedIsNotVerified) {
  append(*open(), heal, 0, {entry("heal.triggered")});
  EXPECT_THAT(problems(), ::testing::HasSubstr("nothing is signed"));
  EXPECT_EQ(problems({.unsigned_is_sound = true}), "");
}

TEST_F(VerifyTest, WhatCameAfterTheNewestCheckpointIsNoFailure) {
  fill();
  append(*open(), heal, 2, {entry("heal.retry_scheduled")});
  const auto report = verify_ledger(path, {});
  EXPECT_TRUE(report->sound());
  EXPECT_EQ(report->entries, 5U);
  EXPECT_EQ(report->signed_size, 4U);
}

TEST_F(VerifyTest, TheCallersRulesCount) {
  fill();
  const NoRepairs rules;
  EXPECT_EQ(problems({.rules = &rules}), "entry 4: not a legal step\n");
}

TEST_F(VerifyTest, AnEntryThatWasTakenOutIsMissed) {
  fill();
  const auto text = after("DELETE FROM entries WHERE seq = 2");
  EXPECT_NE(text.find("entry 2 is missing"), std::string::npos) << text;
  EXPECT_NE(text.find("entry 3: version 2 of stream \"selftest/1\" follows version 0"), std::string::npos) << text;
  EXPECT_EQ(verify_ledger(path, {})->first_bad, 2U);
}

TEST_F(VerifyTest, TheFirstEntriesAreMissedToo) {
  fill();
  EXPECT_NE(after("DELETE FROM entries WHERE seq < 3").find("entries 1 to 2 are missing"), std::string::npos);
}

TEST_F(VerifyTest, ChangedFieldsAreNamed) {
  fill();
  // Only the first fault of an entry is named, so those that are checked last come first.
  const std::pair<std::string, std::string> changes[] = {
      {"data = '{\\\"x\\\":1.5}' WHERE seq = 2", "a float"},
      {"data = '{' WHERE seq = 2", "entry 2: its data is not JSON"},
      {"data = CAST(data AS BLOB) WHERE seq = 2", "entry 2: its data is no text"},
      {"engine = '' WHERE seq = 2", "entry 2: its engine"},
      {"actor = CAST(x'ff' AS TEXT) WHERE seq = 2", "entry 2: its actor"},
      {"dataversion = 0 WHERE seq = 2", "entry 2: its data version"},
      {"dataversion = 4294967297 WHERE seq = 2", "entry 2: its data version"},
      {"version = 7 WHERE seq = 4", "entry 4: version 7"},
      {"version = 4294967298 WHERE seq = 3", "entry 3 is not what was written"},
      {"time = 999999999999999999 WHERE seq = 3", "entry 3: its time"},
      {"type = 'Heal triggered' WHERE seq = 1", "entry 1: its type"},
      {"type = CAST(type AS BLOB) WHERE seq = 1", "entry 1: its type is no text"}};
  for (const auto& [change, expected] : changes) {
    const auto text = after("UPDATE entries SET " + change);
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " in:\n" << text;
  }
}

TEST_F(VerifyTest, AStreamThatIsKeptUnderItsNameInsteadOfItsNumberIsTold) {
  fill();
  EXPECT_NE(after("UPDATE entries SET stream = '" + heal + "' WHERE version = 2 AND typeof(stream) = 'blob'")
                .find("entry 4: its stream has no valid name"),
            std::string::npos);
}

TEST_F(VerifyTest, TheTableOfOpenStreamsMustAgree) {
  fill();
  EXPECT_NE(after("UPDATE open_streams SET since = 3").find("began with entry 1"), std::string::npos);
  EXPECT_NE(after("INSERT INTO open_streams VALUES ('ghost', 2)").find("\"ghost\" is listed as open, but has no entry"),
            std::string::npos);
}

TEST_F(VerifyTest, APageOfGarbageIsFound) {
  {
    const auto ledger = open();
    const std::string data = "{\"text\":\"" + std::string(3000, 'x') + "\"}";
    for (std::uint64_t n = 0; n < 200; ++n) append(*ledger, heal, n, {entry("a", data)});
  }
  EXPECT_EQ(std::filesystem::file_size(path.string() + "-wal"), 0U);  // emptied by the owner's close
  const auto size = std::filesystem::file_size(path);
  const std::string command = "dd if=/dev/urandom of='" + path.string() +
                              "' bs=4096 count=8 seek=" + std::to_string(size / 4096 / 2) + " conv=notrunc status=none";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto report = verify_ledger(path, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->sound());
}

TEST_F(VerifyTest, AnExportIsTheLeavesInOrder) {
  fill();
  const auto ledger = reader();
  std::vector<std::string> lines;
  const auto take = [&](std::string_view line, const engine::Entry&) {
    lines.emplace_back(line);
    return true;
  };
  EXPECT_EQ(*export_lines(*ledger, {}, take), 4U);
  ASSERT_EQ(lines.size(), 4U);
  const auto entries = ledger->read_all({}, 10)->entries;
  for (std::size_t n = 0; n < 4; ++n) EXPECT_EQ(lines[n], leaf_line(ledger->id(), entries[n]));
  lines.clear();
  EXPECT_EQ(*export_lines(*ledger, {{1}, Position{3}}, take), 2U);
  EXPECT_NE(lines.front().find(R"("id":"2")"), std::string::npos);
  EXPECT_EQ(*export_lines(*ledger, {}, [](std::string_view, const engine::Entry&) { return false; }), 1U);
  EXPECT_EQ(*export_lines(*ledger, {{2}, Position{100}}, take), 2U) << "as much as there is";
  foreign("UPDATE entries SET actor = 'somebody' WHERE seq = 1");
  EXPECT_FALSE(export_lines(*ledger, {}, take)) << "changed, it is never given out as good";
}

TEST_F(VerifyTest, AuditorsReadTheViewsWithPlainSqlite) {
  auto ledger = open();
  const std::string by = R"("by":{"principal":"ops","role":"admiral","uid":1000,"via":"cli"})";
  append(*ledger, heal, 0,
         {entry("heal.triggered", R"({"workflow":"heal/1","strategy":"arie","max_retries":3,)" + by + "}"),
          entry("heal.repair_started", R"({"attempt":1})"), entry("heal.certification_started", R"({"attempt":1})"),
          entry("heal.certified", R"({"plan_digest":"sha256:abcd","evidence":{"hashes":[1,2]},"attempt":1})"),
          entry("heal.completed", R"({"attempts":1,"took_us":5})")},
         StreamLife::ends);
  append(*ledger, "01930000-0000-7000-8000-0000000000bb", 0,
         {entry("heal.triggered", R"({"strategy":"chimera"})"), entry("heal.repair_started", R"({"attempt":1})"),
          entry("heal.retry_scheduled", R"({"attempt":1})"), entry("heal.repair_started", R"({"attempt":2})")});
  append(*ledger, "01930000-0000-7000-8000-0000000000cc", 0,
         {entry("heal.triggered", R"({"strategy":"generic"})"),
          entry("heal.exhausted", R"({"attempts":0,"reason":"cancelled"})"), entry("heal.rollback_started", "{}")},
         StreamLife::ends);
  for (int owned = 1; owned >= 0; --owned) {
    EXPECT_EQ(foreign("SELECT * FROM audit_heals", "-readonly"),
              heal +
                  "|EnvRecon|arie|Complete|1||ops|ops|2026-11-23T12:34:56.000105Z|2026-11-23T12:34:56.000105Z\n"
                  "01930000-0000-7000-8000-0000000000cc|EnvRecon|generic|Exhausted|0|cancelled|ops|ops|"
                  "2026-11-23T12:34:56.000105Z|2026-11-23T12:34:56.000105Z\n"
                  "01930000-0000-7000-8000-0000000000bb|EnvRecon|chimera|Repairing|2||ops|ops|"
                  "2026-11-23T12:34:56.000105Z|\n");
    EXPECT_EQ(foreign("SELECT * FROM audit_certificates", "-readonly"),
              "4|" + heal + "|EnvRecon|1|2026-11-23T12:34:56.000105Z|abcd|{\"hashes\":[1,2]}\n");
    EXPECT_EQ(foreign("SELECT * FROM audit_events WHERE seq = 2", "-readonly"),
              "2|2026-11-23T12:34:56.000140Z|heal.repair_started|" + heal + "|EnvRecon|ops|{\"attempt\":1}\n");
    ledger.reset();
  }
  const auto plan = foreign("EXPLAIN QUERY PLAN SELECT * FROM audit_heals", "-readonly");
  EXPECT_NE(plan.find("heals_that_failed"), std::string::npos) << plan;
}

TEST_F(VerifyTest, ViewsAreRightWhereDataLiesInTheVault) {
  auto ledger = open();
  const std::string blob = R"({"blob":"sha256:)" + std::string(64, 'a') + "\"}";
  append(
      *ledger, heal, 0,
      {entry("heal.triggered", blob), entry("heal.repair_started", R"({"attempt":1})"),
       entry("heal.plan_recorded", blob), entry("heal.plan_certified", R"({"plan_digest":"sha256:abcd","attempt":1})"),
       entry("heal.repair_finished", R"({"strategy":"arie","action":"config_repaired","attempt":1})"),
       entry("heal.certification_started", R"({"attempt":1})"), entry("heal.certified", blob),
       entry("heal.completed", blob)},
      StreamLife::ends);
  EXPECT_EQ(foreign("SELECT heal_id, strategy, state, attempts, requester FROM audit_heals", "-readonly"),
            heal + "|arie|Complete|1|ops\n");
  EXPECT_EQ(foreign("SELECT seq, heal_id, attempt, plan_sha256, evidence FROM audit_certificates", "-readonly"),
            "7|" + heal + "|1|abcd|sha256:" + std::string(64, 'a') + "\n");
}

TEST(JsonCheck, TakesWhatOurWriterMakes) {
  for (const std::string text :
       {R"({})", R"([])", R"({"a":[1,-2,true,false,null,"x\"\\\u001f"],"b":{"c":{}}})", "0", R"("☂")"}) {
    EXPECT_EQ(json_problem(text), std::nullopt) << text;
  }
}

TEST(JsonCheck, HandsOutTheOutermostMembersAsTheyAreWritten) {
  std::vector<JsonMember> members;
  EXPECT_EQ(json_problem(R"({"a":1,"b":{"a":2},"c":"x\"y"})", &members), std::nullopt);
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(member_of(members, "a"), "1");
  EXPECT_EQ(member_of(members, "b"), R"({"a":2})");
  EXPECT_EQ(json_text(member_of(members, "c")), "x\"y");
  EXPECT_EQ(member_of(members, "d"), "");
  EXPECT_TRUE(json_problem(R"({"a":1)", &members));
  EXPECT_TRUE(members.empty());
}

TEST(JsonCheck, RefusesTheRest) {
  for (const std::string text : {"", "{", "{\"a\"}", "{\"a\":}", "[1,]", "1.0", "1e3", "1E3", "01", "-", "nul", "{} {}",
                                 "\"\\n\"", "\"\\u1234\"", "\"\\u00AF\"", "\"\t\"", "\"\xff\"", "{a:1}", "[1 2]"}) {
    EXPECT_TRUE(json_problem(text)) << text;
  }
  EXPECT_TRUE(json_problem(std::string(100'000, '[')));
}

}  // namespace
}  // namespace autoheal::store
