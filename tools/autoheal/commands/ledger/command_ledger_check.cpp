// ledger check: evidence of a ledger that is not here. Needs no configuration, no ledger and no network; whatever
// stands in the file is somebody's claim until a key that the caller brought says otherwise.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "autoheal/store/signing/cosignatures.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/bundle_file.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct LedgerCheckOptions {
  std::string file, leaf;
  std::vector<std::string> keys, checkpoints;
};

constexpr const char* check_example = R"(
Examples:
  autoheal ledger check heal.tar.gz --key KEY             what `show HEAL --evidence` packed
  autoheal ledger check 42.tlog-proof --key key.txt       an entry that `ledger prove --seq 42` proved
  autoheal ledger check checkpoint --key KEY --key WITNESS
  autoheal ledger check growth.json --key KEY --checkpoint old --checkpoint new
Needs no ledger, no configuration and no network. Exit 0: all of it verifies; 1: something does not, or is no such
file. KEY is the line of `autoheal ledger key`, obtained through a trusted channel, or a file that holds it.
)";

using store::VerifierKey;

// The claims that hold.
struct Proven {
  std::string kind;  // bundle, entry, checkpoint, growth
  std::string origin;
  std::uint64_t size = 0;  // of the signed tree
  std::string heal;        // of a bundle
  std::vector<std::string> proved, not_proved;
  std::vector<store::NoteSigner> witnesses;  // whose keys were given, with their cosignatures
};

constexpr char clock_is_a_claim[] =
    "that the time stamps are right: they are the clock of the host that wrote the entries";
constexpr char content_is_a_claim[] =
    "that what the host wrote about itself is true: only that it has not changed since";
constexpr char owner_can_fork[] =
    "that nobody with the signing key made another history: hold the checkpoint against one that somebody else kept";

std::string signed_by(const store::Checkpoint& checkpoint) {
  return fmt::format("{} signed a ledger of {} entries", checkpoint.origin, checkpoint.head.size);
}

// A witness may sign any number as its time.
Timestamp time_of(const store::NoteSigner& witness) {
  constexpr std::uint64_t last_of_year_9999_s = 253'402'300'799;
  const std::uint64_t time_s = std::min(witness.cosigned_unix_s.value_or(0), last_of_year_9999_s);
  return Timestamp(std::chrono::seconds(static_cast<std::int64_t>(time_s)));
}

// "3 hours", in the largest unit of which there are two.
std::string rounded_age(Duration age) {
  using namespace std::chrono;
  const auto count = [](auto units) { return static_cast<std::uint64_t>(std::max<std::int64_t>(units.count(), 0)); };
  if (age >= days(2)) return plural(count(floor<days>(age)), "day");
  if (age >= hours(2)) return plural(count(floor<hours>(age)), "hour");
  if (age >= minutes(2)) return plural(count(floor<minutes>(age)), "minute");
  return plural(count(floor<seconds>(age)), "second");
}

// Who cosigned the checkpoint, and who else says so.
void tell_witnesses(Proven& proven, const std::string& note, const std::vector<VerifierKey>& keys) {
  proven.witnesses = store::cosigners_of(note, keys);
  for (const store::NoteSigner& witness : proven.witnesses)
    proven.proved.push_back(
        fmt::format("{} saw it, by its own clock at {}", witness.key.name(), format_timestamp(time_of(witness))));
  if (!proven.witnesses.empty()) {
    const auto newest = std::ranges::max_element(proven.witnesses, {}, time_of);
    proven.proved.push_back(fmt::format("the newest cosignature is {} old, by this machine's clock",
                                        rounded_age(engine::SystemClock().now() - time_of(*newest))));
  }
  const auto parsed = store::parse_note(note);
  if (!parsed) return;
  for (const store::NoteSignature& line : parsed->signatures) {
    const auto is_by = [&](const VerifierKey& key) { return key.name() == line.key_name && key.id() == line.key_id; };
    if (line.key_name == proven.origin || std::ranges::any_of(keys, is_by)) continue;
    proven.not_proved.push_back(
        fmt::format("that {} saw it, as a signature says: no --key of it is given", line.key_name));
  }
}

