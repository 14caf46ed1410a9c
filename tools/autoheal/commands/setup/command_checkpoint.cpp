// ledger checkpoint, ledger key: what an auditor keeps outside of this host, and what it is checked with.
#include <iostream>

#include "tools/autoheal/commands/parts/commands.hpp"
#include "tools/autoheal/commands/parts/performed.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"

namespace autoheal::cli {

namespace {

int show_nothing(const std::string&) { return exit_done; }

int say(const Session& session, const std::string& answer) {
  const auto sentence = read_said(answer);
  if (!sentence) return session.fail(sentence.error());
  session.console.note(*sentence);
  return exit_done;
}

int show_newest(const Session& session) {
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto newest = past->ledger->newest_checkpoint();
  if (!newest) return session.fail(newest.error());
  if (!*newest) {
    return session.fail(
        {ErrorKind::not_found, "nothing is signed yet", "`autoheal ledger checkpoint --sign` signs the present head"});
  }
  std::cout << (*newest)->note << std::flush;  // byte for byte: no line is added
  return exit_done;
}

}  // namespace

int command_ledger_checkpoint(const Session& session) {
  if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
    return refused;
  if (session.options.accept_rollback) {
    const auto told = [&](const std::string& answer) { return say(session, answer); };
    if (const int code = perform_operation(session, "accept_rollback", {}, told); code != exit_done) return code;
  } else if (session.options.sign) {
    if (const int code = perform_operation(session, "sign", {}, show_nothing); code != exit_done) return code;
  }
  return show_newest(session);
}

int command_ledger_key(const Session& session) {
  if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
    return refused;
  if (session.options.rotate) {
    if (const int code = perform_operation(session, "rotate_key", {}, show_nothing); code != exit_done) return code;
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

}  // namespace autoheal::cli
