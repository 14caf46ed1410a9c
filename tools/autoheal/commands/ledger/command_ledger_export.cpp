// ledger export: the record itself.
#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/ledger/export.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"
#include "tools/autoheal/healer/archived_lines.hpp"
#include "tools/autoheal/session/archived_ranges.hpp"
#include "tools/autoheal/session/session.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace {

struct LedgerExportOptions {
  bool leaves_hex = false;
  std::uint64_t since_seq = 0;
  std::vector<std::string> archives;
};

int run_ledger_export(const Session& session, const LedgerExportOptions& options) {
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  store::ExportRange range;
  if (options.since_seq > 0) range.after = {options.since_seq - 1};
  const bool as_hex = options.leaves_hex;
  const auto print = [&](std::string_view line) {
    session.console.data(as_hex ? store::bytes_to_hex(line) : std::string(line));
  };
  if (options.archives.empty()) {
    if (auto gap = archived_entry(*past->ledger, range.after.value + 1))
      session.console.note(
          fmt::format("the export is not complete: {} (autoheal ledger export {})", gap->message, gap->hint));
  } else {
    const auto done = export_archives(*past->ledger, options.archives, range.after, print);
    if (!done) return session.fail(done.error());
    range.after = *done;
  }
  const auto count = store::export_lines(*past->ledger, range, [&](std::string_view line, const engine::Entry&) {
    print(line);
    return true;
  });
  return count ? exit_done : session.fail(count.error());
}

}  // namespace

void add_ledger_export(CommandLine& line) {
  auto [command, options] = line.add("ledger export", "every entry as its exact line of JSON: a leaf of the tree",
                                     Needs::record, run_ledger_export);
  command.flag("--leaves-hex", options.leaves_hex,
               "each line's bytes as lower-case hex, for tools that read leaves so");
  command.option("--since-seq", options.since_seq, "N", "only entries from this sequence number on");
  add_archives(command, options.archives);
}

}  // namespace autoheal::cli
