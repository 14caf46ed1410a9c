// Hostile cases 131 to 135 (tests/README.md): secrets planted wherever a daemon, its programs and its people could let
// them out, and a search through all that was written.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include "tests/support/examples/documented_entries.hpp"
#include "tests/support/worlds/daemon.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Each is one place: the name says which.
const std::vector<std::string> planted = {"argument-Zq1w7", "environment-Zq2w7", "referenced-Zq3w7", "env-file-Zq4w7",
                                          "header-Zq5w7",   "address-Zq6w7",     "told-Zq7w7",       "captured-Zq8w7",
                                          "literal-Zq9w7",  "configured-Zq0w7"};

std::string coded(const std::string& secret, const std::string& how) {
  Invocation one;
  one.arguments = {"/bin/sh", "-c", "printf %s \"$1\" | " + how + " | tr -d ' \\n='", "sh", secret};
  return run(one).out;
}

// The planted secret in `text`, as it is or coded; empty: none.
std::string secrets_in(const std::string& text) {
  static const auto forms = [] {
    std::vector<std::pair<std::string, std::string>> all;
    for (const std::string& secret : planted) {
      all.emplace_back(secret, secret);
      all.emplace_back(secret + " in base64", coded(secret, "base64").substr(0, 16));
      all.emplace_back(secret + " in hex", coded(secret, "od -An -tx1"));
    }
    return all;
  }();
  std::string found;
  for (const auto& [name, form] : forms) {
    if (text.find(form) != std::string::npos) found += name + "; ";
  }
  return found;
}

const std::string hush = R"(  - name: Env
    every: 1h
    self_test:
      - { name: works, command: [tests/check, --password, argument-Zq1w7] }
      - { name: env, env: { file: .env, require: [DB_PASSWORD] } }
      - { name: web, heal: false, http: { url: "http://u:address-Zq6w7@127.0.0.1:1/?token=address-Zq6w7",
                                          headers: { Authorization: "Bearer header-Zq5w7" } } }
    repair:
      env:
        - { file: .env, set: { DB_PASSWORD: { from: secrets/db }, MAIL_TOKEN: literal-Zq9w7 } }
    certify: { tests: [ { name: smoke, command: [tests/check, --password, argument-Zq1w7] } ] }
  - name: Login
    every: 1h
    healing: { fail_after: 1 }
    self_test: [ { name: door, command: [tests/door] } ]
    repair:
      commands:
        - run: [tests/login, --password, argument-Zq1w7]
          capture: [tests/peek]
          undo: [tests/logout, "--token=argument-Zq1w7", "{captured}"]
          environment: { API_TOKEN: environment-Zq2w7 }
)";

class HostileSecrets : public ::testing::Test {
 protected:
  HostileSecrets() {
    bridge_.write("secrets/db", "referenced-Zq3w7\n", 0600);
    bridge_.write(".env", "PORT=80\nOLD_TOKEN=env-file-Zq4w7\n", 0600);
    // Fails with all it knows, passes once the password is there; split over both streams and coded.
    bridge_.script("tests/check", R"(cat .env; . ./.env
printf 'bare %s and ' "$OLD_TOKEN"; printf '%s' "$OLD_TOKEN:$2" | base64; printf '%s' "$2" | od -An -tx1
printf 'argument-' ; printf 'Zq1w7 referenced-Zq3w7\n' >&2
[ "$DB_PASSWORD" = referenced-Zq3w7 ] || { echo "no login with $2 and $OLD_TOKEN"; exit 1; }
)");
    bridge_.script("tests/door",
                   "[ -e run/in ] || { echo 'Authorization: Bearer environment-Zq2w7 was refused'; exit 1; }\n");
    bridge_.script("tests/peek", "echo captured-Zq8w7\n");
    bridge_.script("tests/login", R"(echo "$API_TOKEN $2"; printf '%s' "x$API_TOKEN" | base64
printf '%s' "$API_TOKEN" | sed 's/-/%2D/g'; echo; [ -e run/allow ] && [ "$2" = argument-Zq1w7 ] && touch run/in
)");
    bridge_.script("tests/logout", "echo \"$2\" > run/undone\n");
    bridge_.write("run/.keep", "");
    bridge_.configure(hush);
  }

