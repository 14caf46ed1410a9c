// `audit` as auditors meet it: pages, filters that cannot be tricked, what is shown of hostile names, following along.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class AuditCommand : public ::testing::Test {
 protected:
  AuditCommand() {
    bridge_.configure("  - name: nginx\n    self_test: [ { name: works, command: [/bin/true] } ]\n");
    bridge_.write("var/keep", "");
  }
  // Adds entries of the stream "ledger", each a second after the one before.
  void record(const std::vector<std::pair<std::string, std::string>>& types_and_engines) {
    engine::testing::CountingIds ids;
    auto ledger = store::SqliteLedger::open(bridge_.path("var/ledger.db"), {.ids = ids});
    ASSERT_TRUE(ledger) << ledger.error().message;
    engine::StreamAppend append{"ledger", of_ledger_, {}, engine::StreamLife::ends, {}};
    for (const auto& [type, engine] : types_and_engines) {
      engine::NewEntry entry;
      entry.type = type;
      entry.time = now_ += std::chrono::seconds(1);
      entry.actor = "ops";
      entry.subject = engine;
      entry.data = "{}";
      append.entries.push_back(entry);
    }
    of_ledger_ += append.entries.size();
    ASSERT_EQ((*ledger)->append({{append}, {}, 0}).status, engine::AppendStatus::ok);
  }
  Ran audit(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "audit");
    return bridge_.autoheal(std::move(arguments));
  }

  Bridge bridge_;
  Timestamp now_ = *parse_timestamp("2026-03-01T00:00:00Z");
  std::uint64_t of_ledger_ = 0;
};

TEST_F(AuditCommand, PagesGoOnWhereTheLastOneEnded) {
  record({{"engine.held", "a"}, {"engine.unheld", "a"}, {"engine.held", "b"}, {"engine.unheld", "b"}});
  const Ran first = audit({"--limit", "3"});
  EXPECT_THAT(first.err, HasSubstr("--after 3"));
  const Ran second = audit({"--limit", "3", "--after", "3", "-o", "csv"});
  EXPECT_THAT(second.out, AllOf(HasSubstr("\n4,"), Not(HasSubstr("\n3,"))));
  EXPECT_THAT(second.err, IsEmpty());
  EXPECT_EQ(audit({"--limit", "2", "-o", "jsonl"}).out + audit({"--after", "2", "-o", "jsonl"}).out,
            bridge_.autoheal({"ledger", "export"}).out);
  EXPECT_THAT(audit({"--type", "engine.held", "--limit", "1", "--newest", "-o", "csv"}).out, HasSubstr("\n3,"));
  const auto rows = json::parse(audit({"--engine", "b", "--type", "engine.*", "--actor", "ops", "-o", "json"}).out);
  EXPECT_EQ(rows.size(), 2U);
}

TEST_F(AuditCommand, Case31_APageIsNeverUnbounded) {
  record({{"engine.held", "a"}});
  for (const char* limit : {"0", "-1", "1000000000", "18446744073709551616", "abc", "1.5"}) {
    const Ran refused = audit({"--limit", limit});
    EXPECT_EQ(refused.exit_code, 2) << limit;
    EXPECT_THAT(refused.out, IsEmpty()) << limit;
  }
  EXPECT_EQ(audit({"--after", "-5"}).exit_code, 2);
  EXPECT_EQ(audit({"--newest", "--limit", "900000"}).exit_code, 2);
  EXPECT_EQ(bridge_.autoheal({"heals", "--limit", "0"}).exit_code, 2);
  // A place that no page ended at is still only a place.
  const Ran beyond = audit({"--after", "18446744073709551615"});
  EXPECT_EQ(beyond.exit_code, 0);
  EXPECT_THAT(beyond.out, IsEmpty());
}

TEST_F(AuditCommand, Case32_FilterTextIsText) {
  record({{"engine.held", "nginx"}, {"engine.held", "' OR 1=1 --"}});
  for (const char* text : {"' OR 1=1 --x", "%", "_____", "ngin?", "*", "nginx'--"}) {
    for (const char* filter : {"--engine", "--actor", "--strategy"}) {
      const Ran ran = audit({filter, text, "-o", "jsonl"});
      EXPECT_EQ(ran.exit_code, 0) << ran.err;
      EXPECT_THAT(ran.out, IsEmpty()) << filter << " " << text;
    }
  }
  EXPECT_EQ(json::parse(audit({"--engine", "' OR 1=1 --", "-o", "json"}).out).size(), 1U);
  EXPECT_EQ(audit({"--heal", "' OR 1=1 --"}).exit_code, 5);
  EXPECT_EQ(audit({"--heal", "%"}).exit_code, 5);
}

