// ledger witness add: whose cosignatures count.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/ledger/witness_argument.hpp"
#include "tools/autoheal/commands/parts/bundle_file.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* add_example = R"(
Example:
  autoheal ledger witness add 'witness.example/w1+586d0b9a+BBQz...' --reason 'agreed with their operator'
KEY is the verifier key of the witness (type 4), by a way that you trust, or a file that holds it. Give its operator the
line of `autoheal ledger key`. Cosignatures of others are never kept.
)";

int run_ledger_witness_add(const Session& session, const WitnessArgument& options) {
  const auto keys = verifier_keys({options.key});
  if (!keys) return session.fail(keys.error());
  OperationBody body;
  body.key = keys->front().text();
  return perform_operation(session, "add_witness", std::move(body),
                           [&](const std::string& answer) { return print_said(session, answer); });
}

}  // namespace

void add_ledger_witness_add(CommandLine& line) {
  auto [command, options] = line.add("ledger witness add", "a witness whose cosignatures of the ledger's head are kept",
                                     Needs::daemon, run_ledger_witness_add);
  command.footer(add_example);
  command.argument("key", options.key, "KEY", "the verifier key of the witness, or a file with it").required();
}

}  // namespace autoheal::cli
