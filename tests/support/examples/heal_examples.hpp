// One broken engine per repair kind, for every test that wants to see all of them: how to break it, what heals it, and
// a certification that can be told to refuse.
#pragma once

#include "tests/support/worlds/heal_world.hpp"

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

// The self-test of an engine that works when `holds` says so.
inline void tests_with(HealWorld& world, const std::function<bool()>& holds) {
  world.host.install("/tests/works", [holds](const workflows::RunRequest&) { return ended(holds() ? 0 : 1); });
  world.spec.self_test = {probe("works", workflows::CommandProbe{runs({"/tests/works"})})};
}

// A service that systemd runs.
inline void with_unit(HealWorld& w, workflows::ServiceState state) {
  w.host.set_unit("app.service", state);
  const auto order = [](const std::string& verb) {
    workflows::ProgramRun run = runs({"/usr/bin/systemctl", verb, "app.service"});
    run.unit = "app.service";
    return run;
  };
  workflows::ServiceRepair service;
  service.unit = "app.service";
  service.restart = order("restart");
  service.start = order("start");
  service.stop = order("stop");
  w.spec.repair.service = service;
}

// A dead service that can be started and stopped.
inline void with_service(HealWorld& w) {
  w.host.install("/bin/app-start", [&w](const workflows::RunRequest&) {
    w.host.set_service("run/app.pid", true);
    return ended(0);
  });
  w.host.install("/bin/app-stop", [&w](const workflows::RunRequest&) {
    w.host.set_service("run/app.pid", false);
    return ended(0);
  });
  workflows::ServiceRepair service;
  service.start = runs({"/bin/app-start"});
  service.stop = runs({"/bin/app-stop"});
  service.pidfile = "run/app.pid";
  w.spec.repair.service = service;
}

