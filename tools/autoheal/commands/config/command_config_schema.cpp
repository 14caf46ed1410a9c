// config schema: for editors.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/config/describe_fields.hpp"

namespace autoheal::cli {

namespace {

int run_config_schema(const Session& session) {
  session.console.data(config::json_schema());
  return exit_done;
}

}  // namespace

void add_config_schema(CommandLine& line) {
  line.add("config schema", "its JSON Schema, for editors", Needs::nothing, run_config_schema);
}

}  // namespace autoheal::cli
