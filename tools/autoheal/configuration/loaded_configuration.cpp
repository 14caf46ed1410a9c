#include "tools/autoheal/configuration/loaded_configuration.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "tools/config/yaml_tree.hpp"

namespace autoheal::cli {

namespace {

std::string digest_of_own_file() {
  const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  Sha256Stream stream;
  const auto read = read_in_pieces(file.get(), [&](std::string_view piece) {
    stream.update(piece.data(), piece.size());
    return true;
  });
  if (!read) return {};
  return "sha256:" + to_hex(stream.finish());
}

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> values;
  for (const char* name : {"AUTOHEAL_MAX_RETRIES", "AUTOHEAL_RETRY_DELAY", "AUTO_HEAL_ON", "AUTOHEAL_LEDGER"}) {
    if (const char* value = std::getenv(name)) values[name] = value;
  }
  return values;
}

// Who owns the ledger, or would create it.
std::string ledger_owner(const std::string& ledger, const Caller& caller) {
  struct stat found{};
  return ::stat(ledger.c_str(), &found) == 0 ? os_user_name(found.st_uid) : caller.os_user;
}

}  // namespace

const std::string& sha256_of_this_program() {
  static const std::string digest = digest_of_own_file();
  return digest;
}

const workflows::EngineSpec* LoadedConfiguration::find(const std::string& engine) const {
  const auto found = std::ranges::find(settings.engines, engine, &workflows::EngineSpec::name);
  return found == settings.engines.end() ? nullptr : &*found;
}

std::string configuration_file(const Options& options) {
  if (!options.config_file.empty()) return options.config_file;
  if (const char* named = std::getenv("AUTOHEAL_CONFIG"); named != nullptr && *named != 0) return named;
  std::error_code ignored;
  return std::filesystem::exists("autoheal.yaml", ignored) ? "autoheal.yaml" : "/etc/autoheal/autoheal.yaml";
}

LoadedConfiguration nothing_loaded() {
  LoadedConfiguration nothing;
  nothing.environment = environment();
  nothing.caller = caller_of_this_process();
  std::error_code unknown;
  nothing.program = std::filesystem::read_symlink("/proc/self/exe", unknown).string();
  return nothing;
}

Result<LoadedConfiguration> load_configuration(const Options& options) {
  LoadedConfiguration loaded = nothing_loaded();
  config::LoadPorts ports;
  ports.environment = loaded.environment;
  ports.keep_baseline = [&loaded](std::string content) {
    auto name = sha256_name(content);
    loaded.baselines.emplace(name, std::move(content));
    return name;
  };
  const std::string file = configuration_file(options);
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return failure(ErrorKind::invalid, "there is no configuration " + file,
                   "name one with -c FILE or $AUTOHEAL_CONFIG; `autoheal config help` lists every field");
  }
  auto settings = config::load(file, ports);
  if (!settings) {
    return failure(ErrorKind::invalid, to_text(settings.error()),
                   "`autoheal config help` lists every field and what it takes");
  }
  loaded.settings = std::move(*settings);
  loaded.settings.principals.ledger_owner = ledger_owner(loaded.settings.ledger, loaded.caller);
  loaded.principal = loaded.settings.principals.of_os_user(loaded.caller.os_user);
  return loaded;
}

Result<LoadedConfiguration> configuration_of_stdin(const LoadedConfiguration& in_force) {
  std::string text(config::largest_file_bytes + 1, '\0');
  const auto size = read_up_to(STDIN_FILENO, text);
  if (!size) return failure(ErrorKind::invalid, "the configuration cannot be read from stdin");
  text.resize(*size);
  const config::Configuration& known = in_force.settings;
  auto settings = config::load_uploaded({std::move(text), known.file, known.baselines});
  if (!settings) return failure(ErrorKind::invalid, to_text(settings.error()), "it is judged without any other file");
  LoadedConfiguration loaded = nothing_loaded();
  loaded.settings = std::move(*settings);
  loaded.baselines = in_force.baselines;
  loaded.settings.principals.ledger_owner = known.principals.ledger_owner;
  return loaded;
}

}  // namespace autoheal::cli
