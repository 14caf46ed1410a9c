// config check: reads the configuration as every command does.
#include <fmt/core.h>

#include "autoheal/engine/base/plural.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

int run_config_check(const Session& session) {
  const config::Configuration& settings = session.configuration.settings;
  session.console.data(session.console.json()
                           ? R"({"valid":true,"digest":")" + settings.digest + R"("})"
                           : fmt::format("{}{} is valid: {}, {}", session.console.paint(Tone::good, "✓ "),
                                         settings.file, plural(settings.engines.size(), "engine"),
                                         plural(settings.files.size(), "file")));
  if (session.console.json()) return exit_done;
  for (const std::string& engine : settings.scheduled_by_default)
    session.console.data(
        fmt::format("  {} is tested every 60 s: it asks a network or a program, and `every` says nothing", engine));
  return exit_done;
}

}  // namespace

void add_config_check(CommandLine& line) {
  line.add("config check", "read it as every command does; says what is wrong and where", Needs::configuration,
           run_config_check);
}

}  // namespace autoheal::cli
