// baseline adopt, show, diff: the digests that certification holds an engine to.
#include <algorithm>

#include "autoheal/workflows/supervision/adopted_baseline.hpp"
#include "tools/autoheal/commands/parts/commands.hpp"
#include "tools/autoheal/commands/parts/performed.hpp"
#include "tools/autoheal/healer/adopting.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"
#include "tools/host/real_host.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;

Result<const EngineSpec*> engine_of(const Session& session) {
  const EngineSpec* spec = session.configuration.find(session.options.engine);
  if (spec != nullptr) return spec;
  return failure(ErrorKind::not_found, "there is no engine \"" + session.options.engine + "\"",
                 "`autoheal engines` lists them");
}

void compare(const std::string& kind, const std::map<std::string, std::string>& adopted,
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

Result<Adopted> adopted_of(const Session& session, const EngineSpec& spec) {
  const auto past = open_past(session.configuration);
  AUTOHEAL_TRY(past);
  const auto all = adopted_baselines(*past->ledger, *past->vault);
  AUTOHEAL_TRY(all);
  if (const auto found = all->find(spec.name); found != all->end()) return found->second;
  return failure(ErrorKind::not_found, "nothing was adopted for " + spec.name,
                 "`autoheal baseline adopt " + spec.name + "` records what is there now as right");
}

}  // namespace

int command_baseline_adopt(const Session& session) {
  OperationBody body;
  body.engine = session.options.engine;
  return perform_operation(session, "adopt", std::move(body), [&session](const std::string& answer) {
    const auto table = read_table_answer(answer);
    if (!table) return session.fail(table.error());
    const auto of_kind = [&table](const std::string& kind) {
      return std::to_string(std::ranges::count(table->rows, kind, [](const auto& row) { return row.front(); }));
    };
    session.console.note("adopted for " + session.options.engine + ": " + of_kind("file") + " files, " +
                         of_kind("baseline") + " baselines");
    print(session.console, *table, session.options.output);
    return static_cast<int>(exit_done);
  });
}

int command_baseline_show(const Session& session) {
  if (const int refused = session.require(Permission::read, "read the ledger"); refused != exit_done) return refused;
  const auto spec = engine_of(session);
  if (!spec) return session.fail(spec.error());
  const auto adopted = adopted_of(session, **spec);
  if (!adopted) return session.fail(adopted.error());
  print(session.console, table_of(adopted->baseline), session.options.output);
  return exit_done;
}

int command_baseline_diff(const Session& session) {
  if (const int refused = session.require(Permission::read, "read the ledger"); refused != exit_done) return refused;
  const auto spec = engine_of(session);
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
  compare("file", adopted->baseline.files, now->files, table);
  compare("baseline", adopted->baseline.baselines, now->baselines, table);
  if (table.rows.empty() && session.options.output == OutputFormat::text) {
    session.console.note((*spec)->name + " is as it was adopted");
    return exit_done;
  }
  print(session.console, table, session.options.output);
  return table.rows.empty() ? exit_done : exit_failed;
}

}  // namespace autoheal::cli
