// cancel: ends an open heal.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/heal/printed_heal.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

int run_cancel(const Session& session, const HealArgument& options) {
  OperationBody body;
  body.heal = options.heal;
  return perform_operation(session, "cancel", std::move(body), [&session](const std::string& answer) {
    const auto result = read_heal_answer(answer);
    if (!result || !*result) return session.fail(result ? Error{ErrorKind::corrupt, "no answer", {}} : result.error());
    print_heal_result(session, **result);
    return static_cast<int>(exit_done);
  });
}

}  // namespace

void add_cancel(CommandLine& line) {
  auto [command, options] =
      line.add("cancel", "end an open heal; what it changed is rolled back", Needs::daemon, run_cancel);
  add_heal_argument(command, options.heal).required();
}

}  // namespace autoheal::cli