std::string without_newline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

void tell_bundle(Proven& proven, const CheckedBundle& checked) {
  const auto& [bundle, proof, entries, ended] = checked;
  const std::string state(name_of(ended));
  if (!proof.by_given_key) proven.proved.push_back("the key that signed was handed the ledger by the key you gave");
  proven.proved.push_back(fmt::format("all {} entries of the bundle, {} to {}, stand in it unchanged", entries.size(),
                                      entries.front().position.value, entries.back().position.value));
  proven.proved.push_back(fmt::format("they are one heal of {} from beginning to end, by a legal path to {}",
                                      entries.front().subject, state));
  if (ended == workflows::Phase::complete)
    proven.proved.push_back("its certificate is of this heal's configuration, attempt and plan");
  if (const std::size_t plain = bundle.blobs.size() - proof.keyed_blobs; plain > 0)
    proven.proved.push_back(plural(plain, "content is", "contents are") + " what the entries name by digest");
  if (proof.keyed_blobs > 0)
    proven.not_proved.push_back(
        fmt::format("that {} secret contents are what the entries name: only the ledger's owner can check these",
                    proof.keyed_blobs));
  if (ended == workflows::Phase::exhausted)
    proven.not_proved.push_back("that nobody rolled it back once more after the last entry here");
}

Result<Proven> check_evidence(const std::string& content, const std::vector<VerifierKey>& keys) {
  const auto checked = checked_bundle(content, keys);
  AUTOHEAL_TRY(checked);
  const auto& head = checked->proof.checkpoint;
  Proven proven{"bundle", head.origin, head.head.size, checked->entries.front().stream, {signed_by(head)}, {}, {}};
  tell_bundle(proven, *checked);
  tell_witnesses(proven, checked->bundle.checkpoint, keys);
  return proven;
}

Result<Proven> check_entry(const std::string& content, const LedgerCheckOptions& options,
                           const std::vector<VerifierKey>& keys) {
  const auto proof = store::parse_tlog_proof(content);
  AUTOHEAL_TRY(proof);
  std::string leaf = proof->extra;
  if (!options.leaf.empty()) {
    auto file = read_evidence_file(options.leaf);
    AUTOHEAL_TRY(file);
    leaf = without_newline(std::move(*file));
  }
  if (leaf.empty())
    return failure(ErrorKind::invalid, "the proof does not hold its entry", "--leaf FILE: the entry's export line");
  const auto checked = store::check_tlog_proof(content, leaf, keys);
  AUTOHEAL_TRY(checked);
  Proven proven{"entry", checked->checkpoint.origin, checked->checkpoint.head.size, {}, {}, {}, {}};
  proven.proved = {signed_by(checked->checkpoint), fmt::format("this is entry {} of it: {}", checked->index + 1, leaf)};
  proven.not_proved = {"that no other entry belongs to the same story: `show HEAL --evidence` packs a whole heal"};
  tell_witnesses(proven, proof->checkpoint, keys);
  return proven;
}

Result<Proven> check_head(const std::string& content, const std::vector<VerifierKey>& keys) {
  const auto checkpoint = store::open_checkpoint(content, keys);
  AUTOHEAL_TRY(checkpoint);
  Proven proven{"checkpoint", checkpoint->origin, checkpoint->head.size, {}, {signed_by(*checkpoint)}, {}, {}};
  proven.not_proved = {"what the entries say: a checkpoint only fixes them"};
  tell_witnesses(proven, content, keys);
  return proven;
}

