// A daemon whose ledger is not where it was opened heals nothing and says so, and goes on when it is back.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/worlds/child_of_its_own.hpp"
#include "tests/support/worlds/daemon.hpp"
#include "tests/support/worlds/gate.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class LedgerElsewhere : public ::testing::Test {
 protected:
  LedgerElsewhere() {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/A", "port = 8080\n");
    bridge_.write("run/.keep", "");
    configure();
  }
  void configure(const std::string& more = "") const {
    bridge_.configure(file_engine("A", "    healing: { settle: 0s, fail_after: 1 }\n" + more));
  }
  void break_a() const {
    bridge_.write("next/A", "wrong\n");
    fs::rename(bridge_.path("next/A"), bridge_.path("etc/A"));
  }
  // As the daemon tells through a socket that lies elsewhere by now.
  nlohmann::json status(const std::string& ledger) const {
    const auto answer = http::ask(bridge_.path(ledger).string() + ".sock", "GET", "/v1/status", {});
    const auto parsed = nlohmann::json::parse(answer ? answer->body : "", nullptr, false);
    return parsed.is_object() ? parsed : nlohmann::json::object();
  }
  void expect_left_alone(const Daemon& daemon, const std::string& ledger) const {
    const auto left = [&] {
      const auto now = status(ledger);
      return now.contains("engines") && now.at("engines").at(0).value("skipped", "") == "not_recorded";
    };
    EXPECT_TRUE(eventually(left)) << daemon.said();
    EXPECT_EQ(bridge_.read("etc/A"), "wrong\n");
  }
  void expect_said(const Daemon& daemon, const std::string& words) const {
    EXPECT_TRUE(eventually([&] { return daemon.said().find(words) != std::string::npos; })) << daemon.said();
  }
  void expect_healed(const Daemon& daemon) const {
    daemon.expect_count("heal.completed", 1);
    daemon.expect_passes("A");
    EXPECT_EQ(bridge_.read("etc/A"), "port = 8080\n");
    verifies();
  }
  // The first signature may be under way at that moment.
  void is_signed() const {
    EXPECT_TRUE(eventually([&] { return bridge_.autoheal({"ledger", "checkpoint", "--sign"}).exit_code == 0; }));
  }
  void verifies() const {
    is_signed();
    const Ran verified = bridge_.autoheal({"ledger", "verify"});
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  }

  Bridge bridge_;
};

TEST_F(LedgerElsewhere, ItsFolderIsMovedAwayAndPutBack) {
  const Daemon daemon(bridge_);
  daemon.expect_passes("A");
  fs::rename(bridge_.path("var"), bridge_.path("moved"));
  expect_said(daemon, "nothing is healed: the ledger");
  break_a();
  expect_left_alone(daemon, "moved/ledger.db");
  EXPECT_THAT(status("moved/ledger.db").value("ledger_elsewhere", ""), HasSubstr("its folder was moved away"));
  const Ran healed = bridge_.autoheal({"heal", "A", "--error", "x"});
  EXPECT_EQ(healed.exit_code, 6) << healed.err;
  const std::string process = "process " + std::to_string(daemon.pid());
  EXPECT_THAT(healed.err, AllOf(HasSubstr(process), HasSubstr("was moved away"), HasSubstr("put it back")));
  EXPECT_EQ(bridge_.autoheal({"resume"}).exit_code, 6) << "nobody begins beside it";
  EXPECT_THAT(bridge_.autoheal({"engines"}).err, HasSubstr("heals and records nothing"));
  EXPECT_THAT(bridge_.autoheal({"doctor"}).out, HasSubstr("heals and records nothing"));
  EXPECT_FALSE(bridge_.exists("var")) << "no other ledger was made";
  fs::rename(bridge_.path("moved"), bridge_.path("var"));
  expect_said(daemon, "the ledger is in its place again");
  expect_healed(daemon);
  EXPECT_THAT(bridge_.autoheal({"engines"}).err, Not(HasSubstr("records nothing")));
  EXPECT_THAT(daemon.ask("GET", "/metrics").body, HasSubstr("\nautoheal_lease_lost_total 1\n"));
}

