// Every command of the program.
#pragma once

#include "tools/autoheal/command_line/command_line.hpp"

namespace autoheal::cli {

// Declares them all, in the order of the help.
void add_commands(CommandLine& line);

}  // namespace autoheal::cli
