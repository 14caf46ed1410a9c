// Visitors over a specification: every probe, program and target in it, wherever it is configured. A new place is added
// here, and every walk finds it.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::workflows {

// Calls `visit(probe)` for the probes of the self-test and for those of `repair.checks`.
template <class Spec, class Visit>
void for_each_probe(Spec& spec, const Visit& visit) {
  for (auto& probe : spec.self_test) visit(probe);
  for (auto& probe : spec.repair.checks) visit(probe);
}

// Calls `visit(what)` for those of one kind, for example `for_each_probe_of<EnvProbe>(spec, ...)`.
template <class Kind, class Spec, class Visit>
void for_each_probe_of(Spec& spec, const Visit& visit) {
  for_each_probe(spec, [&visit](auto& probe) {
    if (auto* what = std::get_if<Kind>(&probe.what)) visit(*what);
  });
}

// The program that a probe runs, or null.
template <class AnyProbe>
[[nodiscard]] auto program_of(AnyProbe& probe) -> decltype(&std::get<CommandProbe>(probe.what).run) {
  if (auto* command = std::get_if<CommandProbe>(&probe.what)) return &command->run;
  if (auto* plugin = std::get_if<PluginProbe>(&probe.what)) return &plugin->run;
  return nullptr;
}

// Calls `visit(run)` for the programs that act on one service.
template <class Service, class Visit>
void for_each_program_of_service(Service& service, const Visit& visit) {
  for (auto* run : {&service.restart, &service.start, &service.stop, &service.reload, &service.check}) {
    if (*run) visit(**run);
  }
}

// Calls `visit(hook)` for each act of a platform and its undo: a program or a call.
template <class Spec, class Visit>
void for_each_hook(Spec& spec, const Visit& visit) {
  for (auto& platform : spec.repair.platform) {
    visit(platform.act);
    if (platform.undo) visit(*platform.undo);
  }
}

// Calls `visit(run)` for every program of the specification, also for those of services that it needs.
template <class Spec, class Visit>
void for_each_program(Spec& spec, const Visit& visit) {
  const auto if_any = [&visit](auto* run) {
    if (run != nullptr) visit(*run);
  };
  const auto if_set = [&visit](auto& run) {
    if (run) visit(*run);
  };
  for_each_probe(spec, [&](auto& probe) { if_any(program_of(probe)); });
  for (auto& build : spec.repair.build) visit(build.run);
  for_each_hook(spec, [&](auto& hook) { if_any(std::get_if<ProgramRun>(&hook)); });
  for (auto& other : spec.repair.services) for_each_program_of_service(other.service, visit);
  for (auto& file : spec.repair.files) if_set(file.validate);
  if (spec.repair.service) for_each_program_of_service(*spec.repair.service, visit);
  for (auto& command : spec.repair.commands) {
    visit(command.run);
    if_set(command.undo);
    if_set(command.capture);
  }
  for (auto& test : spec.certify.tests) visit(test.command);
}

// Calls `visit(path, repair)` for every place below the root that a repair changes. The outputs of a build may be
// globs; `repair` says what kind it is.
template <class Visit>
void for_each_target(const EngineSpec& spec, const Visit& visit) {
  for (const ReleaseRepair& one : spec.repair.release) visit(one.link, one);
  for (const StateRepair& one : spec.repair.state) visit(one.path, one);
  for (const BuildRepair& one : spec.repair.build) {
    for (const std::string& output : one.outputs) visit(output, one);
  }
  for (const FileRepair& one : spec.repair.files) visit(one.path, one);
  for (const EnvRepair& one : spec.repair.env) visit(one.file, one);
  for (const SettingsRepair& one : spec.repair.settings) visit(one.file, one);
  for (const LinkRepair& one : spec.repair.links) visit(one.path, one);
  for (const PolicyRepair& one : spec.repair.policy) visit(one.path, one);
}

}  // namespace autoheal::workflows
