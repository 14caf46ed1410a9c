// ledger prove: evidence for people who do not have the ledger.
#include <filesystem>
#include <fstream>

#include "autoheal/store/evidence/ledger_proofs.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "tools/autoheal/commands/parts/commands.hpp"
#include "tools/autoheal/healer/archived_lines.hpp"
#include "tools/autoheal/output/new_file.hpp"
#include "tools/autoheal/session/archived_ranges.hpp"

namespace autoheal::cli {

namespace {

using store::InclusionProof;
using store::LedgerReader;
using store::SignedHead;

// The leaf rides along, so that the file can be checked without the ledger; the hash says whether it is the right one.
std::string text_of(const InclusionProof& proof, const SignedHead& head, const std::string& format) {
  if (format == "json") return to_json(proof) + "\n";
  return to_text(store::TlogProof{proof.index, proof.hashes, head.note, proof.leaf});
}

// From its row, or from its line in an archive.
Result<InclusionProof> proof_of(const Session& session, const LedgerReader& ledger, const SignedHead& head,
                                engine::Position seq) {
  auto proof = prove_entry(ledger, seq, head.checkpoint.head);
  if (proof || proof.error().kind != ErrorKind::not_found) return proof;
  if (session.options.archives.empty()) {
    if (auto archived = archived_entry(ledger, seq.value)) return std::unexpected(std::move(*archived));
    return proof;
  }
  const auto lines = lines_in_archives(ledger, session.options.archives,
                                       [&](engine::Position one, std::string_view) { return one == seq; });
  AUTOHEAL_TRY(lines);
  return lines->empty() ? proof : prove_line(ledger, seq, lines->front().line, head.checkpoint.head);
}

// The same of a heal; its whole id is asked for where it was archived.
Result<std::vector<InclusionProof>> proofs_of(const Session& session, const LedgerReader& ledger,
                                              const SignedHead& head) {
  const std::string& written = session.options.heal;
  const auto heal = find_heal(ledger, written);
  if (heal) return prove_stream(ledger, *heal, head.checkpoint.head);
  if (session.options.archives.empty()) return std::unexpected(heal.error());
  const auto lines = lines_in_archives(ledger, session.options.archives,
                                       [&](engine::Position, std::string_view stream) { return stream == written; });
  AUTOHEAL_TRY(lines);
  if (lines->empty()) return std::unexpected(heal.error());
  std::vector<InclusionProof> proofs;
  for (const LineOfArchive& line : *lines) {
    auto proof = prove_line(ledger, line.seq, line.line, head.checkpoint.head);
    AUTOHEAL_TRY(proof);
    proofs.push_back(std::move(*proof));
  }
  return proofs;
}

int prove_one(const Session& session, const LedgerReader& ledger, const SignedHead& head, std::uint64_t seq) {
  const auto proof = proof_of(session, ledger, head, {seq});
  if (!proof) return session.fail(proof.error());
  std::string text = text_of(*proof, head, session.options.format);
  text.pop_back();  // the console ends the line
  session.console.data(text);
  return exit_done;
}

Result<void> write_proofs(const std::filesystem::path& folder, const std::vector<InclusionProof>& proofs,
                          const SignedHead& head, const std::string& key, const std::string& format) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) return failure(ErrorKind::unavailable, folder.string() + " cannot be made: " + problem.message());
  std::string leaves;
  for (const InclusionProof& proof : proofs) {
    const std::string name = std::to_string(proof.index + 1) + (format == "json" ? ".json" : ".tlog-proof");
    if (auto written = write_new_file(folder / name, text_of(proof, head, format)); !written) return written;
    leaves += proof.leaf + "\n";
  }
  if (auto written = write_new_file(folder / "entries.jsonl", leaves); !written) return written;
  if (auto written = write_new_file(folder / "checkpoint", head.note); !written) return written;
  return write_new_file(folder / "key", key + "\n");
}

int prove_heal(const Session& session, const LedgerReader& ledger, const SignedHead& head) {
  if (session.options.out.empty()) {
    return session.fail({ErrorKind::invalid, "--heal gives one proof for each entry, and no folder is named for them",
                         "autoheal ledger prove --heal " + session.options.heal + " --out DIR"});
  }
  const auto proofs = proofs_of(session, ledger, head);
  if (!proofs) return session.fail(proofs.error());
  const auto key = ledger.meta("verifier_key");
  if (!key) return session.fail(key.error());
  const auto folder = std::filesystem::absolute(session.options.out);
  if (auto written = write_proofs(folder, *proofs, head, *key, session.options.format); !written)
    return session.fail(written.error());
  session.console.note(std::to_string(proofs->size()) + " proofs are in " + folder.string() +
                       ", with their entries, the checkpoint and the key");
  return exit_done;
}

int prove_from(const Session& session, const LedgerReader& ledger, const SignedHead& head, std::uint64_t old_size) {
  const auto proof = prove_growth(ledger, old_size, head.checkpoint.head);
  if (!proof) return session.fail(proof.error());
  session.console.data(to_json(*proof));
  return exit_done;
}

}  // namespace

int command_ledger_prove(const Session& session) {
  if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
    return refused;
  const Options& options = session.options;
  const int questions = int{options.seq.has_value()} + int{!options.heal.empty()} + int{options.from.has_value()};
  if (questions != 1) {
    session.console.error({ErrorKind::invalid, "one of --seq N, --heal HEAL and --from SIZE says what is to be proved",
                           "autoheal ledger prove --help"},
                          exit_usage);
    return exit_usage;
  }
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto head = store::newest_signed_head(*past->ledger);
  if (!head) return session.fail(head.error());
  if (options.seq) return prove_one(session, *past->ledger, *head, *options.seq);
  if (options.from) return prove_from(session, *past->ledger, *head, *options.from);
  return prove_heal(session, *past->ledger, *head);
}

}  // namespace autoheal::cli
