// Arguments and options that several commands take.
#pragma once

#include <string>
#include <vector>

#include "tools/autoheal/command_line/command_line.hpp"

namespace autoheal::cli {

struct EngineArgument {
  std::string engine;
};
struct HealArgument {
  std::string heal;
};

DeclaredOption add_engine_argument(const DeclaredCommand& command, std::string& engine);
DeclaredOption add_heal_argument(const DeclaredCommand& command, std::string& heal);
DeclaredOption add_archives(const DeclaredCommand& command, std::vector<std::string>& files);

}  // namespace autoheal::cli
