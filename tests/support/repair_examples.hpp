// One broken engine per repair kind, on real files, for every test that goes through the program. Each is certified by
// its self-test and by tests/verdict, which refuses as long as a file `refuse` lies in the folder.
#pragma once

#include <functional>
#include <ostream>

#include "tests/support/bridge.hpp"

namespace autoheal::testing {

struct RepairExample {
  std::string name;
  std::string engine;                           // the YAML of self_test and repair
  std::function<void(const Bridge&)> break_it;  // and all it needs to stand
  std::function<void(const Bridge&)> is_healed;
};

inline void PrintTo(const RepairExample& example, std::ostream* out) { *out << example.name; }

// Writes the example's configuration and breaks it.
inline void prepare(const Bridge& bridge, const RepairExample& example) {
  bridge.script("tests/verdict", "[ ! -e refuse ]\n");
  bridge.configure("  - name: Sample\n" + example.engine +
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

inline const std::vector<RepairExample>& repair_examples() {
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
       "    self_test: [ { name: port, command: [grep, -q, \"\\\"port\\\":  8080\", etc/app.json] } ]\n"
       "    repair: { settings: [ { file: etc/app.json, set: { /server/port: 8080, /debug: false } } ] }\n",
       [](const Bridge& bridge) { bridge.write("etc/app.json", "{\n  \"server\": { \"port\":  80 }\n}\n"); },
       [](const Bridge& bridge) {
         EXPECT_EQ(bridge.read("etc/app.json"), "{\n  \"server\": { \"port\":  8080 },\n  \"debug\": false\n}\n");
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
      service_example("service_start", "start: [bin/service, start], stop: [bin/service, stop]", false),
      service_example("service_restart", "restart: [bin/service, restart], check: [bin/service, check]", true),
      service_example("service_reload", "restart: [bin/service, restart], reload: [bin/service, reload]", true),
      service_example("service_stop_start", "start: [bin/service, start], stop: [bin/service, stop]", true),
  };
  return examples;
}

}  // namespace autoheal::testing
