// ledger export, ledger verify: the record itself.
#include "replay/legal_paths.hpp"
#include "store/export.hpp"
#include "store/strict_text.hpp"
#include "store/verify.hpp"
#include "tools/autoheal/commands.hpp"
#include "tools/autoheal/printable.hpp"
#include "workflows/json_writer.hpp"

namespace autoheal::cli {

int command_ledger_export(const Session& session) {
  if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
    return refused;
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  store::ExportRange range;
  if (session.options.since_seq > 0) range.after = {session.options.since_seq - 1};
  const bool as_hex = session.options.leaves_hex;
  const auto count = store::export_lines(*past->ledger, range, [&](std::string_view line, const engine::Entry&) {
    session.console.data(as_hex ? store::bytes_to_hex(line) : std::string(line));
    return true;
  });
  return count ? exit_done : session.fail(count.error());
}

int command_ledger_verify(const Session& session) {
  if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
    return refused;
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  replay::LegalPaths paths;
  const auto report = store::verify_ledger(
      *past->ledger, [&](const engine::Entry& entry) { return paths.check(entry); },
      [&](engine::Position done, engine::Position head) {
        session.console.progress("verified " + std::to_string(done.value) + " of " + std::to_string(head.value) +
                                 " entries");
      });
  session.console.end_progress();
  if (!report) return session.fail(report.error());
  if (session.console.json()) {
    workflows::JsonWriter out;
    out.begin_object()
        .field("ledger", past->ledger->id())
        .field("entries", report->entries)
        .field("sound", report->sound());
    out.key("problems").begin_array();
    for (const std::string& problem : report->problems) out.value(problem);
    session.console.data(out.end_array().end_object().take());
  } else {
    for (const std::string& problem : report->problems)
      session.console.data(session.console.paint(Tone::bad, "✗ ") + printable(problem));
    const std::string what =
        std::to_string(report->entries) + " entries: sequence, stream versions, data and the paths of every heal";
    session.console.data(report->sound()
                             ? session.console.paint(Tone::good, "✓ ") + what + " are in order"
                             : session.console.paint(Tone::bad, "the ledger does not verify") + " (" + what + ")");
  }
  return report->sound() ? exit_done : exit_failed;
}

}  // namespace autoheal::cli
