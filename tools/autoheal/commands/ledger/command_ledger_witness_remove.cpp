// ledger witness remove: whose cosignatures count no more.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/ledger/witness_argument.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

int run_ledger_witness_remove(const Session& session, const WitnessArgument& options) {
  OperationBody body;
  body.key = options.key;
  return perform_operation(session, "remove_witness", std::move(body),
                           [&](const std::string& answer) { return print_said(session, answer); });
}

}  // namespace

void add_ledger_witness_remove(CommandLine& line) {
  auto [command, options] = line.add("ledger witness remove", "keep no more cosignatures of a witness", Needs::daemon,
                                     run_ledger_witness_remove);
  command.argument("key", options.key, "KEY", "the key of the witness, or its name if only one has it").required();
}

}  // namespace autoheal::cli
