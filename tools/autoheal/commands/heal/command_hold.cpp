// hold: an engine is tested, but not healed, for a while.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/heal/brake.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"
#include "tools/autoheal/session/session.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace {

struct HoldOptions {
  BrakeOptions brake;
  std::string time;
};

constexpr const char* hold_example = R"(
Example:
  autoheal hold nginx --for 2h --reason 'new certificate'
Self-tests go on; an engine that fails meanwhile is healed once the hold is over, if it still fails then.
)";

int run_hold(const Session& session, const HoldOptions& options) {
  OperationBody body;
  if (!options.time.empty()) {
    const auto time = parse_age(options.time);
    if (!time) {
      return session.fail({ErrorKind::invalid, fmt::format("\"{}\" is not a time to hold", options.time),
                           "expected for example 30m, 2h or 1d"});
    }
    body.for_us = time->count();
  }
  return work_brake(session, "hold", options.brake, std::move(body));
}

}  // namespace

void add_hold(CommandLine& line) {
  auto [command, options] =
      line.add("hold", "do not heal an engine for a while; its self-tests go on", Needs::daemon, run_hold);
  command.footer(hold_example);
  add_brake_options(command, options.brake);
  command.option("--for", options.time, "TIME", "how long: 30m, 2h, 1d (default: 1h)");
}

}  // namespace autoheal::cli
