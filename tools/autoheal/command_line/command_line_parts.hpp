// What the files that describe the command line share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tools/autoheal/command_line/options.hpp"

namespace autoheal::cli {

// One command: its callback notes its name, so that exactly one is chosen.
CLI::App* command(CLI::App& parent, Options& options, const std::string& name, const std::string& help);

void add_replay(CLI::App& app, Options& options);
void add_diff(CLI::App& app, Options& options);

}  // namespace autoheal::cli
