// One broken engine per repair kind, on real files, for every test that goes through the program. Each is certified by
// its self-test and by tests/verdict, which refuses as long as a file `refuse` lies in the folder.
#pragma once

#include <functional>
#include <ostream>

#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {

struct RepairExample {
  std::string name;
  std::string engine;                           // the YAML of self_test and repair
  std::function<void(const Bridge&)> break_it;  // and all it needs to stand
  std::function<void(const Bridge&)> is_healed;
  std::string other_engines = {};  // the YAML of engines that it leans on
  unsigned since_version = 1;      // of the rules of heals: earlier ones refused it
};

inline void PrintTo(const RepairExample& example, std::ostream* out) { *out << example.name; }

// Writes the example's configuration and breaks it.
inline void prepare(const Bridge& bridge, const RepairExample& example) {
  bridge.script("tests/verdict", "[ ! -e refuse ]\n");
  bridge.configure(example.other_engines + "  - name: Sample\n" + example.engine +
                   "    certify: { within: 5s, tests: [ { name: verdict, command: [tests/verdict] } ] }\n");
  example.break_it(bridge);
}

// bin/service: keeps what it loaded in run/loaded and lives until it is stopped.
inline void install_service(const Bridge& bridge) {
  bridge.script(
      "bin/service",
      "case $1 in\n"
      "start) cat etc/app.conf > run/loaded; setsid tail -f /dev/null >/dev/null 2>&1 & echo $! > run/app.pid ;;\n"
      "stop) [ ! -e run/app.pid ] || kill $(cat run/app.pid); rm -f run/app.pid run/loaded ;;\n"
      "restart) \"$0\" stop; \"$0\" start ;;\n"
      "reload) cat etc/app.conf > run/loaded ;;\n"
      "check) grep -q port etc/app.conf ;;\n"
      "esac\n");
  bridge.write("run/.keep", "");
}

inline void start_service(const Bridge& bridge) {
  (void)run({{bridge.path("bin/service"), "start"}, {}, {}, bridge.path(".")});
}

inline RepairExample service_example(std::string name, const std::string& service, bool runs_before) {
  return {std::move(name),
          "    self_test:\n"
          "      - { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } }\n"
          "      - { name: process, process: { pidfile: run/app.pid } }\n"
          "      - { name: loaded, command: [cmp, -s, etc/app.conf, run/loaded] }\n"
          "    repair:\n"
          "      files: [ { path: etc/app.conf, baseline: baseline/app.conf } ]\n"
          "      service: { " +
              service + ", pidfile: run/app.pid }\n",
          [runs_before](const Bridge& bridge) {
            install_service(bridge);
            bridge.write("baseline/app.conf", "port = 8080\n");
            bridge.write("etc/app.conf", "port = broken\n");
            if (runs_before) start_service(bridge);
          },
          [](const Bridge& bridge) {
            EXPECT_EQ(bridge.read("etc/app.conf"), "port = 8080\n");
            EXPECT_EQ(bridge.read("run/loaded"), "port = 8080\n");
          }};
}

inline void shell(const Bridge& bridge, const std::string& line) {
  const Ran ran = run({{"/bin/sh", "-c", line}, {}, {}, bridge.path(".")});
  EXPECT_EQ(ran.exit_code, 0) << line << "\n" << ran.err;
}

