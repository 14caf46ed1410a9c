// ledger archive: the oldest part of the ledger goes to a file of its own.
#include <fmt/core.h>

#include <filesystem>

#include "autoheal/engine/system_ports.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct LedgerArchiveOptions {
  std::string before, file;
};

constexpr const char* archive_example = R"(
Example:
  autoheal ledger archive --before 365d --reason 'kept for a year'
moves the oldest entries, up to the last point before which every heal has ended and everything is older than a year,
to <ledger>.archive-FIRST-LAST.tar.gz, with the contents that only they reference. Every hash stays in the ledger, so
all proofs and checkpoints stay valid, and `ledger export --archive FILE` prints the whole ledger again. Pages of the
database become free for new entries; its file does not shrink. Secrets that only archived entries reference are
deleted.
)";

int run_ledger_archive(const Session& session, const LedgerArchiveOptions& options) {
  const auto before = parse_time_argument(options.before, engine::SystemClock().now());
  if (!before)
    return session.fail({ErrorKind::invalid, fmt::format("\"{}\" is not a time", options.before),
                         "expected RFC 3339, a date such as 2026-01-01, or an age such as 365d"});
  OperationBody body;
  body.before_us = before->time_since_epoch().count();
  if (!options.file.empty()) body.file = std::filesystem::absolute(options.file).lexically_normal().string();
  return perform_operation(session, "archive", std::move(body), [&](const std::string& answer) {
    const auto table = read_table_answer(answer);
    if (!table) return session.fail(table.error());
    if (table->rows.empty()) session.console.note("no entry is that old: nothing was archived");
    if (!table->rows.empty() || session.options.output != OutputFormat::text)
      print(session.console, *table, session.options.output);
    return static_cast<int>(exit_done);
  });
}

}  // namespace

void add_ledger_archive(CommandLine& line) {
  auto [command, options] = line.add("ledger archive", "move old entries to a compressed file that still verifies",
                                     Needs::daemon, run_ledger_archive);
  command.footer(archive_example);
  command
      .option("--before", options.before, "TIME", "entries older than this: RFC 3339, a date, or an age such as 365d")
      .required();
  command.option("--to", options.file, "FILE", "the file to write; an existing one is never replaced");
}

}  // namespace autoheal::cli
