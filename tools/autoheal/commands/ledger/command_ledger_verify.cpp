// ledger verify: did anybody edit the record?
#include <fmt/core.h>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "autoheal/replay/record/legal_paths.hpp"
#include "autoheal/store/vault/vault_check.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/argument_file.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/session/archived_ranges.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct LedgerVerifyOptions {
  std::string key, checkpoint, since_checkpoint;
  bool blobs = false;
};

constexpr const char* verify_example = R"(
Everything is computed anew from the rows: the hash of each entry, the tree over them, indexes, stream versions,
the path of each heal, its certificates, and every checkpoint with its signature. Exit 1 names the first bad entry.
Anybody with the signing key can sign another history; only a checkpoint that was kept elsewhere shows that:
  autoheal ledger checkpoint > /mnt/auditor/2026-11.checkpoint      on one day
  autoheal ledger key > /mnt/auditor/ledger.key
  autoheal ledger verify --checkpoint /mnt/auditor/2026-11.checkpoint --key /mnt/auditor/ledger.key    later
--since-checkpoint looks only at what came after it, in a moment.
)";

using store::VerifyReport;

constexpr std::size_t most_key_bytes = 4096;

// A verifier key line, or the name of a file that holds one.
Result<store::VerifierKey> key_of(const std::string& written) {
  if (auto key = store::VerifierKey::parse(written)) return key;
  auto text = read_argument_file(written, most_key_bytes);
  if (!text) {
    return failure(ErrorKind::invalid,
                   fmt::format("--key: \"{}\" is neither a verifier key nor a file with one", written),
                   "`autoheal ledger key` prints it: <name>+<8 hex digits>+<base64>");
  }
  if (text->ends_with('\n')) text->pop_back();
  auto key = store::VerifierKey::parse(*text);
  if (!key) return failure(ErrorKind::invalid, fmt::format("--key: {}: {}", written, key.error().message));
  return key;
}

Result<store::VerifyOptions> options_of(const LedgerVerifyOptions& options, const store::StreamRules& rules) {
  store::VerifyOptions wanted;
  wanted.rules = &rules;
  if (!options.key.empty()) {
    auto key = key_of(options.key);
    AUTOHEAL_TRY(key);
    wanted.keys.push_back(std::move(*key));
  }
  const bool since = !options.since_checkpoint.empty();
  const std::string& file = since ? options.since_checkpoint : options.checkpoint;
  if (file.empty()) return wanted;
  auto note = read_argument_file(file, store::max_note_bytes);
  AUTOHEAL_TRY(note);
  wanted.kept = store::KeptCheckpoint{std::move(*note), since};
  return wanted;
}

std::string in_json(const VerifyReport& report) {
  JsonWriter out;
  out.begin_object().field("ledger", report.ledger).field("sound", report.sound());
  if (report.first_bad) out.field("first_bad_entry", *report.first_bad);
  out.field("entries", report.entries).field("read", report.read);
  if (report.archived > 0) out.field("by_hash_only", report.archived);
  if (report.kept > 0) out.field("by_checkpoint_only", report.kept);
  if (report.blobs) out.field("blobs", *report.blobs);
  out.field("roots", report.roots).field("checkpoints", report.checkpoints).field("indexes", report.indexes);
  out.field("signed", report.signed_size)
      .field("unsigned", report.entries - std::min(report.entries, report.signed_size));
  if (report.head) out.field("root", to_hex(report.head->root));
  const auto list = [&](const char* name, const std::vector<std::string>& texts) {
    out.key(name).begin_array();
    for (const std::string& text : texts) out.value(text);
    out.end_array();
  };
  list("keys", report.keys);
  list("warnings", report.warnings);
  list("problems", report.problems);
  return out.field("problem_count", report.problem_count).end_object().take();
}

// Prints how much was verified, and how far the signatures reach.
std::vector<std::string> summary_of(const VerifyReport& report) {
  std::vector<std::string> lines;
  std::string first = fmt::format("{} recomputed from {}", plural(report.read, "entry", "entries"),
                                  report.read == 1 ? "its row" : "their rows");
  if (report.kept > 0) first += fmt::format(", entries 1 to {} as the given checkpoint signs them", report.kept);
  if (report.archived > 0)
    first += fmt::format(", entries 1 to {} by their hashes only: their rows were archived", report.archived);
  lines.push_back(first);
  lines.push_back(fmt::format("with {}, {} and {}{}", plural(report.roots, "root"),
                              plural(report.indexes, "index", "indexes"), plural(report.checkpoints, "checkpoint"),
                              report.blobs ? fmt::format(", and {} of the vault", plural(*report.blobs, "blob")) : ""));
  if (report.signed_size > 0) {
    const std::uint64_t later = report.entries - std::min(report.entries, report.signed_size);
    lines.push_back(fmt::format(
        "signed up to entry {}{}", report.signed_size,
        later > 0 ? fmt::format(", {} not yet signed", plural(later, "later one is", "later ones are")) : ""));
  }
  for (const std::string& key : report.keys) lines.push_back("key " + key);
  return lines;
}