inline const std::vector<RepairExample>& deployment_examples() {
  static const std::vector<RepairExample> examples = {
      {"release",
       "    self_test: [ { name: app, command: [sh, -c, current/bin/app] } ]\n"
       "    repair: { release: { link: current, releases: releases, ignore: [\"*.log\"] } }\n",
       [](const Bridge& bridge) {
         for (const char* name : {"1.8", "1.9", "1.10", "1.11"}) {
           const std::string release = std::string("releases/") + name;
           bridge.script(release + "/bin/app", name == std::string("1.10") ? "exit 1\n" : "exit 0\n");
           shell(bridge, "cd " + release + " && sha256sum bin/app > MANIFEST.sha256 && echo started > today.log");
         }
         std::filesystem::create_symlink("./releases/1.10", bridge.path("current"));
       },
       [](const Bridge& bridge) {
         EXPECT_EQ(std::filesystem::read_symlink(bridge.path("current")), "./releases/1.9");
       }},
      {"build",
       "    self_test: [ { name: app, command: [grep, -q, whole, dist/css/app.css] } ]\n"
       "    repair: { build: { run: [bin/build], outputs: [\"dist/**\"] } }\n",
       [](const Bridge& bridge) {
         bridge.write("dist/app.js", "cut off", 0640);
         bridge.write("dist/old/app.js", "old\n");
         std::filesystem::create_symlink("app.js", bridge.path("dist/latest"));
         bridge.script("bin/build",
                       "rm -rf dist/old dist/latest\nmkdir -p dist/css\n"
                       "echo whole > dist/css/app.css\necho whole > dist/app.js\nchmod 600 dist/app.js\n");
       },
       [](const Bridge& bridge) { EXPECT_EQ(bridge.read("dist/app.js"), "whole\n"); }},
      {"platform",
       "    self_test: [ { name: instances, command: [grep, -q, 3, instances] } ]\n"
       "    repair: { platform: { run: [bin/scale, 3], undo: [bin/scale, 0] } }\n",
       [](const Bridge& bridge) {
         bridge.write("instances", "0\n");
         bridge.script("bin/scale", "[ -n \"$AUTOHEAL_IDEMPOTENCY_KEY\" ] && echo $1 > instances\n");
       },
       [](const Bridge& bridge) { EXPECT_EQ(bridge.read("instances"), "3\n"); }},
  };
  return examples;
}

inline const std::vector<RepairExample>& state_examples() {
  static const std::string users = "create table users(name); insert into users values(\"ada\")";
  static const std::string has_users =
      "    self_test: [ { name: users, command: [sqlite3, app.db, \"select 1/count(*) from users\"] } ]\n";
  static const std::vector<RepairExample> examples = {
      {"state_database", has_users + "    repair: { state: { path: app.db, snapshot: snapshots/app.db } }\n",
       [](const Bridge& bridge) {
         std::filesystem::create_directory(bridge.path("snapshots"));
         shell(bridge,
               "sqlite3 snapshots/app.db '" + users + "'; sqlite3 app.db 'create table other(x)'; chmod 600 app.db");
       },
       [](const Bridge& bridge) { shell(bridge, "sqlite3 app.db 'select * from users' | grep -q ada"); }},
      {"state_damaged", has_users + "    repair: { state: { path: app.db, snapshot: snapshots/app.db } }\n",
       [](const Bridge& bridge) {
         std::filesystem::create_directory(bridge.path("snapshots"));
         shell(bridge, "sqlite3 snapshots/app.db '" + users + "'");
         bridge.write("app.db", "SQLite format 3, or what is left of it\n", 0640);
         bridge.write("app.db-wal", "a log of it\n", 0640);
       },
       [](const Bridge& bridge) { shell(bridge, "sqlite3 app.db 'select * from users' | grep -q ada"); }},
      {"state_folder",
       "    self_test: [ { name: queue, command: [test, -e, queue/jobs/1] } ]\n"
       "    repair: { state: { path: queue, snapshot: snapshot } }\n",
       [](const Bridge& bridge) {
         bridge.write("snapshot/jobs/1", "job\n", 0600);
         std::filesystem::create_symlink("jobs/1", bridge.path("snapshot/next"));
         bridge.write("queue/jobs/2", "other job\n");
         std::filesystem::create_directory(bridge.path("queue/locked"));
         shell(bridge, "chmod 500 queue/locked; mkdir -p snapshot/done && chmod 710 snapshot/done");
       },
       [](const Bridge& bridge) {
         EXPECT_EQ(bridge.read("queue/next"), "job\n");
         EXPECT_FALSE(bridge.exists("queue/jobs/2"));
         shell(bridge, "[ $(stat -c %a queue/done) = 710 ] && [ $(stat -c %a queue/jobs/1) = 600 ]");
       }},
      {"services",
       "    self_test: [ { name: process, process: { pidfile: run/app.pid } } ]\n"
       "    repair: { services: [App] }\n",
       [](const Bridge& bridge) {
         install_service(bridge);
         bridge.write("etc/app.conf", "port = 8080\n");
       },
       [](const Bridge& bridge) { EXPECT_EQ(bridge.read("run/loaded"), "port = 8080\n"); },
       "  - name: App\n    self_test: [ { name: there, command: [\"true\"] } ]\n"
       "    repair: { service: { start: [bin/service, start], stop: [bin/service, stop], pidfile: run/app.pid } }\n"},
  };
  return examples;
}

