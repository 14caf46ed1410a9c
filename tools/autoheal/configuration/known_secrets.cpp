#include "tools/autoheal/configuration/known_secrets.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <set>

#include "autoheal/workflows/judge/env_readers.hpp"
#include "autoheal/workflows/secrets/secret_literals.hpp"
#include "autoheal/workflows/spec/visit_spec.hpp"
#include "tools/host/facts/target_facts.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;

constexpr std::size_t largest_file_bytes = 64U << 10U;

std::string content_of(const UniqueFd& file, const std::string& name) {
  struct stat found{};
  if (!file || ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
  return host::read_all(file.get(), name, largest_file_bytes).value_or("");
}

std::set<std::string> env_files(const EngineSpec& spec) {
  std::set<std::string> files;
  for (const EnvRepair& env : spec.repair.env) files.insert(env.file);
  for_each_probe_of<EnvProbe>(spec, [&files](const EnvProbe& env) { files.insert(env.file); });
  return files;
}

}  // namespace

void learn_secrets_on_disk(const EngineSpec& spec, SecretMask& mask) {
  constexpr int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  for (const std::string& file : secret_files(spec))
    mask.learn(content_of(UniqueFd(::open(file.c_str(), flags)), file));
  const auto files = env_files(spec);
  if (files.empty()) return;
  const auto root = host::RootFolder::open(spec.root);
  if (!root) return;
  for (const std::string& file : files) {
    const auto opened = root->open_below(file, flags);
    if (!opened) continue;
    for (const auto& [name, value] : all_values_in_env(content_of(*opened, file))) {
      if (is_secret_name(spec.secrets, name)) mask.learn(value);
    }
  }
}

void learn_secrets(const config::Configuration& settings, SecretMask& mask) {
  const SecretMask rules(settings.secrets);
  for (const EngineSpec& spec : settings.engines) {
    for (const std::string& literal : secret_literals(spec, rules)) mask.learn(literal);
    learn_secrets_on_disk(spec, mask);
  }
}

}  // namespace autoheal::cli
