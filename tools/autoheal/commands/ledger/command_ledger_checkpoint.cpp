// ledger checkpoint: what an auditor keeps outside of this host.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct LedgerCheckpointOptions {
  bool sign = false, accept_rollback = false;
};

constexpr const char* checkpoint_example = R"(
A checkpoint says how many entries there are and under which root, signed. Keep one elsewhere, and nobody can
change what came before it without being found out:
  autoheal ledger checkpoint > 2026-11-24.checkpoint      now
  autoheal ledger verify --checkpoint 2026-11-24.checkpoint --key KEY      a year later
)";

int show_newest(const Session& session) {
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto newest = past->ledger->newest_checkpoint();
  if (!newest) return session.fail(newest.error());
  if (!*newest) {
    return session.fail(
        {ErrorKind::not_found, "nothing is signed yet", "`autoheal ledger checkpoint --sign` signs the present head"});
  }
  session.console.bytes((*newest)->note);
  return exit_done;
}

int run_ledger_checkpoint(const Session& session, const LedgerCheckpointOptions& options) {
  if (options.accept_rollback) {
    const auto told = [&](const std::string& answer) { return print_said(session, answer); };
    if (const int code = perform_operation(session, "accept_rollback", {}, told); code != exit_done) return code;
  } else if (options.sign) {
    if (const int code = perform_operation(session, "sign", {}, print_nothing); code != exit_done) return code;
  }
  return show_newest(session);
}

}  // namespace

void add_ledger_checkpoint(CommandLine& line) {
  const auto needs = [](const LedgerCheckpointOptions& options) {
    return options.sign || options.accept_rollback ? Needs::daemon : Needs::record;
  };
  auto [command, options] = line.add<LedgerCheckpointOptions>(
      "ledger checkpoint", "print the newest signed head of the ledger", needs, run_ledger_checkpoint);
  command.footer(checkpoint_example);
  command.flag("--sign", options.sign, "sign the present head first");
  command.flag("--accept-rollback", options.accept_rollback,
               "the ledger was restored from a backup on purpose: sign it although more was signed before");
}

}  // namespace autoheal::cli
