// Evidence bundles: one archive for a bundle, and of a ledger that signed eight entries nothing else ever verifies.
#include "autoheal/store/evidence/evidence_bundle.hpp"

#include <algorithm>
#include <array>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/repaired_tar.hpp"
#include "tests/support/examples/evidence_examples.hpp"

namespace {

using namespace autoheal;
using namespace autoheal::store;
using fuzz::require;

constexpr char ledger_id[] = "019383c0-0000-7000-8000-000000000001";
constexpr char heal_id[] = "019383c0-0000-7000-8000-0000000000aa";
constexpr std::array types = {"node.started",   "heal.triggered", "ledger.key_rotated", "heal.repair_started",
                              "node.heartbeat", "heal.exhausted", "node.stopped",       "node.started"};

std::string line_of(std::uint64_t seq, const std::string& data) {
  const std::string_view type = types.at(seq - 1);
  const LeafParts parts{.seq = seq,
                        .type = type,
                        .time = *parse_timestamp("2026-11-24T10:00:00.250000Z"),
                        .stream = type.starts_with("heal.") ? heal_id : "ledger",
                        .version = seq,
                        .actor = {},
                        .engine = {},
                        .data = data};
  std::string line;
  append_leaf(line, ledger_id, parts);
  return line;
}

// The ledger: its key was changed, and a heal names the output of a test.
struct Signed {
  EvidenceBundle bundle;
  std::vector<VerifierKey> keys;  // the first one: what the auditor holds
  Checkpoint checkpoint;

  Signed() {
    testing::CountedRandomness randomness;
    const std::string origin = origin_of(ledger_id), printed = "what a test printed\n";
    const auto old_key = SigningKey::generate(origin, randomness), new_key = SigningKey::generate(origin, randomness);
    keys = {old_key->verifier()};
    bundle.key = new_key->verifier().text();
    const std::string note = *sign_note(rotation_text(origin, keys[0].text(), bundle.key), *old_key);
    std::string rotated = R"({"note":)";
    append_quoted(rotated, note);
    testing::RememberedTree tree;
    std::vector<std::string> lines;
    for (std::uint64_t seq = 1; seq <= types.size(); ++seq) {
      lines.push_back(line_of(seq, seq == 3   ? rotated + "}"
                                   : seq == 4 ? R"({"output":")" + sha256_name(printed) + R"("})"
                                              : "{}"));
      tree.append(lines.back());
    }
    checkpoint = {origin, tree.head_at(types.size())};
    bundle.checkpoint = *sign_checkpoint(*new_key, origin, checkpoint.head);
    for (std::uint64_t index = 0; index < types.size(); ++index) {
      const InclusionProof proof{index, types.size(), lines[index], *inclusion_proof(tree, index, types.size())};
      if (index == 2) bundle.key_changes.push_back({proof, note});
      if (line_is_of_heal(index)) bundle.entries.push_back(proof);
    }
    bundle.blobs[sha256_name(printed)] = printed;
  }
  static bool line_is_of_heal(std::uint64_t index) { return std::string_view(types.at(index)).starts_with("heal."); }
};

bool is_among(const InclusionProof& proof, const EvidenceBundle& bundle) {
  return std::ranges::find(bundle.entries, proof) != bundle.entries.end() ||
         std::ranges::any_of(bundle.key_changes, [&](const KeyChange& change) { return change.entry == proof; });
}

void check(std::string_view archive) {
  static const Signed known;
  const auto bundle = unpack(archive);
  if (!bundle) return;
  require(looks_like_bundle(archive), "what is read looks like a bundle");
  const auto packed = pack(*bundle, Packing::plain);
  require(packed && unpack(*packed) == *bundle, "what was packed is read as the same bundle");
  if (archive.starts_with("\x1f\x8b")) return;
  require(*packed == archive, "there is one archive for a bundle");
  const auto proof = check_bundle(*bundle, known.keys);
  if (!proof) return;
  require(proof->checkpoint == known.checkpoint, "only the signed checkpoint verifies");
  for (const auto& entry : bundle->entries) require(is_among(entry, known.bundle), "only what was signed verifies");
  for (const auto& change : bundle->key_changes)
    require(is_among(change.entry, known.bundle), "only what was signed verifies");
  for (const auto& [name, content] : bundle->blobs)
    require(is_keyed(name) || known.bundle.blobs.contains(name), "only contents that entries name verify", name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string archive(fuzz::text_of(data, size));
  check(archive);
  check(fuzz::with_right_checksums(archive));
  return 0;
}
