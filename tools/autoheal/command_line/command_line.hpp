// The program's arguments: every command, option and help text, and nothing that acts.
#pragma once

#include <optional>

#include "tools/autoheal/command_line/options.hpp"

namespace autoheal::cli {

struct Parsed {
  Options options;
  std::optional<int> exit_code;  // set: help, version or a usage error was printed; do nothing more
};

// Prints help to stdout and usage errors to stderr.
[[nodiscard]] Parsed parse_command_line(int argc, char** argv);

}  // namespace autoheal::cli
