// ledger prove: evidence for people who do not have the ledger.
#include <fmt/core.h>

#include <filesystem>

#include "autoheal/store/evidence/ledger_proofs.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"
#include "tools/autoheal/healer/archived_lines.hpp"
#include "tools/autoheal/output/new_file.hpp"
#include "tools/autoheal/session/archived_ranges.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct LedgerProveOptions {
  std::optional<std::uint64_t> seq, from;
  std::string heal, out, format = "tlog-proof";
  std::vector<std::string> archives;
};

constexpr const char* prove_example = R"(
Examples:
  autoheal ledger prove --seq 42 > 42.tlog-proof          that entry 42 is in the signed ledger
  autoheal ledger prove --heal last --out proofs          every entry of a heal
  autoheal ledger prove --from 1000                       that the first 1,000 entries are still the same
Proofs are against the newest checkpoint; `ledger checkpoint --sign` makes one of the present head.
)";

using store::InclusionProof;
using store::LedgerReader;
using store::SignedHead;

// The leaf rides along, so that the file can be checked without the ledger; the hash says whether it is the right one.
std::string text_of(const InclusionProof& proof, const SignedHead& head, const std::string& format) {
  if (format == "json") return to_json(proof) + "\n";
  return to_text(store::TlogProof{proof.index, proof.hashes, head.note, proof.leaf});
}

// From its row, or from its line in an archive.
Result<InclusionProof> proof_of(const LedgerProveOptions& options, const LedgerReader& ledger, const SignedHead& head,
                                engine::Position seq) {
  auto proof = prove_entry(ledger, seq, head.checkpoint.head);
  if (proof || proof.error().kind != ErrorKind::not_found) return proof;
  if (options.archives.empty()) {
    if (auto archived = archived_entry(ledger, seq.value)) return std::unexpected(std::move(*archived));
    return proof;
  }
  const auto lines =
      lines_in_archives(ledger, options.archives, [&](engine::Position one, std::string_view) { return one == seq; });
  AUTOHEAL_TRY(lines);
  return lines->empty() ? proof : prove_line(ledger, seq, lines->front().line, head.checkpoint.head);
}

// The same of a heal; its whole id is asked for where it was archived.
Result<std::vector<InclusionProof>> proofs_of(const LedgerProveOptions& options, const LedgerReader& ledger,
                                              const SignedHead& head) {
  const std::string& written = options.heal;
  const auto heal = find_heal(ledger, written);
  if (heal) return prove_stream(ledger, *heal, head.checkpoint.head);
  if (options.archives.empty()) return std::unexpected(heal.error());
  const auto lines = lines_in_archives(ledger, options.archives,
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

int prove_one(const Session& session, const LedgerProveOptions& options, const LedgerReader& ledger,
              const SignedHead& head) {
  const auto proof = proof_of(options, ledger, head, {*options.seq});
  if (!proof) return session.fail(proof.error());
  std::string text = text_of(*proof, head, options.format);
  text.pop_back();  // the console ends the line
  session.console.data(text);
  return exit_done;
}

Result<void> write_proofs(const std::filesystem::path& folder, const std::vector<InclusionProof>& proofs,
                          const SignedHead& head, const std::string& key, const std::string& format) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem)
    return failure(ErrorKind::unavailable, fmt::format("{} cannot be made: {}", folder.string(), problem.message()));
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

int prove_heal(const Session& session, const LedgerProveOptions& options, const LedgerReader& ledger,
               const SignedHead& head) {
  if (options.out.empty()) {
    return session.fail({ErrorKind::invalid, "--heal gives one proof for each entry, and no folder is named for them",
                         fmt::format("autoheal ledger prove --heal {} --out DIR", options.heal)});
  }
  const auto proofs = proofs_of(options, ledger, head);
  if (!proofs) return session.fail(proofs.error());
  const auto key = ledger.meta("verifier_key");
  if (!key) return session.fail(key.error());
  const auto folder = std::filesystem::absolute(options.out);
  if (auto written = write_proofs(folder, *proofs, head, *key, options.format); !written)
    return session.fail(written.error());
  session.console.note(fmt::format("{} proofs are in {}, with their entries, the checkpoint and the key",
                                   proofs->size(), folder.string()));
  return exit_done;
}

int prove_from(const Session& session, const LedgerReader& ledger, const SignedHead& head, std::uint64_t old_size) {
  const auto proof = prove_growth(ledger, old_size, head.checkpoint.head);
  if (!proof) return session.fail(proof.error());
  session.console.data(to_json(*proof));
  return exit_done;
}

int run_ledger_prove(const Session& session, const LedgerProveOptions& options) {
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
  if (options.seq) return prove_one(session, options, *past->ledger, *head);
  if (options.from) return prove_from(session, *past->ledger, *head, *options.from);
  return prove_heal(session, options, *past->ledger, *head);
}

}  // namespace

void add_ledger_prove(CommandLine& line) {
  auto [command, options] =
      line.add("ledger prove", "prove entries to people who do not have the ledger", Needs::record, run_ledger_prove);
  command.footer(prove_example);
  command.option("--seq", options.seq, "N", "this entry").not_negative();
  const auto heal = command.option("--heal", options.heal, "HEAL", "every entry of this heal");
  command.option("--out", options.out, "DIR", "the folder for the proofs of a heal").goes_with(heal);
  const auto from =
      command.option("--from", options.from, "SIZE", "that the ledger only grew since it had so many entries")
          .not_negative();
  // A proof of growth has one form, and needs no entries, archived or not.
  add_archives(command, options.archives).excludes(from);
  command.option("--format", options.format, "FORM", "of the proof of an entry: tlog-proof or json")
      .one_of({"tlog-proof", "json"})
      .excludes(from);
}

}  // namespace autoheal::cli
