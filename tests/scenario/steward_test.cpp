// The metrics of a running daemon, as a scraper and as a person get them.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <regex>

#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* one_heal = "autoheal_heals_total{strategy=\"arie\",outcome=\"complete\"} 1\n";

class Steward : public ::testing::Test {
 protected:
  Steward() {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/File", "port = 8080\n");
    bridge_.configure(file_engine("File"));
  }
  Bridge bridge_;
};

TEST_F(Steward, CountsWhatTheDaemonHealsSinceItBegan) {
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  EXPECT_THAT(daemon.ask("GET", "/metrics").body, Not(HasSubstr(one_heal)));
  bridge_.write("etc/File", "damaged\n");
  daemon.expect_count("heal.completed", 1, "File");
  const auto answer = daemon.ask("GET", "/metrics");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_THAT(answer.body, HasSubstr(one_heal));
  EXPECT_THAT(answer.body, HasSubstr("autoheal_heals_active{state=\"repairing\"} 0\n"));
  EXPECT_EQ(daemon.ask("POST", "/metrics", "{}").status, 405U);
  const Ran told = bridge_.autoheal({"steward", "--prometheus"});
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr(one_heal));
  daemon.stop();

  Daemon next(bridge_);  // a counter that begins anew, which scrapers expect
  next.expect_passes("File");
  EXPECT_THAT(next.ask("GET", "/metrics").body, Not(HasSubstr(one_heal)));
  next.stop();
}

TEST_F(Steward, TellsWhatNoEntrySays) {
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  const std::string metrics = daemon.ask("GET", "/metrics").body;
  EXPECT_TRUE(std::regex_search(metrics, std::regex("\nautoheal_ledger_append_duration_seconds_count [1-9]")))
      << "it began with a commit\n"
      << metrics;
  daemon.stop();
}

TEST_F(Steward, CountsTheWholeLedgerWhereNoDaemonRuns) {
  EXPECT_THAT(bridge_.autoheal({"steward", "--prometheus"}).out, HasSubstr("autoheal_ledger_events_total 0\n"))
      << "no ledger yet";
  bridge_.write("etc/File", "damaged\n");
  ASSERT_EQ(bridge_.autoheal({"heal", "File"}).exit_code, 0);
  const Ran written = bridge_.autoheal({"steward", "--textfile", bridge_.path("").string()});
  EXPECT_EQ(written.exit_code, 0) << written.err;
  EXPECT_EQ(written.out, "");
  EXPECT_THAT(bridge_.read("autoheal.prom"), HasSubstr(one_heal));
  const Ran nowhere = bridge_.autoheal({"steward", "--textfile", "/no/such/folder"});
  EXPECT_EQ(nowhere.exit_code, 6);
  EXPECT_THAT(nowhere.err, HasSubstr("/no/such/folder/autoheal.prom"));
}

