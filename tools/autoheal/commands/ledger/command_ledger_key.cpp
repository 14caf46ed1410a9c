// ledger key: what checkpoints are checked with.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct LedgerKeyOptions {
  bool rotate = false;
};

int run_ledger_key(const Session& session, const LedgerKeyOptions& options) {
  if (options.rotate) {
    if (const int code = perform_operation(session, "rotate_key", {}, print_nothing); code != exit_done) return code;
  }
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto key = past->ledger->meta("verifier_key");
  if (!key) return session.fail(key.error());
  if (key->empty()) {
    return session.fail({ErrorKind::not_found, "the ledger has no key yet: it is made with the first signature",
                         "`autoheal ledger checkpoint --sign` signs the present head"});
  }
  session.console.data(*key);
  return exit_done;
}

}  // namespace

void add_ledger_key(CommandLine& line) {
  const auto needs = [](const LedgerKeyOptions& options) { return options.rotate ? Needs::daemon : Needs::record; };
  auto [command, options] = line.add<LedgerKeyOptions>(
      "ledger key", "print the verifier key line that checkpoints are checked with", needs, run_ledger_key);
  command.flag("--rotate", options.rotate, "make a new signing key first; the old one signs the new one");
}

}  // namespace autoheal::cli