TEST_F(AuditCommand, Case34_HostileNamesAreShownEscaped) {
  record({{"engine.held", "\x1b[2J\x1b]0;owned\x07"}, {"engine.held", "\u202eevil"}, {"engine.held", "two\nlines\t"}});
  const Ran shown = audit({});
  EXPECT_THAT(shown.out, AllOf(HasSubstr("\\u001b[2J"), HasSubstr("\\u202eevil"), HasSubstr("two\\u000alines")));
  EXPECT_THAT(shown.out, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\u202e"))));
  EXPECT_EQ(std::ranges::count(shown.out, '\n'), 4);  // one line each, and the names of the columns
  EXPECT_THAT(audit({"--color", "always"}).out, Not(HasSubstr("\x1b[2J")));
}

TEST_F(AuditCommand, Case103_TimesThatRunBackwardsAreShownAsTheyAre) {
  record({{"engine.held", "first"}});
  now_ -= std::chrono::hours(30);
  record({{"engine.held", "second"}});
  now_ += std::chrono::hours(60);
  record({{"engine.held", "third"}});
  const auto rows = json::parse(audit({"-o", "json"}).out);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].at("engine"), "first");
  EXPECT_EQ(rows[1].at("engine"), "second");
  EXPECT_LT(rows[1].at("time").get<std::string>(), rows[0].at("time").get<std::string>());
  EXPECT_EQ(json::parse(audit({"--until", "2026-03-01", "-o", "json"}).out).size(), 1U);
}

TEST_F(AuditCommand, FollowsWhatComesUntilASignal) {
  record({{"engine.held", "a"}});
  Invocation invocation = bridge_.invocation({});
  invocation.arguments = {"/bin/sh", "-c",
                          "exec \"$0\" audit --follow --type 'engine.*' -o jsonl > followed 2> followed.err",
                          AUTOHEAL_PROGRAM};
  Background follower(invocation);
  const auto lines = [&] {
    const std::string text = bridge_.read("followed");
    return std::ranges::count(text, '\n');
  };
  ASSERT_TRUE(eventually([&] { return lines() == 1; })) << bridge_.read("followed.err");
  record({{"node.heartbeat", ""}, {"engine.unheld", "a"}});
  ASSERT_TRUE(eventually([&] { return lines() == 2; }));
  record({{"engine.held", "b"}});
  ASSERT_TRUE(eventually([&] { return lines() == 3; }));
  follower.send(SIGTERM);
  EXPECT_EQ(follower.wait(), 143);
  EXPECT_EQ(bridge_.read("followed"), audit({"--type", "engine.*", "-o", "jsonl"}).out);
  EXPECT_EQ(audit({"--follow", "-o", "json"}).exit_code, 2);
}

