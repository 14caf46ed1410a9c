// `autoheal serve` on a Bridge, as an init system runs it: started, asked through its socket, told by signals, ended.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "autoheal/store/ledger/ledger_reader.hpp"
#include "tests/support/worlds/bridge.hpp"
#include "tests/support/worlds/happenings.hpp"
#include "tools/http/http_client.hpp"

namespace autoheal::testing {

class Daemon {
 public:
  explicit Daemon(const Bridge& bridge, std::map<std::string, std::string> environment = {},
                  const std::string& ledger = "var/ledger.db")
      : bridge_(bridge), ledger_(bridge.path(ledger)), process_(invocation(std::move(environment))) {
    EXPECT_TRUE(eventually([this] { return ask("GET", "/v1/status").status == 200; })) << said();
  }

  void reload() const { process_.send(SIGHUP); }
  void kill() {
    process_.send(SIGKILL);
    EXPECT_EQ(process_.wait(), 128 + SIGKILL);
  }
  // As a suspended host does: no thread of it runs.
  void freeze() const { process_.send(SIGSTOP); }
  void thaw() const { process_.send(SIGCONT); }
  void stop() {
    tell_to_stop();
    wait_for_the_end();
  }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  // Ends it with `signal`; true if that left a core dump.
  [[nodiscard]] bool leaves_core_dump(int signal) { return process_.leaves_core_dump(signal); }
  void tell_to_stop() const { process_.send(SIGTERM); }
  void wait_for_the_end() { EXPECT_EQ(process_.wait(), 0) << said(); }
  // Its stderr, over all its lives on this Bridge.
  [[nodiscard]] std::string said() const { return bridge_.read("logs/daemon.log"); }

  // The answer to one request; status 0 where there was none.
  [[nodiscard]] http::Answer ask(const std::string& method, const std::string& target,
                                 const std::string& body = {}) const {
    const auto answer = http::ask(ledger_.string() + ".sock", method, target, body);
    return answer.value_or(http::Answer{});
  }
  // Has an engine tested now, whatever its schedule and its brakes.
  void inspect(const std::string& name) const {
    EXPECT_EQ(ask("POST", "/v1/unhold", R"({"engine":")" + name + "\"}").status, 200U);
  }
  // How an engine stands: outcome, skipped, testing, healing.
  [[nodiscard]] nlohmann::json engine(const std::string& name) const {
    const auto status = nlohmann::json::parse(ask("GET", "/v1/status").body, nullptr, false);
    if (!status.is_object()) return {};
    for (const auto& one : status.at("engines")) {
      if (one.at("engine") == name) return one;
    }
    return {};
  }
  // Its last test passed, or a heal was certified since; and it is at rest.
  [[nodiscard]] bool passes(const std::string& name) const {
    const auto found = engine(name);
    if (!found.is_object() || found.at("testing") || found.at("healing")) return false;
    return found.at("outcome") == "passed" || (found.at("outcome") == "" && count("heal.completed", name) > 0);
  }
  [[nodiscard]] std::string skipped(const std::string& name) const {
    const auto found = engine(name);
    return found.is_object() ? found.value("skipped", std::string()) : "";
  }
  void expect_passes(const std::string& name) const {
    EXPECT_TRUE(eventually([&] { return passes(name); })) << name << "\n" << said();
  }

  // The entries of the ledger as it is now; of one engine unless that is empty.
  [[nodiscard]] std::vector<engine::Entry> entries(const std::string& type, const std::string& engine = {}) const {
    std::vector<engine::Entry> found;
    const auto reader = store::LedgerReader::open(ledger_.string());
    if (!reader) return found;
    auto page = (*reader)->read_all({}, 100'000);
    if (!page) return found;
    for (engine::Entry& entry : page->entries) {
      if (entry.type == type && (engine.empty() || entry.subject == engine)) found.push_back(std::move(entry));
    }
    return found;
  }
  [[nodiscard]] std::size_t count(const std::string& type, const std::string& engine = {}) const {
    return entries(type, engine).size();
  }
  void expect_count(const std::string& type, std::size_t wanted, const std::string& engine = {}) const {
    EXPECT_TRUE(eventually([&] { return count(type, engine) >= wanted; })) << type << " " << engine << "\n" << said();
    EXPECT_EQ(count(type, engine), wanted) << type << " " << engine << "\n" << said();
  }

 private:
  [[nodiscard]] Invocation invocation(std::map<std::string, std::string> environment) const {
    std::filesystem::create_directories(bridge_.path("logs"));
    environment.emplace("NOTIFY_SOCKET", manager_.name());
    Invocation one = bridge_.invocation({}, std::move(environment));
    one.arguments = {"/bin/sh", "-c", "exec \"$0\" serve 2>> logs/daemon.log", AUTOHEAL_PROGRAM};
    return one;
  }

  const Bridge& bridge_;
  std::filesystem::path ledger_;
  ListeningManager manager_;
  Background process_;
};

// An engine whose file follows a baseline; tested only when something happens.
inline std::string file_engine(const std::string& name, const std::string& more = "", const std::string& every = "1h") {
  const std::string file = "etc/" + name;
  return "  - name: " + name + "\n    every: " + every + "\n" +
         "    self_test: [ { name: config, file: { path: " + file + ", baseline: baseline/app.conf } } ]\n" +
         "    repair: { files: [ { path: " + file + ", baseline: baseline/app.conf } ] }\n" + more;
}

}  // namespace autoheal::testing