Result<std::vector<store::Checkpoint>> given_checkpoints(const LedgerCheckOptions& options, std::size_t wanted,
                                                         const std::vector<VerifierKey>& keys) {
  if (options.checkpoints.size() != wanted) {
    return failure(ErrorKind::invalid,
                   wanted == 1 ? "a proof of an entry as JSON is held against one --checkpoint"
                               : "a proof of growth is held against two: --checkpoint OLD --checkpoint NEW",
                   "autoheal ledger check --help");
  }
  std::vector<store::Checkpoint> opened;
  for (const std::string& path : options.checkpoints) {
    const auto note = read_evidence_file(path);
    AUTOHEAL_TRY(note);
    auto checkpoint = store::open_checkpoint(*note, keys);
    if (!checkpoint) return failure(ErrorKind::corrupt, path + ": " + checkpoint.error().message);
    opened.push_back(std::move(*checkpoint));
  }
  std::ranges::sort(opened, {}, [](const store::Checkpoint& one) { return one.head.size; });
  return opened;
}

Result<Proven> check_growth(const store::ConsistencyProof& proof, const LedgerCheckOptions& options,
                            const std::vector<VerifierKey>& keys) {
  const auto heads = given_checkpoints(options, 2, keys);
  AUTOHEAL_TRY(heads);
  const store::Checkpoint &older = heads->front(), &newer = heads->back();
  if (older.origin != newer.origin) return failure(ErrorKind::corrupt, "the checkpoints are of different ledgers");
  AUTOHEAL_TRY(check_consistency(proof, older.head, newer.head));
  Proven proven{"growth", newer.origin, newer.head.size, {}, {signed_by(newer)}, {}, {}};
  proven.proved.push_back(
      fmt::format("its first {} entries are those of the older checkpoint, unchanged", older.head.size));
  proven.not_proved = {"what the entries say: checkpoints only fix them"};
  return proven;
}

Result<Proven> check_json(const std::string& content, const LedgerCheckOptions& options,
                          const std::vector<VerifierKey>& keys) {
  if (const auto growth = store::parse_consistency_json(content)) return check_growth(*growth, options, keys);
  const auto proof = store::parse_inclusion_json(content);
  if (!proof) return failure(ErrorKind::invalid, "it is JSON, but neither a proof of an entry nor one of growth");
  const auto heads = given_checkpoints(options, 1, keys);
  AUTOHEAL_TRY(heads);
  const store::Checkpoint& head = heads->front();
  AUTOHEAL_TRY(check_inclusion(*proof, head.head));
  return Proven{"entry",
                head.origin,
                head.head.size,
                {},
                {signed_by(head), fmt::format("this is entry {} of it: {}", proof->index + 1, proof->leaf)},
                {},
                {}};
}

enum class Evidence { bundle, tlog_proof, json_proof, checkpoint };

Evidence evidence_in(const std::string& content) {
  if (store::looks_like_bundle(content)) return Evidence::bundle;
  if (content.starts_with("c2sp.org/tlog-proof@")) return Evidence::tlog_proof;
  return content.starts_with('{') ? Evidence::json_proof : Evidence::checkpoint;
}

// An option that changes nothing for this kind of evidence would be taken for one that was checked, too.
Result<void> check_options(Evidence evidence, const LedgerCheckOptions& options) {
  if (!options.leaf.empty() && evidence != Evidence::tlog_proof) {
    return failure(ErrorKind::invalid, "--leaf goes with a .tlog-proof, and " + options.file + " is none",
                   "leave --leaf out: other evidence holds its entries itself, or needs none");
  }
  if (!options.checkpoints.empty() && evidence != Evidence::json_proof) {
    return failure(ErrorKind::invalid, "--checkpoint goes with a proof as JSON, and " + options.file + " is none",
                   "leave --checkpoint out: other evidence holds its checkpoint itself");
  }
  return {};
}

