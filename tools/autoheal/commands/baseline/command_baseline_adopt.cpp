// baseline adopt: records the digests of an engine's files and baselines as right.
#include <fmt/core.h>

#include <algorithm>

#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/output/table.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

int run_baseline_adopt(const Session& session, const EngineArgument& options) {
  OperationBody body;
  body.engine = options.engine;
  return perform_operation(session, "adopt", std::move(body), [&](const std::string& answer) {
    const auto table = read_table_answer(answer);
    if (!table) return session.fail(table.error());
    const auto of_kind = [&table](const std::string& kind) {
      return std::to_string(std::ranges::count(table->rows, kind, [](const auto& row) { return row.front(); }));
    };
    session.console.note(
        fmt::format("adopted for {}: {} files, {} baselines", options.engine, of_kind("file"), of_kind("baseline")));
    print(session.console, *table, session.options.output);
    return static_cast<int>(exit_done);
  });
}

}  // namespace

void add_baseline_adopt(CommandLine& line) {
  auto [command, options] = line.add("baseline adopt", "record the digests of an engine's files and baselines as right",
                                     Needs::daemon, run_baseline_adopt);
  add_engine_argument(command, options.engine).required();
}

}  // namespace autoheal::cli
