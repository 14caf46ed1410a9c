#include "autoheal/workflows/plan/planning_input.hpp"

#include <algorithm>

namespace autoheal::workflows {

std::string choice_key(const std::string& path, const std::string& name) { return path + '\0' + name; }

std::string secret_key(const std::string& file, const std::string& name) { return file + '\0' + name; }

engine::BlobNaming naming_of_target(const EngineSpec& spec, std::string_view path) {
  const auto is_env_probe = [&](const Probe& probe) {
    const auto* env = std::get_if<EnvProbe>(&probe.what);
    return env != nullptr && env->file == path;
  };
  const bool keyed = std::ranges::any_of(spec.repair.env, [&](const EnvRepair& env) { return env.file == path; }) ||
                     std::ranges::any_of(spec.self_test, is_env_probe) ||
                     std::ranges::any_of(spec.repair.checks, is_env_probe);
  return keyed ? engine::BlobNaming::keyed : engine::BlobNaming::plain;
}

}  // namespace autoheal::workflows
