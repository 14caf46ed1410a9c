// rollback: tries once more to put back what a heal could not.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"
#include "tools/autoheal/session/session.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace {

int run_rollback(const Session& session, const HealArgument& options) {
  OperationBody body;
  body.heal = options.heal;
  return perform_operation(session, "rollback", std::move(body), [&session](const std::string& answer) {
    const auto undone = read_undo_answer(answer);
    if (!undone) return session.fail(undone.error());
    int code = exit_done;
    for (const UndoLine& line : *undone) {
      if (line.status == "foreign" || line.status == "failed") code = exit_failed;
      session.console.data(
          fmt::format("change {}: {}{}", line.number, line.status, line.message.empty() ? "" : ", " + line.message));
    }
    return code;
  });
}

}  // namespace

void add_rollback(CommandLine& line) {
  auto [command, options] =
      line.add("rollback", "try once more to put back what a heal could not", Needs::daemon, run_rollback);
  add_heal_argument(command, options.heal).required();
}

}  // namespace autoheal::cli