TEST_F(LedgerElsewhere, TheFileAloneIsMovedAway) {
  const Daemon daemon(bridge_);
  daemon.expect_passes("A");
  fs::rename(bridge_.path("var/ledger.db"), bridge_.path("var/old.db"));
  expect_said(daemon, "nothing is healed: the ledger");
  break_a();
  expect_left_alone(daemon, "var/ledger.db");
  const auto hold = daemon.ask("POST", "/v1/hold", R"({"engine":"A"})");
  EXPECT_EQ(hold.status, 503U);
  EXPECT_THAT(hold.body, HasSubstr("was moved away or removed"));
  EXPECT_EQ(daemon.ask("GET", "/metrics").status, 503U) << "what lies there now is not what it counts";
  const auto ready = daemon.ask("GET", "/readyz?verbose");
  EXPECT_EQ(ready.status, 503U);
  EXPECT_THAT(ready.body, HasSubstr(R"({"check":"ledger_in_place","ok":false,"problem":")"));
  EXPECT_EQ(daemon.ask("GET", "/healthz").status, 200U) << "the process is alive";
  EXPECT_FALSE(bridge_.exists("var/ledger.db"));
  fs::rename(bridge_.path("var/old.db"), bridge_.path("var/ledger.db"));
  expect_healed(daemon);
}

TEST_F(LedgerElsewhere, ItsVaultIsMovedAway) {
  const Daemon daemon(bridge_);
  daemon.expect_passes("A");
  fs::rename(bridge_.path("var/ledger.db.vault"), bridge_.path("var/old.vault"));
  expect_said(daemon, "the ledger's vault");
  break_a();
  expect_left_alone(daemon, "var/ledger.db");
  fs::rename(bridge_.path("var/old.vault"), bridge_.path("var/ledger.db.vault"));
  expect_healed(daemon);
}

TEST_F(LedgerElsewhere, ItsFolderIsExchangedAndNobodyServesTheOtherOneBesideIt) {
  fs::create_directories(bridge_.path("other"));
  const Daemon daemon(bridge_);
  daemon.expect_passes("A");
  fs::rename(bridge_.path("var"), bridge_.path("moved"));
  fs::rename(bridge_.path("other"), bridge_.path("var"));
  expect_said(daemon, "its folder is another one now");
  const Ran second = bridge_.autoheal({"serve"});
  EXPECT_EQ(second.exit_code, 6) << second.err;
  EXPECT_THAT(second.err, HasSubstr("process " + std::to_string(daemon.pid())));
  EXPECT_TRUE(fs::is_empty(bridge_.path("var"))) << "nothing was made there";
  fs::remove(bridge_.path("var"));
  fs::rename(bridge_.path("moved"), bridge_.path("var"));
  break_a();
  expect_healed(daemon);
}

TEST_F(LedgerElsewhere, AHealUnderWayIsCertifiedWhenTheLedgerIsBack) {
  configure("    certify: { tests: [ { name: gate, command: [tests/gate], timeout: 60s } ] }\n");
  Gate gate(bridge_);
  bridge_.script("tests/gate", std::string("echo x >> run/tried; ") + Gate::wait + "\n");
  const Daemon daemon(bridge_);
  daemon.expect_passes("A");
  break_a();
  ASSERT_TRUE(eventually([&] { return bridge_.exists("run/tried"); })) << daemon.said();
  fs::rename(bridge_.path("var"), bridge_.path("moved"));
  expect_said(daemon, "nothing is healed: the ledger");
  gate.open();
  ASSERT_TRUE(eventually([&] { return bridge_.read("run/tried").size() >= 2; }));
  const auto reader = store::LedgerReader::open(bridge_.path("moved/ledger.db"));
  ASSERT_TRUE(reader);
  const auto page = (*reader)->read_all({}, 1'000);
  ASSERT_TRUE(page);
  for (const auto& entry : page->entries) EXPECT_NE(entry.type, "heal.completed");
  fs::rename(bridge_.path("moved"), bridge_.path("var"));
  expect_healed(daemon);
}

TEST_F(LedgerElsewhere, ADaemonThatEndsMeanwhileLeavesWhatLiesThereAlone) {
  Daemon daemon(bridge_);
  daemon.expect_passes("A");
  is_signed();
  fs::rename(bridge_.path("var"), bridge_.path("moved"));
  fs::create_directories(bridge_.path("var"));
  bridge_.write("var/ledger.db", "of somebody else\n");
  expect_said(daemon, "nothing is healed: the ledger");
  daemon.stop();
  EXPECT_EQ(bridge_.read("var/ledger.db"), "of somebody else\n");
  for (const auto& one : fs::directory_iterator(bridge_.path("var"))) EXPECT_EQ(one.path().filename(), "ledger.db");
  fs::remove_all(bridge_.path("var"));
  fs::rename(bridge_.path("moved"), bridge_.path("var"));
  verifies();
  EXPECT_THAT(bridge_.autoheal({"engines"}).err, Not(HasSubstr("records nothing"))) << "it has gone with the daemon";
}

TEST_F(LedgerElsewhere, SomethingIsMountedOverItsFolder) {
  if (!can_mount()) GTEST_SKIP() << "no mounts here";
  in_a_child([&] {
    ASSERT_TRUE(unshare_mounts());
    const Daemon daemon(bridge_);
    daemon.expect_passes("A");
    mount_memory(bridge_.path("var"), "64k");
    expect_said(daemon, "something is mounted over it");
    break_a();
    EXPECT_EQ(bridge_.autoheal({"heal", "A", "--error", "x"}).exit_code, 6);
    EXPECT_TRUE(fs::is_empty(bridge_.path("var")));
    ASSERT_EQ(::umount(bridge_.path("var").c_str()), 0);
    expect_healed(daemon);
  });
}

TEST_F(LedgerElsewhere, ASocketThatWasRemovedIsMadeAgain) {
  const Daemon daemon(bridge_);
  daemon.expect_passes("A");
  fs::remove(bridge_.path("var/ledger.db.sock"));
  EXPECT_TRUE(eventually([&] { return daemon.ask("GET", "/v1/status").status == 200; })) << daemon.said();
  expect_said(daemon, "the daemon's socket was removed, and is made again");
  EXPECT_EQ(bridge_.autoheal({"hold", "A"}).exit_code, 0);
}

TEST_F(LedgerElsewhere, ALedgerThatWasCopiedOverInPlaceIsNoticed) {
  const Daemon daemon(bridge_);
  daemon.expect_passes("A");
  const std::string good = bridge_.read("var/ledger.db");
  const auto write_over = [&](const std::string& text) {
    std::ofstream(bridge_.path("var/ledger.db"), std::ios::binary | std::ios::trunc) << text;
  };
  write_over("something else\n");
  expect_said(daemon, "was written over by somebody else");
  write_over(good);
  expect_said(daemon, "the ledger is in its place again");
  break_a();
  expect_healed(daemon);
}

TEST_F(LedgerElsewhere, AnotherConfigurationThatNamesItByALinkFindsItOwned) {
  const Daemon daemon(bridge_);
  daemon.expect_passes("A");
  fs::create_directories(bridge_.path("second"));
  fs::create_hard_link(bridge_.path("var/ledger.db"), bridge_.path("second/ledger.db"));
  std::string text = bridge_.read("autoheal.yaml");
  bridge_.write("second.yaml", text + "ledger: second/ledger.db\n");
  const Ran second = bridge_.autoheal({"--config", "second.yaml", "serve"});
  EXPECT_EQ(second.exit_code, 6) << second.err;
  EXPECT_THAT(second.err, AllOf(HasSubstr("under another name"), HasSubstr(std::to_string(daemon.pid()))));
}

}  // namespace
}  // namespace autoheal::testing
