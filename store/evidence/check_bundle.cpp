// Checks what a bundle proves; packing and reading it is in evidence_bundle.cpp.
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/engine/large_data.hpp"
#include "autoheal/store/evidence/evidence_bundle.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "autoheal/store/format/read_leaf.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"

namespace autoheal::store {

using engine::BlobName;

namespace {

std::unexpected<Error> does_not_verify(std::string what) { return failure(ErrorKind::corrupt, std::move(what)); }

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

// The key that `note` hands the ledger over to, if one of `trusted` says so.
std::optional<VerifierKey> successor(const std::string& note, const std::vector<VerifierKey>& trusted) {
  const auto parsed = parse_note(note);
  if (!parsed) return std::nullopt;
  const auto signers = signers_of(*parsed, trusted);
  const auto lines = lines_of(parsed->text);
  if (!signers || lines.size() != 4 || rotation_text(lines[1], lines[2], lines[3]) != parsed->text) return std::nullopt;
  const bool by_old = std::ranges::any_of(*signers, [&](const NoteSigner& signer) {
    return signer.key.type() == KeyType::ed25519 && signer.key.text() == lines[2] && signer.key.name() == lines[1];
  });
  auto next = VerifierKey::parse(lines[3]);
  if (!by_old || !next || next->name() != lines[1]) return std::nullopt;
  return std::move(*next);
}

std::vector<VerifierKey> with_successors(const EvidenceBundle& bundle, std::span<const VerifierKey> keys) {
  std::vector<VerifierKey> trusted(keys.begin(), keys.end());
  for (const KeyChange& change : bundle.key_changes) {
    auto next = successor(change.note, trusted);
    if (next && std::ranges::find(trusted, *next) == trusted.end()) trusted.push_back(std::move(*next));
  }
  return trusted;
}

Result<ReadLeaf> check_entry(const InclusionProof& entry, const Checkpoint& checkpoint) {
  const std::string who = fmt::format("entry {}", entry.index + 1);
  auto leaf = read_leaf(entry.leaf);
  if (!leaf || leaf->entry.position.value != entry.index + 1)
    return does_not_verify(who + ": its line is not that of an entry with this number");
  if (!inclusion_holds(entry.index, leaf_hash(entry.leaf), checkpoint.head, entry.hashes)) {
    return does_not_verify(
        fmt::format("{} is not entry {} of the {} that the checkpoint signs: it or its proof was changed", who,
                    entry.index + 1, checkpoint.head.size));
  }
  if (origin_of(leaf->ledger_id) != checkpoint.origin)
    return does_not_verify(who + " names another ledger than the checkpoint");
  return leaf;
}

Result<void> check_key_change(const KeyChange& change, const Checkpoint& checkpoint) {
  const auto leaf = check_entry(change.entry, checkpoint);
  AUTOHEAL_TRY(leaf);
  std::string field = R"("note":)";
  append_quoted(field, change.note);
  if (leaf->entry.type != "ledger.key_rotated" || leaf->entry.data.find(field) == std::string::npos) {
    return does_not_verify(
        fmt::format("entry {} is not the change of keys that the note beside it is of", change.entry.index + 1));
  }
  return {};
}

// Names of the blobs that an entry may bring along: those in its data, also where that is a blob itself.
std::set<BlobName> named_by(const engine::Entry& entry, const BundleBlobs& blobs) {
  std::set<BlobName> names = blob_names_in(entry.data);
  if (const auto whole = engine::lengthen(blobs, entry.data)) names.merge(blob_names_in(*whole));
  return names;
}

// A content may name other contents, as the tree of a folder names its files. A keyed name does not show who wrote the
// content.
void add_named_by_contents(const EvidenceBundle& bundle, std::set<BlobName>& expected) {
  std::vector<BlobName> open(expected.begin(), expected.end());
  while (!open.empty()) {
    const auto content = bundle.blobs.find(open.back());
    open.pop_back();
    if (content == bundle.blobs.end() || is_keyed(content->first)) continue;
    for (const BlobName& name : blob_names_in(content->second)) {
      if (bundle.blobs.contains(name) && expected.insert(name).second) open.push_back(name);
    }
  }
}

}  // namespace

Result<BundleProof> check_bundle(const EvidenceBundle& bundle, std::span<const VerifierKey> keys) {
  const auto trusted = with_successors(bundle, keys);
  auto checkpoint = open_checkpoint(bundle.checkpoint, trusted);
  if (!checkpoint) return does_not_verify(checkpoint.error().message);
  const auto named = VerifierKey::parse(bundle.key);
  if (!named || std::ranges::find(trusted, *named) == trusted.end())
    return does_not_verify("key: it is neither a key that you gave nor one that these hand the ledger over to");
  BundleProof proof{std::move(*checkpoint), open_checkpoint(bundle.checkpoint, keys).has_value(), 0};
  const BundleBlobs blobs(bundle.blobs);
  std::set<BlobName> expected;
  for (const InclusionProof& entry : bundle.entries) {
    const auto leaf = check_entry(entry, proof.checkpoint);
    AUTOHEAL_TRY(leaf);
    expected.merge(named_by(leaf->entry, blobs));
  }
  for (const KeyChange& change : bundle.key_changes) {
    AUTOHEAL_TRY(check_key_change(change, proof.checkpoint));
  }
  add_named_by_contents(bundle, expected);
  for (const auto& [name, content] : bundle.blobs) {
    if (!expected.contains(name))
      return does_not_verify(fmt::format("blob {} is named by no entry of the bundle", name));
    if (!is_keyed(name) && sha256_name(content) != name)
      return does_not_verify(fmt::format("blob {} is not what its name says: it was changed", name));
    proof.keyed_blobs += is_keyed(name) ? 1 : 0;
  }
  return proof;
}

}  // namespace autoheal::store