  // All that people see of it, in every form and colour.
  void ask_everything() {
    for (const char* form : {"text", "json", "jsonl", "csv"}) {
      for (const std::vector<std::string>& command :
           std::vector<std::vector<std::string>>{{"audit"},
                                                 {"heals"},
                                                 {"engines"},
                                                 {"show", "last"},
                                                 {"config", "show"},
                                                 {"config", "check"},
                                                 {"ledger", "export"},
                                                 {"doctor"},
                                                 {"audit", "coverage"},
                                                 {"heal", "Login", "--dry-run"}}) {
        std::vector<std::string> arguments = command;
        arguments.insert(arguments.end(), {"-o", form, "--color", "always"});
        ask(arguments);
      }
    }
  }
  Ran ask(const std::vector<std::string>& arguments) {
    const Ran ran = bridge_.autoheal(arguments);
    for (const auto& [name, text] : {std::pair("stdout", &ran.out), std::pair("stderr", &ran.err)})
      EXPECT_THAT(secrets_in(*text), IsEmpty()) << arguments.front() << " " << name << "\n" << *text;
    return ran;
  }

  // The ledger's own files, reports, the daemon's log; of the vault all but what is named under its key.
  void expect_nothing_was_written() const {
    std::size_t looked_at = 0;
    for (const char* folder : {"var", "logs"}) {
      for (const auto& file : std::filesystem::recursive_directory_iterator(bridge_.path(folder))) {
        if (!file.is_regular_file()) continue;
        const std::string name = file.path().lexically_relative(bridge_.path("")).string();
        const std::string content = bridge_.read(name);
        const bool is_configuration = content.starts_with(R"({"format":1,"engine":)");
        if (name.find("hmac") != std::string::npos || is_configuration) continue;
        ++looked_at;
        EXPECT_THAT(secrets_in(content), IsEmpty()) << name;
      }
    }
    EXPECT_GT(looked_at, 5U);
  }

  Bridge bridge_;
};

