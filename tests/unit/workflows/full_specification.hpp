// A specification that has a program, a call and a value wherever there can be one, each with secrets of its own.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::testing {

inline std::string planted(const std::string& place) { return "planted-" + place; }

inline workflows::ProgramRun named_program(const std::string& name) {
  workflows::ProgramRun run;
  run.argv = {name, "--password", planted(name + "-argument")};
  run.environment = {{"API_TOKEN", planted(name + "-environment")}};
  return run;
}

inline workflows::HttpCall named_call(const std::string& name) {
  workflows::HttpCall call;
  call.url = "http://user:" + planted(name + "-url") + "@localhost/";
  call.body = "token=" + planted(name + "-body");
  return call;
}

inline workflows::ServiceRepair named_service(const std::string& name) {
  workflows::ServiceRepair service;
  service.restart = named_program(name + "-restart");
  service.start = named_program(name + "-start");
  service.stop = named_program(name + "-stop");
  service.reload = named_program(name + "-reload");
  service.check = named_program(name + "-check");
  return service;
}

inline std::vector<workflows::Probe> named_probes(const std::string& name) {
  using namespace workflows;
  HttpProbe web;
  web.url = "http://user:" + planted(name + "-url") + "@localhost/";
  web.headers = {{"Authorization", "Bearer " + planted(name + "-bearer")}, {"X-Token", planted(name + "-header")}};
  std::vector<Probe> probes;
  const auto add = [&](decltype(Probe::what) what) { probes.emplace_back().what = std::move(what); };
  add(CommandProbe{named_program(name + "-command")});
  add(PluginProbe{named_program(name + "-plugin")});
  add(web);
  add(EnvProbe{".env", {}, {{"DB_PASSWORD", planted(name + "-env")}}});
  add(SettingsProbe{"a.json", {{"/db/password", "\"" + planted(name + "-settings") + "\""}}, {}});
  return probes;
}

inline workflows::EngineSpec full_specification() {
  workflows::EngineSpec spec;
  spec.self_test = named_probes("test");
  spec.repair.checks = named_probes("check");
  spec.repair.build = {{named_program("build"), {"out/*", "lib"}, {}}};
  spec.repair.platform = {{named_program("act"), named_program("undo-act")},
                          {named_call("call"), named_call("undo-call")}};
  spec.repair.services = {{"store", "/", named_service("needed")}};
  spec.repair.files.emplace_back().validate = named_program("validate");
  spec.repair.env = {{".env", {{"DB_PASSWORD", {planted("env"), {}}}}, {}, {}}};
  spec.repair.settings = {{"a.json", {{"/db/password", "\"" + planted("settings") + "\""}}}};
  spec.repair.service = named_service("own");
  spec.repair.commands = {{named_program("run"), named_program("undo"), named_program("capture")}};
  workflows::TestSpec& test = spec.certify.tests.emplace_back();
  test.command = named_program("test");
  test.matrix = {{"db_password", {planted("cell-one"), planted("cell-two")}}};
  return spec;
}

}  // namespace autoheal::testing
