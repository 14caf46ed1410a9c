// ledger archive: the oldest part of the ledger goes to a file of its own.
#include <filesystem>

#include "autoheal/engine/system_ports.hpp"
#include "tools/autoheal/commands/parts/commands.hpp"
#include "tools/autoheal/commands/parts/performed.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"

namespace autoheal::cli {

int command_ledger_archive(const Session& session) {
  const Options& options = session.options;
  const auto before = parse_time_argument(options.before, engine::SystemClock().now());
  if (!before)
    return session.fail({ErrorKind::invalid, "\"" + options.before + "\" is not a time",
                         "expected RFC 3339, a date such as 2026-01-01, or an age such as 365d"});
  OperationBody body;
  body.before_us = before->time_since_epoch().count();
  if (!options.file.empty()) body.file = std::filesystem::absolute(options.file).lexically_normal().string();
  return perform_operation(session, "archive", std::move(body), [&](const std::string& answer) {
    const auto table = read_table_answer(answer);
    if (!table) return session.fail(table.error());
    if (table->rows.empty()) session.console.note("no entry is that old: nothing was archived");
    if (!table->rows.empty() || options.output != OutputFormat::text) print(session.console, *table, options.output);
    return static_cast<int>(exit_done);
  });
}

}  // namespace autoheal::cli
