#include "tools/autoheal/commands/parts/common_arguments.hpp"

namespace autoheal::cli {

DeclaredOption add_engine_argument(const DeclaredCommand& command, std::string& engine) {
  return command.argument("engine", engine, "TEXT", "the engine's name");
}

DeclaredOption add_heal_argument(const DeclaredCommand& command, std::string& heal) {
  return command.argument("heal", heal, "TEXT", "the heal's id, or enough of its beginning; \"last\" is the newest");
}

DeclaredOption add_archives(const DeclaredCommand& command, std::vector<std::string>& files) {
  return command.option("--archive", files, "FILE", "a file with archived entries; may be repeated, in any order");
}

}  // namespace autoheal::cli
