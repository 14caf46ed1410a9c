// reset: the failed heals of an engine count no longer.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/heal/brake.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

int run_reset(const Session& session, const BrakeOptions& options) { return work_brake(session, "reset", options); }

}  // namespace

void add_reset(CommandLine& line) {
  auto [command, options] =
      line.add("reset", "forget failed heals: the next heal need not wait, and failures are counted from zero",
               Needs::daemon, run_reset);
  add_brake_options(command, options);
}

}  // namespace autoheal::cli