inline const std::vector<RepairExample>& file_examples() {
  static const std::vector<RepairExample> examples = {
      {"files",
       "    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf, mode: \"0640\" } } "
       "]\n"
       "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf, mode: \"0640\", validate: [grep, -q, "
       "port, \"{file}\"] },\n"
       "                       { path: etc/new.conf, baseline: baseline/app.conf } ] }\n",
       [](const Bridge& bridge) {
         bridge.write("baseline/app.conf", "port = 8080\n");
         bridge.write("etc/app.conf", "damaged\n", 0666);
       },
       [](const Bridge& bridge) {
         EXPECT_EQ(bridge.read("etc/app.conf"), "port = 8080\n");
         EXPECT_EQ(bridge.read("etc/new.conf"), "port = 8080\n");
       }},
      {"links",
       "    self_test: [ { name: link, command: [test, -e, current/good] } ]\n"
       "    repair: { links: [ { path: current, target: releases/2 }, { path: fresh, target: releases/2 } ] }\n",
       [](const Bridge& bridge) {
         bridge.write("releases/1/bad", "");
         bridge.write("releases/2/good", "");
         std::filesystem::create_symlink("releases/1", bridge.path("current"));
       },
       [](const Bridge& bridge) {
         EXPECT_EQ(std::filesystem::read_symlink(bridge.path("current")), "releases/2");
         EXPECT_EQ(std::filesystem::read_symlink(bridge.path("fresh")), "releases/2");
       }},
      {"wrong_kinds",
       "    self_test: [ { name: config, file: { path: new/deep/app.conf, baseline: baseline/app.conf } } ]\n"
       "    repair: { files: [ { path: new/deep/app.conf, baseline: baseline/app.conf },\n"
       "                       { path: linked.conf, baseline: baseline/app.conf, replace: true } ],\n"
       "              links: [ { path: current, target: releases/2 } ] }\n",
       [](const Bridge& bridge) {
         bridge.write("baseline/app.conf", "port = 8080\n", 0640);
         bridge.write("current", "as an editor leaves it\n");
         std::filesystem::create_symlink("elsewhere", bridge.path("linked.conf"));
       },
       [](const Bridge& bridge) {
         EXPECT_EQ(bridge.read("new/deep/app.conf"), "port = 8080\n");
         EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(bridge.path("linked.conf"))));
         EXPECT_EQ(std::filesystem::read_symlink(bridge.path("current")), "releases/2");
       },
       {},
       3},
      {"policy",
       "    self_test: [ { name: rules, command: [tests/rules] } ]\n"
       "    repair: { policy: [ { path: rules, recursive: true, max_mode: \"0640\", forbid: "
       "[\"0\\\\.0\\\\.0\\\\.0/0\"] }, { path: debug.rules, absent: true } ] }\n",
       [](const Bridge& bridge) {
         bridge.write("rules/web", "allow 10.0.0.0/8\nallow 0.0.0.0/0\ndeny\n", 0666);
         bridge.write("rules/deep/ssh", "deny\n", 0777);
         bridge.write("debug.rules", "trace\n");
         bridge.script("tests/rules", "! grep -rq '0\\.0\\.0\\.0/0' rules && [ ! -e debug.rules ]\n");
       },
       [](const Bridge& bridge) {
         EXPECT_EQ(bridge.read("rules/web"), "allow 10.0.0.0/8\ndeny\n");
         EXPECT_FALSE(bridge.exists("debug.rules"));
         EXPECT_EQ(std::filesystem::status(bridge.path("rules/deep/ssh")).permissions(), std::filesystem::perms(0640));
         EXPECT_EQ(std::filesystem::status(bridge.path("rules/deep")).permissions(), std::filesystem::perms(0750));
       }},
  };
  return examples;
}

