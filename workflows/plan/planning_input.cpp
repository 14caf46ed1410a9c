#include "autoheal/workflows/plan/planning_input.hpp"

#include <algorithm>

#include "autoheal/workflows/spec/visit_spec.hpp"

namespace autoheal::workflows {

std::string choice_key(const std::string& path, const std::string& name) { return path + '\0' + name; }

std::string secret_key(const std::string& file, const std::string& name) { return file + '\0' + name; }

engine::BlobNaming naming_of_target(const EngineSpec& spec, std::string_view path) {
  bool keyed = std::ranges::any_of(spec.repair.env, [&](const EnvRepair& env) { return env.file == path; });
  for_each_probe_of<EnvProbe>(spec, [&](const EnvProbe& env) { keyed = keyed || env.file == path; });
  return keyed ? engine::BlobNaming::keyed : engine::BlobNaming::plain;
}

}  // namespace autoheal::workflows
