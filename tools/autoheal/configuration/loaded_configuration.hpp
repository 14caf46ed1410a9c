// The configuration as every command gets it: found, read, with the contents of its baselines in hand and the caller's
// place among the principals known.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "autoheal/workflows/spec/roles.hpp"
#include "tools/autoheal/command_line/options.hpp"
#include "tools/autoheal/configuration/caller.hpp"
#include "tools/config/configuration.hpp"

namespace autoheal::cli {

struct LoadedConfiguration {
  config::Configuration settings;
  std::map<engine::BlobName, std::string> baselines;  // content by name, to be kept in the vault before a heal begins
  std::map<std::string, std::string> environment;     // what of ours this process was given, by name
  Caller caller;
  workflows::Principal principal;  // who the caller is here
  std::string program;             // the running autoheal, as an absolute path
  std::optional<Error> unread;     // why the file cannot be used: then roles are the daemon's to judge, and only there

  [[nodiscard]] const workflows::EngineSpec* find(const std::string& engine) const;
};

// Prints every problem to stderr. The error's kind is always `invalid`: exit 78.
[[nodiscard]] Result<LoadedConfiguration> load_configuration(const Options& options);

// The text on stdin, which may name no file of this machine but the baselines of the configuration in force. invalid:
// as above.
[[nodiscard]] Result<LoadedConfiguration> configuration_of_stdin(const LoadedConfiguration& in_force);

// Who calls and what runs, before any file was read.
[[nodiscard]] LoadedConfiguration nothing_loaded();

// $AUTOHEAL_CONFIG, ./autoheal.yaml or /etc/autoheal/autoheal.yaml.
[[nodiscard]] std::string configuration_file(const Options& options);

// "sha256:..." of the file that runs; read when it is first asked for, since most commands need not know. Thread-safe.
[[nodiscard]] const std::string& sha256_of_this_program();

}  // namespace autoheal::cli