Result<Proven> check(Evidence evidence, const std::string& content, const LedgerCheckOptions& options,
                     const std::vector<VerifierKey>& keys) {
  switch (evidence) {
    case Evidence::bundle:
      return check_evidence(content, keys);
    case Evidence::tlog_proof:
      return check_entry(content, options, keys);
    case Evidence::json_proof:
      return check_json(content, options, keys);
    case Evidence::checkpoint:
      break;
  }
  return check_head(content, keys);
}

void write_list(JsonWriter& out, std::string_view name, const std::vector<std::string>& list) {
  out.key(name).begin_array();
  for (const std::string& text : list) out.value(text);
  out.end_array();
}

void tell(Console& console, const std::string& file, const Proven& proven) {
  if (console.json()) {
    JsonWriter out;
    out.begin_object().field("file", file).field("verified", true).field("kind", proven.kind);
    out.field("origin", proven.origin).field("size", proven.size).optional_field("heal_id", proven.heal);
    write_list(out, "proved", proven.proved);
    write_list(out, "not_proved", proven.not_proved);
    out.key("witnesses").begin_array();
    for (const store::NoteSigner& witness : proven.witnesses)
      out.begin_object()
          .field("key", witness.key.text())
          .field("time", format_timestamp(time_of(witness)))
          .end_object();
    out.end_array();
    return console.data(out.end_object().take());
  }
  console.data(console.paint(Tone::good, fmt::format("✓ {} verifies", printable(file))));
  for (const std::string& text : proven.proved) console.data("  proved      " + printable(text));
  for (const std::string& text : proven.not_proved)
    console.data(console.paint(Tone::dim, "  not proved  " + printable(text)));
}

int refuse(Console& console, const std::string& file, const Error& error) {
  if (console.json()) {
    JsonWriter out;
    out.begin_object().field("file", file).field("verified", false).field("problem", error.message).end_object();
    console.data(out.take());
  } else {
    console.data(console.paint(Tone::bad, fmt::format("✗ {} does not verify", printable(file))) + "  " +
                 printable(error.message));
    if (!error.hint.empty()) console.note("  hint: " + error.hint);
  }
  return exit_failed;
}

Error no_key_given() {
  return {ErrorKind::invalid,
          "no --key is given, and a key inside the file would prove nothing: whoever makes false evidence "
          "writes a key of their own into it",
          "`autoheal ledger key` prints the ledger's key: get that line once, by a way that you trust"};
}

int run_ledger_check(const Session& session, const LedgerCheckOptions& options) {
  if (options.keys.empty()) return session.fail(no_key_given());
  const auto keys = verifier_keys(options.keys);
  if (!keys) return session.fail(keys.error());
  const auto content = read_evidence_file(options.file);
  if (!content) return session.fail(content.error());
  const Evidence evidence = evidence_in(*content);
  if (const auto used = check_options(evidence, options); !used) return session.fail(used.error());
  auto proven = check(evidence, *content, options, *keys);
  if (!proven) return refuse(session.console, options.file, proven.error());
  for (const char* claim : {clock_is_a_claim, content_is_a_claim, owner_can_fork})
    proven->not_proved.emplace_back(claim);
  tell(session.console, options.file, *proven);
  return exit_done;
}

}  // namespace

void add_ledger_check(CommandLine& line) {
  auto [command, options] = line.add("ledger check", "check evidence of a ledger that is not here, offline",
                                     Needs::nothing, run_ledger_check);
  command.footer(check_example);
  command.argument("file", options.file, "FILE", "an evidence bundle, a .tlog-proof, a checkpoint, or a proof as JSON")
      .required();
  command.option("--key", options.keys, "KEY", "the ledger's verifier key, or a witness's; may be repeated");
  command.option("--leaf", options.leaf, "FILE", "the entry's export line, for a .tlog-proof that does not hold it");
  command.option("--checkpoint", options.checkpoints, "FILE",
                 "what a proof as JSON is checked against; two for growth");
}

}  // namespace autoheal::cli