TEST_F(HostileSecrets, Cases131And134_NothingOfThemIsWrittenOrShown) {
  {
    Daemon daemon(bridge_);
    daemon.expect_count("heal.completed", 1, "Env");
    daemon.expect_count("heal.exhausted", 1, "Login");
    EXPECT_EQ(bridge_.read("run/undone"), "captured-Zq8w7\n") << "undo got what it needs";
    EXPECT_THAT(bridge_.read(".env"), AllOf(HasSubstr("DB_PASSWORD=referenced-Zq3w7"), HasSubstr("literal-Zq9w7")));
    ask({"hold", "Env", "--reason", "token=told-Zq7w7"});
    ask({"unhold", "Env", "--reason", "Authorization: Basic told-Zq7w7"});
    EXPECT_EQ(ask({"heal", "Login", "--error", "PASSWORD=told-Zq7w7 of argument-Zq1w7"}).exit_code, 1);
    EXPECT_EQ(ask({"cancel", "last", "--reason", "--token told-Zq7w7"}).exit_code, 1) << "it has ended";
    bridge_.write("run/allow", "");
    EXPECT_EQ(ask({"heal", "Login"}).exit_code, 0);
    ask({"selftest"});
    ask_everything();
    // A new configuration that is refused, then one that is taken.
    bridge_.configure(hush +
                          "  - { name: X, self_test: [ { name: a, command: [/bin/true], environment: { API_TOKEN: { "
                          "x: configured-Zq0w7 } } } ], repair: { env: [ { file: x, set: configured-Zq0w7 } ] } }\n",
                      "secrets: { patterns: [\"(configured-Zq0w7\"] }\n");
    daemon.reload();
    daemon.expect_count("config.refused", 1);
    bridge_.configure(hush, "secrets: { patterns: [\"Zq[0-9]w7\"] }\n");
    daemon.reload();
    daemon.expect_count("config.loaded", 2);
    const std::string keys = daemon.entries("config.loaded").back().data;
    EXPECT_THAT(keys, HasSubstr(R"("keys_changed":["secrets.patterns"])"));
    daemon.stop();
  }
  ask_everything();
  expect_nothing_was_written();
  expect_documented(bridge_);
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

TEST_F(HostileSecrets, Case131_TheDaemonLeavesNoCoreDump) {
  rlimit allowed{};
  ::getrlimit(RLIMIT_CORE, &allowed);
  allowed.rlim_cur = allowed.rlim_max;
  ::setrlimit(RLIMIT_CORE, &allowed);
  Invocation sleeps;
  sleeps.arguments = {"/bin/sleep", "60"};
  sleeps.folder = bridge_.path("run");
  if (!Background(sleeps).leaves_core_dump(SIGQUIT)) GTEST_SKIP() << "this machine dumps nobody";
  Daemon daemon(bridge_);
  EXPECT_FALSE(daemon.leaves_core_dump(SIGABRT)) << "the one deadly signal that no sanitizer answers itself";
}

TEST_F(HostileSecrets, Case133_AConfigurationWithSecretsIsToldByLineAndNotByValue) {
  const Ran warned = ask({"config", "check"});
  EXPECT_EQ(warned.exit_code, 0);
  EXPECT_THAT(warned.err, AllOf(HasSubstr("MAIL_TOKEN"), HasSubstr("autoheal.yaml:"), HasSubstr("{from: FILE}")));
  for (const std::string& wrong :
       {std::string("set: { API_TOKEN: [configured-Zq0w7] }"), std::string("set: [configured-Zq0w7]"),
        std::string("set: { API_TOKEN: { form: configured-Zq0w7 } }"), std::string("set: PASSWORD=configured-Zq0w7")}) {
    bridge_.configure(
        "  - { name: E, self_test: [ { name: a, command: [/bin/true] } ], repair: { env: [ { file: .env, " + wrong +
        " } ] } }\n");
    const Ran refused = ask({"config", "check"});
    EXPECT_EQ(refused.exit_code, 78);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("autoheal.yaml:4:"), HasSubstr("set"))) << wrong;
  }
  bridge_.configure("  - { name: E, self_test: [ { name: a, http: { url: \"http://u:configured-Zq0w7@h /\" } } ] }\n",
                    "secrets: { patterns: [\"(configured-Zq0w7\"] }\n");
  EXPECT_EQ(ask({"config", "check"}).exit_code, 78);
}

TEST_F(HostileSecrets, Case135_APreviewShowsNamesAndThatValuesChangeAndNoValues) {
  bridge_.write("etc/app.json", R"({"db":{"password":"env-file-Zq4w7"}})");
  bridge_.configure(R"(  - name: EnvRecon
    self_test: [ { name: env, env: { file: .env, require: [DB_PASSWORD] } } ]
    repair:
      env: [ { file: .env, set: { DB_PASSWORD: { from: secrets/db } }, unset: [OLD_TOKEN] } ]
      settings: [ { file: etc/app.json, set: { /db/password: literal-Zq9w7 } } ]
)");
  const Ran preview = ask({"heal", "EnvRecon", "--dry-run"});
  EXPECT_EQ(preview.exit_code, 0) << preview.err;
  EXPECT_THAT(preview.out, AllOf(HasSubstr("DB_PASSWORD"), HasSubstr("OLD_TOKEN"), HasSubstr("/db/password")));
  ask({"heal", "EnvRecon", "--dry-run", "-o", "json"});
  EXPECT_EQ(ask({"heal", "EnvRecon"}).exit_code, 0);
  EXPECT_THAT(ask({"show", "last"}).out, AllOf(HasSubstr("DB_PASSWORD"), HasSubstr("/db/password")));
  const auto plans = bridge_.entries("heal.plan_recorded");
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_THAT(plans.front(), AllOf(HasSubstr("DB_PASSWORD"), HasSubstr("hmac-sha256:"), HasSubstr("/db/password")));
  EXPECT_THAT(secrets_in(plans.front()), IsEmpty());
}

}  // namespace
}  // namespace autoheal::testing