// How each engine is broken, and what heals it.
namespace broken {

using namespace workflows;

inline void files(HealWorld& w) {
  w.host.write("etc/app.conf", "port = oops\n", 0666);
  FileRepair file{"etc/app.conf", "baseline/app.conf", w.baseline("port = 8080\n"), 0640, {}, {}};
  w.spec.repair.files = {file};
  w.spec.self_test = {probe("config", FileProbe{"etc/app.conf", "baseline/app.conf", file.baseline, {}, {}, {}})};
}

inline void new_file_validated(HealWorld& w) {
  FileRepair file{"etc/app.conf", "baseline/app.conf", w.baseline("port = 8080\n"), {}, {}, {}};
  w.spec.repair.files = {file};
  w.spec.self_test = {probe("config", FileProbe{"etc/app.conf", "baseline/app.conf", file.baseline, {}, {}, {}})};
}

inline void env(HealWorld& w) {
  w.host.write(".env", "# ports\nexport PORT='80'\nOLD=1\n", 0600);
  w.host.secret_files["/secrets/db"] = "postgres://u:secret@db";
  w.spec.repair.env = {{".env", {{"PORT", {"8080", {}}}, {"DATABASE_URL", {{}, "/secrets/db"}}}, {"PORT"}, {"OLD"}}};
  w.spec.self_test = {probe("env", EnvProbe{".env", {"DATABASE_URL"}, {{"PORT", "8080"}}})};
}

inline void settings(HealWorld& w) {
  w.host.write("etc/app.yaml", "server:\n  port: 80   # public\n  name: 'web'\n");
  w.spec.repair.settings = {{"etc/app.yaml", {{"/server/port", "8080"}, {"/server/debug", "false"}}}};
  w.host.install("/tests/port", [&w](const RunRequest&) {
    RunOutcome outcome;
    outcome.exit_code = w.host.content("etc/app.yaml").find("port: 8080   # public") != std::string::npos ? 0 : 1;
    return outcome;
  });
  w.spec.self_test = {probe("port", CommandProbe{runs({"/tests/port"})})};
}

inline void settings_probed(HealWorld& w) {
  w.host.write("etc/app.yaml", "server:\n  port:\n  version: 1.1 # of the protocol\n");
  w.spec.repair.settings = {{"etc/app.yaml", {{"/server/port", "8080"}, {"/server/version", "1.10"}}}};
  w.spec.self_test = {probe(
      "settings", SettingsProbe{"etc/app.yaml", {{"/server/port", "8080"}, {"/server/version", "1.10"}}, {"/server"}})};
}

inline void links(HealWorld& w) {
  w.host.make_link("current", "releases/1");
  w.spec.repair.links = {{"current", "releases/2"}, {"fresh", "releases/2"}};
  w.spec.self_test = {probe("link", LinkProbe{"current", "releases/2"})};
}

inline void policy(HealWorld& w) {
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
}

inline void service(HealWorld& w) {
  with_service(w);
  w.spec.self_test = {probe("process", ProcessProbe{"run/app.pid"})};
}

inline void service_of_systemd(HealWorld& w) {
  w.host.write("etc/app.conf", "damaged");
  w.spec.repair.files = {{"etc/app.conf", "baseline/app.conf", w.baseline("right"), {}, {}, {}}};
  with_unit(w, ServiceState::failed);
  tests_with(w, [&w] { return w.host.unit_state("app.service") == ServiceState::running; });
}

inline void commands(HealWorld& w) {
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
  w.host.install("/tests/index", [&w](const RunRequest&) { return ended(w.host.content("index") == "fresh" ? 0 : 1); });
  w.spec.self_test = {probe("index", CommandProbe{runs({"/tests/index"})})};
}

inline void release(HealWorld& w) {
  w.host.make_link("current", "./releases/1.10/app");
  w.host.releases["releases"] = {{"1.2", ""}, {"1.9", ""}, {"1.10", ""}, {"1.11", ""}};
  w.spec.repair.release = {{"current", "releases"}};
  tests_with(w, [&w] { return w.host.file("current")->link_target == "./releases/1.9/app"; });
}

inline void build(HealWorld& w) {
  w.host.write("dist/app.js", "cut off");
  w.host.make_link("dist/latest", "app.js");
  w.host.install("/bin/build", [&w](const RunRequest&) {
    w.host.write("dist/app.js", "whole");
    w.host.write("dist/app.css", "whole");
    w.host.remove("dist/latest");
    return ended(0);
  });
  w.spec.repair.build = {{runs({"/bin/build"}), {"dist/**"}, {}}};
  w.spec.repair.settings = {{"etc/app.json", {{"/port", "8080"}}}};
  w.host.write("etc/app.json", "{}");
  tests_with(w, [&w] { return w.host.content("dist/app.css") == "whole"; });
}

inline void platform(HealWorld& w) {
  w.host.write("instances", "0");
  w.host.answer = [&w](const HttpCall& call, const std::string&) {
    w.host.write("instances", call.body);
    return CallOutcome{true, 204, {}, {}, {}};
  };
  PlatformRepair scale;
  scale.act = HttpCall{"http://platform/scale", "PUT", "3"};
  scale.undo = HttpCall{"http://platform/scale", "PUT", "0"};
  w.spec.repair.platform = {scale};
  tests_with(w, [&w] { return w.host.content("instances") == "3"; });
}

inline void state_restored(HealWorld& w) {
  w.host.write("app.db", "sqlite: no table", 0640);
  w.host.snapshots["/snapshots"] = {
      {"new", "cut off", {}}, {"old", "sqlite: users", {}}, {"oldest", "sqlite: users", {}}};
  w.spec.repair.state = {{"app.db", "/snapshots"}};
  tests_with(w, [&w] { return w.host.content("app.db") == "sqlite: users"; });
}

inline void state_swapped(HealWorld& w) {
  w.host.write("app.db", "garbage", 0640);
  w.host.write("app.db-wal", "of the garbage");
  w.host.snapshots["/snapshots"] = {{"old", "sqlite: users", {}}, {"oldest", "sqlite: users", {}}};
  w.spec.repair.state = {{"app.db", "/snapshots"}};
  with_service(w);
  w.host.set_service("run/app.pid", true);
  tests_with(w, [&w] { return w.host.content("app.db") == "sqlite: users" && !w.host.file("app.db-wal"); });
}

inline void services(HealWorld& w) {
  ServiceOfEngine other{"Queue", "/srv/queue", {}};
  other.service.start = runs({"/bin/queue"});
  other.service.stop = runs({"/bin/queue-stop"});
  other.service.pidfile = "run/queue.pid";
  w.spec.repair.services = {other};
  w.host.install("/bin/queue", [&w](const RunRequest&) {
    w.host.set_service("run/queue.pid", true);
    return ended(0);
  });
  w.host.install("/bin/queue-stop", [&w](const RunRequest&) {
    w.host.set_service("run/queue.pid", false);
    return ended(0);
  });
  w.spec.self_test = {probe("process", ProcessProbe{"run/queue.pid"})};
}

}  // namespace broken

inline const std::vector<HealExample>& heal_examples() {
  static const std::vector<HealExample> examples = {
      {"files", broken::files},
      {"new_file_validated", broken::new_file_validated},
      {"env", broken::env},
      {"settings", broken::settings},
      {"settings_probed", broken::settings_probed},
      {"links", broken::links},
      {"policy", broken::policy},
      {"service", broken::service},
      {"service_of_systemd", broken::service_of_systemd},
      {"commands", broken::commands},
      {"release", broken::release},
      {"build", broken::build},
      {"platform", broken::platform},
      {"state_restored", broken::state_restored},
      {"state_swapped", broken::state_swapped},
      {"services", broken::services},
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
