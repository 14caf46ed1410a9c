// ledger export: the record itself.
#include "autoheal/store/format/strict_text.hpp"
#include "autoheal/store/ledger/export.hpp"
#include "tools/autoheal/commands/parts/commands.hpp"
#include "tools/autoheal/healer/archived_lines.hpp"
#include "tools/autoheal/session/archived_ranges.hpp"

namespace autoheal::cli {

int command_ledger_export(const Session& session) {
  if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
    return refused;
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  store::ExportRange range;
  if (session.options.since_seq > 0) range.after = {session.options.since_seq - 1};
  const bool as_hex = session.options.leaves_hex;
  const auto print = [&](std::string_view line) {
    session.console.data(as_hex ? store::bytes_to_hex(line) : std::string(line));
  };
  if (session.options.archives.empty()) {
    if (auto gap = archived_entry(*past->ledger, range.after.value + 1))
      session.console.note("not all is here: " + gap->message + " (autoheal ledger export " + gap->hint + ")");
  } else {
    const auto done = export_archives(*past->ledger, session.options.archives, range.after, print);
    if (!done) return session.fail(done.error());
    range.after = *done;
  }
  const auto count = store::export_lines(*past->ledger, range, [&](std::string_view line, const engine::Entry&) {
    print(line);
    return true;
  });
  return count ? exit_done : session.fail(count.error());
}

}  // namespace autoheal::cli
