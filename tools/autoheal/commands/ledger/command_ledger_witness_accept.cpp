// ledger witness accept: a checkpoint that witnesses cosigned comes home.
#include <fmt/core.h>

#include <cstdint>
#include <iostream>

#include "autoheal/store/format/signed_note.hpp"
#include "autoheal/store/tlog/add_checkpoint.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/bundle_file.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct WitnessAcceptOptions {
  std::string file, answer;
  std::uint64_t status = 200;
};

constexpr const char* accept_example = R"(
FILE is a checkpoint with signatures of witnesses, or with --answer what `ledger witness request` printed:
  autoheal ledger witness accept request --answer answer --status 200
The cosignatures of configured witnesses are put beside the ledger's own signature of the same checkpoint, once each
verifies; all other lines are left out. `autoheal ledger checkpoint`, /tlog/checkpoint and evidence then carry them.
)";

Result<std::string> note_from(const std::string& file) {
  if (file != "-") return read_evidence_file(file);
  std::string text(store::max_note_bytes + 1, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::cin.gcount()));
  if (text.size() > store::max_note_bytes) return failure(ErrorKind::invalid, "it is too long for a checkpoint");
  return text;
}

// The checkpoint that the witness was asked about, with the signatures of its answer.
Result<std::string> with_answer(std::string_view request, const WitnessAcceptOptions& options) {
  const std::size_t blank = request.find("\n\n");
  if (!request.starts_with("old ") || blank == std::string_view::npos)
    return failure(ErrorKind::invalid, options.file + " is not what `autoheal ledger witness request` prints",
                   "--answer goes with the request that was answered");
  const auto body = read_evidence_file(options.answer);
  AUTOHEAL_TRY(body);
  const auto answer =
      store::read_witness_answer(static_cast<unsigned>(options.status), store::witness_size_type, *body);
  AUTOHEAL_TRY(answer);
  if (const auto* other = std::get_if<store::OtherOldSize>(&*answer))
    return failure(
        ErrorKind::changed, fmt::format("the witness saw {} entries", other->size),
        fmt::format("ask it again from there: `autoheal ledger witness request --old-size {}`", other->size));
  return std::string(request.substr(blank + 2)) + std::get<store::CosignatureLines>(*answer).lines;
}

int run_ledger_witness_accept(const Session& session, const WitnessAcceptOptions& options) {
  auto note = note_from(options.file);
  if (note && !options.answer.empty()) note = with_answer(std::string(*note), options);
  if (!note) return session.fail(note.error());
  OperationBody body;
  body.note = std::move(*note);
  return perform_operation(session, "cosign", std::move(body),
                           [&](const std::string& answer) { return print_said(session, answer); });
}

}  // namespace

void add_ledger_witness_accept(CommandLine& line) {
  auto [command, options] = line.add("ledger witness accept", "keep what witnesses cosigned beside the checkpoint",
                                     Needs::daemon, run_ledger_witness_accept);
  command.footer(accept_example);
  command.argument("file", options.file, "FILE", "the cosigned checkpoint; - reads it from standard input").required();
  const auto answer =
      command.option("--answer", options.answer, "FILE", "the body with which a witness answered the request FILE");
  command.option("--status", options.status, "CODE", "the HTTP status of that answer")
      .within(100, 599)
      .goes_with(answer);
}

}  // namespace autoheal::cli
