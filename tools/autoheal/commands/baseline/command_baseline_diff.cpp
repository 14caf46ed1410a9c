// baseline diff: how the files differ from what was adopted.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/baseline/adopted_digests.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"
#include "tools/autoheal/healer/adopt_baseline.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/host/real_host.hpp"

namespace autoheal::cli {

namespace {

void compare_digests(const std::string& kind, const std::map<std::string, std::string>& adopted,
                     const std::map<std::string, std::string>& now, Table& table) {
  for (const auto& [path, digest] : adopted) {
    const auto found = now.find(path);
    if (found == now.end()) {
      table.rows.push_back({kind, path, "missing"});
    } else if (found->second != digest) {
      table.rows.push_back({kind, path, "differs"});
    }
  }
  for (const auto& [path, digest] : now) {
    if (!adopted.contains(path)) table.rows.push_back({kind, path, "not adopted"});
  }
}

int run_baseline_diff(const Session& session, const EngineArgument& options) {
  const auto spec = named_engine(session, options.engine);
  if (!spec) return session.fail(spec.error());
  const auto adopted = adopted_of(session, **spec);
  if (!adopted) return session.fail(adopted.error());
  // Keyed digests of env files need the vault's key: read-only is enough.
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  host::RealHost host(
      {.blobs = *past->vault, .own_files = {session.configuration.settings.ledger}, .at_step = {}, .program = {}});
  const auto now = baseline_as_it_is(host, **spec);
  if (!now) return session.fail(now.error());
  Table table{{"kind", "path", "difference"}, {}};
  compare_digests("file", adopted->baseline.files, now->files, table);
  compare_digests("baseline", adopted->baseline.baselines, now->baselines, table);
  if (table.rows.empty() && session.options.output == OutputFormat::text) {
    session.console.note((*spec)->name + " is as it was adopted");
    return exit_done;
  }
  print(session.console, table, session.options.output);
  return table.rows.empty() ? exit_done : exit_failed;
}

}  // namespace

void add_baseline_diff(CommandLine& line) {
  auto [command, options] = line.add("baseline diff", "how the files differ from what was adopted; exit 1 if they do",
                                     Needs::record, run_baseline_diff);
  add_engine_argument(command, options.engine).required();
}

}  // namespace autoheal::cli