void print(const VerifyReport& report, Console& console) {
  for (const std::string& problem : report.problems) console.data(console.paint(Tone::bad, "✗ ") + printable(problem));
  if (report.problem_count > report.problems.size())
    console.data(
        fmt::format("{}and {} more", console.paint(Tone::bad, "✗ "), report.problem_count - report.problems.size()));
  for (const std::string& warning : report.warnings)
    console.data(console.paint(Tone::warning, "! ") + printable(warning));
  for (const std::string& line : summary_of(report)) console.data(console.paint(Tone::dim, "  " + printable(line)));
  if (report.sound()) {
    console.data(console.paint(Tone::good, "✓ ") + "the ledger verifies");
    return;
  }
  console.data(console.paint(Tone::bad, "the ledger does not verify") +
               (report.first_bad ? fmt::format(": the first bad entry is {}", *report.first_bad) : ""));
}

// Rows that stayed among archived ones: their values were held against the tree, their number stands in an entry.
Result<void> look_at_kept(const std::string& path, VerifyReport& report) {
  if (report.archived == 0) return {};
  const auto ledger = store::LedgerReader::open(path);
  AUTOHEAL_TRY(ledger);
  auto problem = problem_of_kept(**ledger);
  // Entries that cannot be read are reported already.
  if (!problem && problem.error().kind != ErrorKind::corrupt) return std::unexpected(problem.error());
  if (!problem) problem = std::optional(problem.error().message);
  if (!*problem) return {};
  report.problems.push_back(std::move(**problem));
  ++report.problem_count;
  return {};
}

// "███████░░░░░░░░░░░░░  35 % of 10000000 entries"
std::string bar_of(std::uint64_t done, std::uint64_t all) {
  constexpr std::uint64_t cells = 20;
  const std::uint64_t percent = all == 0 ? 100 : std::min<std::uint64_t>(done * 100 / all, 100);
  std::string bar;
  for (std::uint64_t cell = 0; cell < cells; ++cell) bar += cell * 100 < percent * cells ? "█" : "░";
  return fmt::format("{}  {} % of {} entries", bar, percent, all);
}

// The vault of the ledger, for those who may read it.
Result<void> verify_blobs(const store::Vault& vault, const Session& session, VerifyReport& report) {
  const auto found = store::check_blobs(vault, session.configuration.settings.ledger + ".vault",
                                        [&](std::uint64_t done) { session.console.progress(plural(done, "blob")); });
  session.console.end_progress();
  AUTOHEAL_TRY(found);
  report.problems.insert(report.problems.end(), found->problems.begin(), found->problems.end());
  report.problem_count += found->problems.size();
  report.blobs = found->count;
  return {};
}

// Everything that was asked for.
Result<VerifyReport> verify(const Session& session, store::VerifyOptions wanted, bool with_blobs) {
  wanted.progress = [&](std::uint64_t done, std::uint64_t all) {
    session.console.progress(bar_of(done, all), done, all);
  };
  std::unique_ptr<store::Vault> vault;
  if (with_blobs) {
    auto opened =
        store::Vault::open(session.configuration.settings.ledger + ".vault", {}, store::VaultAccess::read_only);
    AUTOHEAL_TRY(opened);
    vault = std::move(*opened);
    wanted.has_blob = [&](const engine::BlobName& name) { return vault->has(name); };
  }
  auto report = store::verify_ledger(session.configuration.settings.ledger, wanted);
  session.console.end_progress();
  if (!report || vault == nullptr) return report;
  AUTOHEAL_TRY(verify_blobs(*vault, session, *report));
  return report;
}

int run_ledger_verify(const Session& session, const LedgerVerifyOptions& options) {
  const replay::LegalPaths rules;
  auto wanted = options_of(options, rules);
  if (!wanted) return session.fail(wanted.error());
  auto report = verify(session, std::move(*wanted), options.blobs);
  if (!report) return session.fail(report.error());
  if (auto looked = look_at_kept(session.configuration.settings.ledger, *report); !looked)
    return session.fail(looked.error());
  if (session.console.json()) {
    session.console.data(in_json(*report));
  } else {
    print(*report, session.console);
    if (!report->sound() && report->signed_size == 0 && report->entries > 0 && report->problem_count == 1)
      session.console.note("  hint: `autoheal ledger checkpoint --sign` signs the present head");
  }
  return report->sound() ? exit_done : exit_failed;
}

}  // namespace

void add_ledger_verify(CommandLine& line) {
  auto [command, options] = line.add("ledger verify", "did anybody edit the record? exit 1 if it does not verify",
                                     Needs::record, run_ledger_verify);
  command.footer(verify_example);
  command.option("--key", options.key, "KEY", "the verifier key that you kept: its line, or a file with it");
  const auto checkpoint = command.option("--checkpoint", options.checkpoint, "FILE",
                                         "also compare the ledger with a checkpoint that you kept");
  command
      .option("--since-checkpoint", options.since_checkpoint, "FILE", "only what came after a checkpoint that you kept")
      .excludes(checkpoint);
  command.flag("--blobs", options.blobs, "the contents in the vault, too; only its owner can read them");
}

}  // namespace autoheal::cli