TEST_F(Steward, IsATableForPeopleAndRowsForPrograms) {
  bridge_.write("etc/File", "damaged\n");
  ASSERT_EQ(bridge_.autoheal({"heal", "File"}).exit_code, 0);
  const Ran table = bridge_.autoheal({"steward"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_TRUE(std::regex_search(table.out, std::regex("heals_total +strategy=arie outcome=complete +1"))) << table.out;
  EXPECT_TRUE(std::regex_search(table.out, std::regex("heal_duration_seconds +outcome=complete +1 +0\\.")))
      << table.out;
  EXPECT_THAT(table.out, Not(HasSubstr("strategy=chimera"))) << "nothing happened there";
  EXPECT_THAT(table.out, Not(HasSubstr("#"))) << table.out;
  const auto rows = nlohmann::json::parse(bridge_.autoheal({"steward", "-o", "json"}).out);
  EXPECT_GT(rows.size(), 60U) << "every series";
  EXPECT_EQ(rows.at(0).at("metric"), "heals_total");
  EXPECT_EQ(bridge_.autoheal({"steward", "--prometheus", "--textfile", "/tmp"}).exit_code, 2);
}

// They are of no entry: only the daemon has them, and forgets those of an engine that is configured no more.
TEST_F(Steward, KeepsTheLastPerformanceDataOfPlugins) {
  const auto plugin = [&](const std::string& data) {
    bridge_.script("tests/disk.new", "printf \"DISK OK | " + data + "\\n\"\n");
    std::filesystem::rename(bridge_.path("tests/disk.new"), bridge_.path("tests/disk"));
  };
  plugin("'/ \\\"srv\\\"'=3MB;;;0 load=0.5 U=U");
  const std::string disk = "  - name: Disk\n    every: 1h\n    self_test: [ { name: free, plugin: [tests/disk] } ]\n";
  bridge_.configure(file_engine("File") + disk);
  Daemon daemon(bridge_);
  daemon.expect_passes("Disk");
  const auto metrics = [&] { return daemon.ask("GET", "/metrics").body; };
  const std::string label = "autoheal_plugin_value{engine=\"Disk\",probe=\"free\",label=\"";
  EXPECT_THAT(metrics(), HasSubstr(label + R"(/ \"srv\"",unit="bytes"} 3145728)"));
  EXPECT_THAT(metrics(), HasSubstr(label + "load\",unit=\"none\"} 0.5\n"));
  if (::access("/usr/bin/promtool", X_OK) == 0) {
    const Ran judged = run({{"/usr/bin/promtool", "check", "metrics"}, {}, metrics(), {}});
    EXPECT_EQ(judged.exit_code, 0) << judged.out << judged.err;
  }
  EXPECT_THAT(bridge_.autoheal({"steward"}).out, HasSubstr("label=load unit=none")) << "through the daemon";
  plugin("load=0.7");
  daemon.inspect("Disk");
  EXPECT_TRUE(eventually([&] { return metrics().contains("unit=\"none\"} 0.7\n"); })) << metrics();
  EXPECT_THAT(metrics(), Not(HasSubstr("srv"))) << "it is told no more";
  bridge_.configure(file_engine("File"));
  daemon.reload();
  EXPECT_TRUE(eventually([&] { return !metrics().contains("autoheal_plugin_value{"); })) << metrics();
  for (const auto& entry : bridge_.entries("selftest.engine_tested")) EXPECT_THAT(entry, Not(HasSubstr("0.7")));
  daemon.stop();
}

TEST_F(Steward, StandsBesideAnswersAboutTheProcessItself) {
  Daemon daemon(bridge_);
  daemon.expect_passes("File");
  EXPECT_EQ(daemon.ask("GET", "/healthz").body, R"({"status":"ok"})");
  EXPECT_EQ(daemon.ask("GET", "/readyz").body, R"({"ready":true})");
  EXPECT_THAT(daemon.ask("GET", "/readyz?verbose").body, HasSubstr(R"({"check":"ledger_writable","ok":true})"));
  EXPECT_THAT(daemon.ask("GET", "/version").body, HasSubstr(R"({"version":")"));
  EXPECT_EQ(daemon.ask("POST", "/healthz", "{}").status, 405U);
  EXPECT_EQ(daemon.ask("GET", "/readyz?other").status, 404U);
  daemon.stop();
}

TEST_F(Steward, TellsNothingToUsersWhoMayNotReadTheLedger) {
  Daemon daemon(bridge_);
  EXPECT_EQ(daemon.ask("GET", "/metrics").status, 200U);
  bridge_.configure(file_engine("File"), "principals: [ { name: autoheal, role: admiral, os_user: nobody-here } ]\n");
  daemon.reload();
  EXPECT_TRUE(eventually([&] { return daemon.ask("GET", "/metrics").status == 403; })) << daemon.said();
  EXPECT_THAT(daemon.ask("GET", "/metrics").body, Not(HasSubstr("autoheal_heals_total")));
  EXPECT_EQ(daemon.ask("GET", "/readyz?verbose").body, R"({"ready":true})") << "whether, not why";
  daemon.stop();
}

// Prometheus' own judge of names, units and help texts. .ci/run installs it.
TEST_F(Steward, TellsMetricsThatPrometheusFindsNoFaultWith) {
  if (::access("/usr/bin/promtool", X_OK) != 0) GTEST_SKIP() << "promtool is not installed (package prometheus)";
  bridge_.write("etc/File", "damaged\n");
  ASSERT_EQ(bridge_.autoheal({"heal", "File"}).exit_code, 0);
  const Ran judged =
      run({{"/usr/bin/promtool", "check", "metrics"}, {}, bridge_.autoheal({"steward", "--prometheus"}).out, {}});
  EXPECT_EQ(judged.exit_code, 0) << judged.out << judged.err;
  EXPECT_EQ(judged.err, "");
}

// The package of Prometheus' library brings a web server and curl; a program that heals hosts needs neither.
TEST(ProgramOfTheSteward, LinksTheCoreOfPrometheusAlone) {
  const Ran linked = run({{"/usr/bin/ldd", AUTOHEAL_PROGRAM}, {}, {}, {}});
  ASSERT_EQ(linked.exit_code, 0) << linked.err;
  EXPECT_THAT(linked.out, HasSubstr("libprometheus-cpp-core"));
  for (const char* other : {"curl", "civetweb", "prometheus-cpp-pull", "prometheus-cpp-push"})
    EXPECT_THAT(linked.out, Not(HasSubstr(other)));
}

std::string source_file(const std::string& name) {
  std::ifstream file(AUTOHEAL_SOURCE_DIR "/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

// An alert or a panel on a series that is not there says nothing, and nobody notices. Returns how many were looked for.
std::size_t expect_series(const std::string& expressions, const std::string& metrics) {
  const std::regex name("autoheal_[a-z_]+");
  std::size_t found = 0;
  for (std::sregex_iterator one(expressions.begin(), expressions.end(), name), end; one != end; ++one, ++found)
    EXPECT_TRUE(metrics.contains("\n" + one->str() + "{") || metrics.contains("\n" + one->str() + " ")) << one->str();
  return found;
}

TEST_F(Steward, HasEachSeriesThatTheAlertsAskFor) {
  const std::string rules = "tools/packaging/prometheus/autoheal.rules";
  const std::string text = source_file(rules + ".yml");
  const std::regex expression("expr: (.*)");
  std::string expressions;
  for (std::sregex_iterator one(text.begin(), text.end(), expression), end; one != end; ++one)
    expressions += one->str(1) + "\n";
  EXPECT_GE(expect_series(expressions, bridge_.autoheal({"steward", "--prometheus"}).out), 6U);
  if (::access("/usr/bin/promtool", X_OK) != 0) GTEST_SKIP() << "promtool is not installed (package prometheus)";
  const std::string tests = AUTOHEAL_SOURCE_DIR "/" + rules + ".test.yml";
  const Ran judged = run({{"/usr/bin/promtool", "test", "rules", tests}, {}, {}, {}});
  EXPECT_EQ(judged.exit_code, 0) << judged.out << judged.err;
}

// Each panel as a recording rule, with what Grafana would put in for its variables: Prometheus itself parses it.
TEST_F(Steward, HasEachSeriesThatTheDashboardAsksFor) {
  const auto dashboard = nlohmann::json::parse(source_file("tools/packaging/grafana/autoheal-overview.json"));
  std::string expressions, rules = "groups:\n  - name: panels\n    rules:\n";
  for (const auto& panel : dashboard.at("panels")) {
    for (const auto& target : panel.at("targets")) {
      std::string expression = target.at("expr");
      expressions += expression + "\n";
      expression = std::regex_replace(expression, std::regex(R"(\$__(rate_interval|range))"), "5m");
      rules += "      - { record: panel, expr: " + nlohmann::json(expression).dump() + " }\n";
    }
  }
  EXPECT_GE(expect_series(expressions, bridge_.autoheal({"steward", "--prometheus"}).out), 12U);
  if (::access("/usr/bin/promtool", X_OK) != 0) GTEST_SKIP() << "promtool is not installed (package prometheus)";
  bridge_.write("panels.yml", rules);
  const Ran judged = run({{"/usr/bin/promtool", "check", "rules", bridge_.path("panels.yml").string()}, {}, {}, {}});
  EXPECT_EQ(judged.exit_code, 0) << judged.out << judged.err;
}

}  // namespace
}  // namespace autoheal::testing