inline const std::vector<RepairExample>& document_examples() {
  static const std::vector<RepairExample> examples = {
      {"env",
       "    self_test: [ { name: env, env: { file: .env, require: [DATABASE_URL], equals: { PORT: \"8080\" } } } ]\n"
       "    repair: { env: [ { file: .env, set: { PORT: \"8080\", DATABASE_URL: { from: secrets/db } }, unset: [OLD] } "
       "] }\n",
       [](const Bridge& bridge) {
         bridge.write("secrets/db", "postgres://u:swordfish@db\n", 0600);
         bridge.write(".env", "# ports\nexport PORT='80'  # web\nOLD=1\nLAST=x", 0600);
       },
       [](const Bridge& bridge) {
         const std::string text = bridge.read(".env");
         EXPECT_TRUE(text.starts_with("# ports\nexport PORT='8080'  # web\nLAST=x\n")) << text;
         EXPECT_NE(text.find("DATABASE_URL="), std::string::npos);
         EXPECT_NE(text.find("swordfish"), std::string::npos);
       }},
      {"settings_yaml",
       "    self_test: [ { name: port, command: [grep, -q, \"port: 8080\", etc/app.yaml] } ]\n"
       "    repair: { settings: [ { file: etc/app.yaml, set: { /server/port: 8080, /server/name: \"web\" } } ] }\n",
       [](const Bridge& bridge) {
         bridge.write("etc/app.yaml", "# all of it\nserver:\n  port: 80   # public\n  name: 'old'\n");
       },
       [](const Bridge& bridge) {
         EXPECT_EQ(bridge.read("etc/app.yaml"), "# all of it\nserver:\n  port: 8080   # public\n  name: 'web'\n");
       }},
      {"settings_json",
       "    self_test: [ { name: port, settings: { file: etc/app.json, equals: { /server/port: 8080 }, require: "
       "[/debug] } } "
       "]\n"
       "    repair: { settings: [ { file: etc/app.json, set: { /server/port: 8080, /debug: false } } ] }\n",
       [](const Bridge& bridge) { bridge.write("etc/app.json", "{\n  \"server\": { \"port\":  80 }\n}\n"); },
       [](const Bridge& bridge) {
         EXPECT_EQ(bridge.read("etc/app.json"), "{\n  \"server\": { \"port\":  8080 },\n  \"debug\": false\n}\n");
       }},
  };
  return examples;
}

inline const std::vector<RepairExample>& command_examples() {
  static const std::vector<RepairExample> examples = {
      {"commands",
       "    self_test: [ { name: index, command: [grep, -q, fresh, index] } ]\n"
       "    repair: { commands: [ { run: [bin/write-index, fresh], capture: [cat, index], undo: [bin/write-index, "
       "\"{captured}\"] } ] }\n",
       [](const Bridge& bridge) {
         bridge.write("index", "stale\n");
         bridge.script("bin/write-index", "printf '%s\\n' \"$1\" > index\nmkdir -p run; echo \"$1\" >> run/calls\n");
       },
       [](const Bridge& bridge) { EXPECT_EQ(bridge.read("index"), "fresh\n"); }},
      {"checks",
       "    self_test: [ { name: index, command: [grep, -q, fresh, index] } ]\n"
       "    repair: { checks: [ { name: disk, command: [test, -d, .] } ], commands: [ { run: [bin/write-index, fresh], "
       "undo: [bin/write-index, stale], repeatable: true } ] }\n",
       [](const Bridge& bridge) {
         bridge.write("index", "stale\n");
         bridge.script("bin/write-index", "printf '%s\\n' \"$1\" > index\n");
       },
       [](const Bridge& bridge) { EXPECT_EQ(bridge.read("index"), "fresh\n"); }},
  };
  return examples;
}

inline const std::vector<RepairExample>& service_examples() {
  static const std::vector<RepairExample> examples = {
      service_example("service_start", "start: [bin/service, start], stop: [bin/service, stop]", false),
      service_example("service_restart", "restart: [bin/service, restart], check: [bin/service, check]", true),
      service_example("service_reload", "restart: [bin/service, restart], reload: [bin/service, reload]", true),
      service_example("service_stop_start", "start: [bin/service, start], stop: [bin/service, stop]", true),
  };
  return examples;
}

// All of them.
inline const std::vector<RepairExample>& repair_examples() {
  static const std::vector<RepairExample> examples = [] {
    std::vector<RepairExample> all;
    for (const auto* some : {&file_examples(), &document_examples(), &command_examples(), &deployment_examples(),
                             &state_examples(), &service_examples()})
      all.insert(all.end(), some->begin(), some->end());
    return all;
  }();
  return examples;
}

}  // namespace autoheal::testing
