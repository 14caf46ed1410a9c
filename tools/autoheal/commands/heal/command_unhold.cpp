// unhold: ends a hold.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/heal/brake.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

int run_unhold(const Session& session, const BrakeOptions& options) { return work_brake(session, "unhold", options); }

}  // namespace

void add_unhold(CommandLine& line) {
  auto [command, options] = line.add("unhold", "end a hold", Needs::daemon, run_unhold);
  add_brake_options(command, options);
}

}  // namespace autoheal::cli
