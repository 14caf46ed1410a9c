// config help: every field of the configuration.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/config/describe_fields.hpp"

namespace autoheal::cli {

namespace {

struct ConfigHelpOptions {
  bool markdown = false;
};

int run_config_help(const Session& session, const ConfigHelpOptions& options) {
  session.console.data(options.markdown ? config::reference_page() : config::field_reference());
  return exit_done;
}

}  // namespace

void add_config_help(CommandLine& line) {
  auto [command, options] =
      line.add("config help", "every field, what it means and its default", Needs::nothing, run_config_help);
  command.flag("--markdown", options.markdown, "as a page of Markdown: docs/configuration.md");
}

}  // namespace autoheal::cli
