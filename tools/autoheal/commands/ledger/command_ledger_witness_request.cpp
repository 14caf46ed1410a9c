// ledger witness request: the question to a witness, to be carried there by other programs.
#include <iostream>

#include "autoheal/store/tlog/add_checkpoint.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct WitnessRequestOptions {
  std::uint64_t old_size = 0;
};

constexpr const char* request_example = R"(
The body of `POST .../add-checkpoint` (C2SP tlog-witness): the newest checkpoint, with the proof that the ledger which
the witness saw is its beginning:
  autoheal ledger witness request > request
  status=$(curl -s -o answer -w '%{http_code}' --data-binary @request https://witness.example/add-checkpoint)
  autoheal ledger witness accept request --answer answer --status $status
A witness that saw more entries answers with status 409 and the size that --old-size then takes.
)";

int run_ledger_witness_request(const Session& session, const WitnessRequestOptions& options) {
  const auto ledger = store::LedgerReader::open(session.configuration.settings.ledger);
  if (!ledger) return session.fail(ledger.error());
  const auto request = store::add_checkpoint_for(**ledger, options.old_size);
  if (!request) return session.fail(request.error());
  std::cout << to_text(*request) << std::flush;  // byte for byte: no line is added
  return exit_done;
}

}  // namespace

void add_ledger_witness_request(CommandLine& line) {
  auto [command, options] = line.add("ledger witness request", "print what a witness is asked to cosign", Needs::record,
                                     run_ledger_witness_request);
  command.footer(request_example);
  command.option("--old-size", options.old_size, "SIZE", "how many entries the witness saw before (0: none)");
}

}  // namespace autoheal::cli