// A follower reads the ledger by itself, so it holds up nobody but itself: there is no buffer that could overflow.
TEST_F(AuditCommand, Case123_FollowersThatNobodyReadsHoldUpNoWriterAndNoLog) {
  record({{"engine.held", "a"}});
  std::vector<std::unique_ptr<Background>> followers;
  Invocation invocation = bridge_.invocation({});
  ASSERT_EQ(::mkfifo(bridge_.path("pipe").c_str(), 0600), 0);
  const UniqueFd nobody_reads(::open(bridge_.path("pipe").c_str(), O_RDWR | O_CLOEXEC));
  invocation.arguments = {"/bin/sh", "-c", "exec \"$0\" audit --follow -o jsonl > pipe", AUTOHEAL_PROGRAM};
  const int count = long_runs() ? 1'000 : 8;
  for (int number = 0; number < count; ++number) followers.push_back(std::make_unique<Background>(invocation));
  const auto are_stuck = [&] {  // the pipe is full: each of them stands in a write
    int held_bytes = 0;
    ::ioctl(nobody_reads.get(), FIONREAD, &held_bytes);
    return held_bytes >= 60'000;
  };
  std::vector<std::pair<std::string, std::string>> many(400, {"engine.held", std::string(200, 'a')});
  ASSERT_TRUE(eventually([&] {
    record(many);
    return are_stuck();
  }));
  engine::testing::CountingIds ids;
  auto ledger = store::SqliteLedger::open(bridge_.path("var/ledger.db"), {.ids = ids});
  ASSERT_TRUE(ledger) << ledger.error().message;
  std::uintmax_t largest_log = 0;
  for (int commit = 0; commit < 60; ++commit) {
    engine::NewEntry entry;
    entry.type = "node.heartbeat";
    entry.time = now_;
    entry.data = "{\"x\":\"" + std::string(3'000, 'x') + "\"}";
    const std::vector<engine::NewEntry> hundred(100, entry);
    const engine::Batch batch{{{"ledger", of_ledger_, hundred, engine::StreamLife::ends, {}}}, {}, 0};
    ASSERT_EQ((*ledger)->append(batch).status, engine::AppendStatus::ok);
    of_ledger_ += hundred.size();
    largest_log = std::max(largest_log, std::filesystem::file_size(bridge_.path("var/ledger.db-wal")));
  }
  EXPECT_LT(largest_log, 10U << 20U) << "of 18 MiB that were written: a reader that stands still would keep all of it";
}

TEST_F(AuditCommand, Case124_AFollowerIsToldFromWhereItCanGoOn) {
  record({{"engine.held", "a"}, {"engine.unheld", "a"}, {"engine.held", "b"}});
  for (const char* place : {"4", "900", "18446744073709551615"}) {
    const Ran future = audit({"--follow", "--after", place});
    EXPECT_EQ(future.exit_code, 2) << place;
    EXPECT_THAT(future.err, AllOf(HasSubstr("no entry " + std::string(place) + " yet"), HasSubstr("expected 0 to 3")));
    EXPECT_THAT(future.out, IsEmpty());
  }
  for (const char* place : {"abc", "-1", "1.5", "", "18446744073709551616"})
    EXPECT_EQ(audit({"--follow", "--after", place}).exit_code, 2) << place;
  engine::testing::CountingIds ids;
  {
    auto ledger = store::SqliteLedger::open(bridge_.path("var/ledger.db"), {.ids = ids});
    ASSERT_TRUE((*ledger)->drop_entries(engine::Position{2}, {}));
  }
  const Ran archived = audit({"--follow", "--after", "1"});
  EXPECT_EQ(archived.exit_code, 2);
  EXPECT_THAT(archived.err, AllOf(HasSubstr("entries up to 2 are archived"), HasSubstr("expected 2 to 3")));
  Invocation invocation = bridge_.invocation({});
  invocation.arguments = {"/bin/sh", "-c", "exec \"$0\" audit --follow --after 2 -o csv > followed", AUTOHEAL_PROGRAM};
  Background follower(invocation);
  EXPECT_TRUE(eventually([&] { return bridge_.read("followed").find("\n3,") != std::string::npos; }));
  follower.send(SIGTERM);
  EXPECT_EQ(follower.wait(), 143);
}

TEST_F(AuditCommand, SummarisesAPeriodBesideAnother) {
  bridge_.write("baseline/app.conf", "port = 8080\n");
  bridge_.configure(
      "  - name: EnvRecon\n"
      "    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]\n"
      "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf } ] }\n");
  bridge_.write("etc/app.conf", "damaged\n");
  ASSERT_EQ(bridge_.autoheal({"heal", "EnvRecon"}).exit_code, 0);
  const Ran text = audit({"summary", "--since", "1h"});
  EXPECT_THAT(text.out, AllOf(HasSubstr("1 heals, 100.0 % certified"), HasSubstr("EnvRecon"), HasSubstr("arie")));
  const auto both = json::parse(audit({"summary", "--since", "24h", "--compare", "2020Q2", "-o", "json"}).out);
  EXPECT_EQ(both.at("now").at("engines").at("EnvRecon").at("complete"), 1);
  EXPECT_EQ(both.at("before").at("all").at("heals"), 0);
  EXPECT_THAT(audit({"summary", "-o", "csv"}).out, HasSubstr("all heals,strategy,arie,1,1,0,0,1,1000,"));
  EXPECT_EQ(audit({"summary", "--compare", "yesterday"}).exit_code, 2);
}

TEST_F(AuditCommand, WhatASummaryOrACoverageDoesNotTakeIsRefused) {
  record({{"engine.held", "a"}});
  const std::vector<std::vector<std::string>> of_audit = {
      {"--state", "Complete"}, {"--heal", "last"}, {"--actor", "ops"}, {"--type", "heal.*"}, {"--strategy", "arie"},
      {"--limit", "1"},        {"--after", "0"},   {"--newest"},       {"--follow"}};
  const auto expect_refused = [&](const std::string& command, const std::vector<std::string>& option,
                                  const std::string& why) {
    std::vector<std::string> behind = option, before = option;
    behind.insert(behind.begin(), command);
    before.push_back(command);
    for (const auto& arguments : {behind, before}) {
      const Ran refused = audit(arguments);
      EXPECT_EQ(refused.exit_code, 2) << command << " " << option.front();
      EXPECT_THAT(refused.out, IsEmpty()) << command << " " << option.front();
      EXPECT_THAT(refused.err, HasSubstr(why)) << option.front();
    }
  };
  const std::string summary_takes = "audit summary takes --since, --until and --compare alone";
  for (const auto& option : of_audit) {
    expect_refused("summary", option, summary_takes);
    expect_refused("coverage", option, "audit coverage takes --engine, --since and --until alone");
  }
  expect_refused("summary", {"--engine", "nosuch"}, summary_takes);
  expect_refused("summary", {"--engine", ""}, summary_takes);
  EXPECT_EQ(audit({"summary", "--since", "2026", "--compare", "2025"}).exit_code, 0);
  EXPECT_EQ(audit({"--since", "1h", "--until", "2030-01-01", "summary"}).exit_code, 0);
  EXPECT_EQ(audit({"--since", "1h", "coverage"}).exit_code, 0);
}

}  // namespace
}  // namespace autoheal::testing
