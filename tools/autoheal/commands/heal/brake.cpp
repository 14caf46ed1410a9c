#include "tools/autoheal/commands/heal/brake.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"

#include <fmt/core.h>

#include "tools/autoheal/commands/parts/perform_operation.hpp"

namespace autoheal::cli {

void add_brake_options(const DeclaredCommand& command, BrakeOptions& options) {
  add_engine_argument(command, options.engine);
  command.flag("--all", options.all, "all engines");
}

int work_brake(const Session& session, const std::string& operation, const BrakeOptions& options, OperationBody body) {
  if (options.all == !options.engine.empty()) {
    return session.fail({ErrorKind::invalid, "expected the name of an engine, or --all",
                         fmt::format("for example: autoheal {} --all", operation)});
  }
  body.engine = options.engine;  // empty: all of them
  return perform_operation(session, operation, std::move(body),
                           [&session](const std::string& answer) { return print_said(session, answer); });
}

}  // namespace autoheal::cli
