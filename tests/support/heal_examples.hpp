// One broken engine per repair kind, for every test that wants to see all of them: how to break it, what heals it, and
// a certification that can be told to refuse.
#pragma once

#include "tests/support/heal_world.hpp"

namespace autoheal::testing {

struct HealExample {
  std::string name;
  std::function<void(HealWorld&)> prepare;
};

inline void PrintTo(const HealExample& example, std::ostream* out) { *out << example.name; }

inline void certify_with(HealWorld& world, int status) {
  workflows::TestSpec test;
  test.name = "smoke";
  test.command = runs({"/tests/smoke", "{mode}"});
  test.matrix = {{"mode", {"fast", "full"}}};
  world.spec.certify.tests = {test};
  world.host.install("/tests/smoke", program(status));
}

inline const std::vector<HealExample>& heal_examples() {
  using namespace workflows;
  static const std::vector<HealExample> examples = {
      {"files",
       [](HealWorld& w) {
         w.host.write("etc/app.conf", "port = oops\n", 0666);
         FileRepair file{"etc/app.conf", "baseline/app.conf", w.baseline("port = 8080\n"), 0640, {}, {}};
         w.spec.repair.files = {file};
         w.spec.self_test = {
             probe("config", FileProbe{"etc/app.conf", "baseline/app.conf", file.baseline, {}, {}, {}})};
       }},
      {"new_file_validated",
       [](HealWorld& w) {
         FileRepair file{"etc/app.conf", "baseline/app.conf", w.baseline("port = 8080\n"), {}, {}, {}};
         w.spec.repair.files = {file};
         w.spec.self_test = {
             probe("config", FileProbe{"etc/app.conf", "baseline/app.conf", file.baseline, {}, {}, {}})};
       }},
      {"env",
       [](HealWorld& w) {
         w.host.write(".env", "# ports\nexport PORT='80'\nOLD=1\n", 0600);
         w.host.secret_files["/secrets/db"] = "postgres://u:secret@db";
         w.spec.repair.env = {
             {".env", {{"PORT", {"8080", {}}}, {"DATABASE_URL", {{}, "/secrets/db"}}}, {"PORT"}, {"OLD"}}};
         w.spec.self_test = {probe("env", EnvProbe{".env", {"DATABASE_URL"}, {{"PORT", "8080"}}})};
       }},
      {"settings",
       [](HealWorld& w) {
         w.host.write("etc/app.yaml", "server:\n  port: 80   # public\n  name: 'web'\n");
         w.spec.repair.settings = {{"etc/app.yaml", {{"/server/port", "8080"}, {"/server/debug", "false"}}}};
         w.host.install("/tests/port", [&w](const RunRequest&) {
           RunOutcome outcome;
           outcome.exit_code =
               w.host.content("etc/app.yaml").find("port: 8080   # public") != std::string::npos ? 0 : 1;
           return outcome;
         });
         w.spec.self_test = {probe("port", CommandProbe{runs({"/tests/port"})})};
       }},
      {"links",
       [](HealWorld& w) {
         w.host.make_link("current", "releases/1");
         w.spec.repair.links = {{"current", "releases/2"}, {"fresh", "releases/2"}};
         w.host.install("/tests/link", [&w](const RunRequest&) {
           RunOutcome outcome;
           outcome.exit_code = w.host.file("current")->link_target == "releases/2" ? 0 : 1;
           return outcome;
         });
         w.spec.self_test = {probe("link", CommandProbe{runs({"/tests/link"})})};
       }},
      {"policy",
       [](HealWorld& w) {
         w.host.write("rules/allow", "allow 10.0.0.0/8\nallow 0.0.0.0/0\n", 0666);
         w.host.write("rules/debug", "x", 0644);
         PolicyRepair modes{"rules/allow", 0640, {}, false, false, {"0\\.0\\.0\\.0/0"}};
         PolicyRepair gone{"rules/debug", {}, {}, false, true, {}};
         w.spec.repair.policy = {modes, gone};
         w.host.install("/tests/rules", [&w](const RunRequest&) {
           RunOutcome outcome;
           const auto file = w.host.file("rules/allow");
           outcome.exit_code =
               file->mode == 0640 && file->content == "allow 10.0.0.0/8\n" && !w.host.file("rules/debug") ? 0 : 1;
           return outcome;
         });
         w.spec.self_test = {probe("rules", CommandProbe{runs({"/tests/rules"})})};
       }},
      {"service",
       [](HealWorld& w) {
         w.host.install("/bin/app-start", [&w](const RunRequest&) {
           w.host.set_service("run/app.pid", true);
           return ended(0);
         });
         w.host.install("/bin/app-stop", [&w](const RunRequest&) {
           w.host.set_service("run/app.pid", false);
           return ended(0);
         });
         ServiceRepair service;
         service.start = runs({"/bin/app-start"});
         service.stop = runs({"/bin/app-stop"});
         service.pidfile = "run/app.pid";
         w.spec.repair.service = service;
         w.spec.self_test = {probe("process", ProcessProbe{"run/app.pid"})};
       }},
      {"commands",
       [](HealWorld& w) {
         w.host.write("index", "stale");
         w.host.install("/bin/rebuild", [&w](const RunRequest& request) {
           w.host.write("index", request.run.argv.at(1));
           return ended(0);
         });
         w.host.install("/bin/show", [&w](const RunRequest&) { return ended(0, w.host.content("index")); });
         CommandRepair command;
         command.run = runs({"/bin/rebuild", "fresh"});
         command.capture = runs({"/bin/show"});
         command.undo = runs({"/bin/rebuild", "{captured}"});
         command.repeatable = true;
         w.spec.repair.commands = {command};
         w.host.install("/tests/index",
                        [&w](const RunRequest&) { return ended(w.host.content("index") == "fresh" ? 0 : 1); });
         w.spec.self_test = {probe("index", CommandProbe{runs({"/tests/index"})})};
       }},
  };
  return examples;
}

inline std::shared_ptr<HealWorld> make_world(const HealExample& example, int certification_status = 0) {
  auto world = std::make_shared<HealWorld>();
  world->spec.name = "Sample";
  world->spec.root = "/srv/sample";
  world->spec.healing.max_retries = 2;
  world->spec.certify.within = Duration{0};
  example.prepare(*world);
  certify_with(*world, certification_status);
  return world;
}

}  // namespace autoheal::testing
