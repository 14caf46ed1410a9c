// baseline show: what was adopted.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/baseline/adopted_digests.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"
#include "tools/autoheal/healer/adopt_baseline.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

int run_baseline_show(const Session& session, const EngineArgument& options) {
  const auto spec = named_engine(session, options.engine);
  if (!spec) return session.fail(spec.error());
  const auto adopted = adopted_of(session, **spec);
  if (!adopted) return session.fail(adopted.error());
  print(session.console, table_of(adopted->baseline), session.options.output);
  return exit_done;
}

}  // namespace

void add_baseline_show(CommandLine& line) {
  auto [command, options] = line.add("baseline show", "what was adopted", Needs::record, run_baseline_show);
  add_engine_argument(command, options.engine).required();
}

}  // namespace autoheal::cli
