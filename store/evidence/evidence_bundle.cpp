#include "autoheal/store/evidence/evidence_bundle.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/store/evidence/bundle_readme.hpp"
#include "autoheal/store/file/tar_file.hpp"
#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/proof_text.hpp"
#include "autoheal/store/format/read_leaf.hpp"

namespace autoheal::store {

using engine::BlobName;

namespace {

constexpr TarLimits limits{max_bundle_files, max_bundle_bytes};
constexpr const char* secrets_stay =
    ": contents of env files and secrets are in it only if it was packed --with-secrets";
constexpr std::string_view proofs_folder = "proofs/", notes_folder = "key-changes/", blobs_folder = "blobs/";

std::unexpected<Error> no_bundle(const std::string& why) {
  return failure(ErrorKind::invalid, "it is no evidence bundle: " + why,
                 "expected the file that `autoheal show HEAL --evidence FILE` wrote, byte for byte");
}

std::string proof_file(const InclusionProof& proof) {
  return fmt::format("{}{}.tlog-proof", proofs_folder, proof.index + 1);
}
std::string note_file(const KeyChange& change) {
  return fmt::format("{}{}.note", notes_folder, change.entry.index + 1);
}
// "sha256:ab.." as a file: a colon in a name is trouble elsewhere.
std::string blob_file(const BlobName& name) {
  std::string file = std::string(blobs_folder) + name;
  std::ranges::replace(file, ':', '-');
  return file;
}

void add_proof(std::vector<NamedContent>& files, const InclusionProof& proof, const std::string& checkpoint) {
  files.push_back({proof_file(proof), to_text(TlogProof{proof.index, proof.hashes, checkpoint, proof.leaf})});
}

Result<Checkpoint> unproven_checkpoint(const std::string& note) {
  const auto parsed = parse_note(note);
  AUTOHEAL_TRY(parsed);
  return parse_checkpoint_body(parsed->text);
}

// The files of an archive by name; each is taken out once.
class Files {
 public:
  explicit Files(std::vector<NamedContent> files) {
    for (NamedContent& file : files) by_name_.emplace(std::move(file.name), std::move(file.content));
  }
  std::optional<std::string> take(std::string_view name) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return std::nullopt;
    std::string content = std::move(found->second);
    by_name_.erase(found);
    return content;
  }
  std::map<std::string, std::string, std::less<>>& left() { return by_name_; }

 private:
  std::map<std::string, std::string, std::less<>> by_name_;
};

Result<std::vector<InclusionProof>> take_entries(Files& files, std::string_view name, std::uint64_t tree_size) {
  std::vector<InclusionProof> entries;
  const std::string text = files.take(name).value_or("");
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return no_bundle(std::string(name) + " was cut off");
    InclusionProof entry{0, tree_size, std::string(rest.substr(0, end)), {}};
    rest.remove_prefix(end + 1);
    const auto leaf = read_leaf(entry.leaf);
    if (!leaf || leaf->entry.position.value == 0)
      return no_bundle(fmt::format("line {} of {} is no entry", entries.size() + 1, name));
    entry.index = leaf->entry.position.value - 1;
    const auto proof = files.take(proof_file(entry));
    if (!proof) return no_bundle("there is no " + proof_file(entry));
    auto parsed = parse_tlog_proof(*proof);
    if (!parsed) return no_bundle(proof_file(entry) + ": " + parsed.error().message);
    entry.hashes = std::move(parsed->hashes);
    entries.push_back(std::move(entry));
  }
  return entries;
}

Result<EvidenceBundle> bundle_of(Files files) {
  EvidenceBundle bundle;
  bundle.checkpoint = files.take("checkpoint").value_or("");
  const auto checkpoint = unproven_checkpoint(bundle.checkpoint);
  if (!checkpoint) return no_bundle(checkpoint.error().message);
  bundle.key = files.take("key").value_or("\n");
  if (!bundle.key.ends_with('\n')) return no_bundle("key is not one line");
  bundle.key.pop_back();
  auto entries = take_entries(files, "entries.jsonl", checkpoint->head.size);
  AUTOHEAL_TRY(entries);
  bundle.entries = std::move(*entries);
  auto changes = take_entries(files, "key-changes.jsonl", checkpoint->head.size);
  AUTOHEAL_TRY(changes);
  for (InclusionProof& entry : *changes) {
    KeyChange change{std::move(entry), {}};
    change.note = files.take(note_file(change)).value_or("");
    bundle.key_changes.push_back(std::move(change));
  }
  for (auto& [name, content] : files.left()) {
    if (!name.starts_with(blobs_folder)) continue;
    BlobName blob = name.substr(blobs_folder.size());
    if (const auto dash = blob.rfind('-'); dash != BlobName::npos) blob[dash] = ':';
    bundle.blobs.emplace(std::move(blob), std::move(content));
  }
  return bundle;
}

}  // namespace

Result<std::string> pack(const EvidenceBundle& bundle, Packing packing) {
  if (bundle.entries.empty()) return no_bundle("it has no entries");
  const auto readme = bundle_readme(bundle.entries);
  AUTOHEAL_TRY(readme);
  std::vector<NamedContent> files = {{"README.txt", *readme}, {"entries.jsonl", ""}};
  std::int64_t time_s = 0;
  for (const InclusionProof& entry : bundle.entries) {
    const auto leaf = read_leaf(entry.leaf);
    AUTOHEAL_TRY(leaf);
    const auto since_epoch = leaf->entry.time.time_since_epoch();
    time_s = std::max<std::int64_t>(time_s, std::chrono::floor<std::chrono::seconds>(since_epoch).count());
    files[1].content += entry.leaf + '\n';
  }
  files.push_back({"checkpoint", bundle.checkpoint});
  files.push_back({"key", bundle.key + '\n'});
  for (const InclusionProof& entry : bundle.entries) add_proof(files, entry, bundle.checkpoint);
  if (!bundle.key_changes.empty()) files.push_back({"key-changes.jsonl", ""});
  for (std::size_t list = files.size() - 1; const KeyChange& change : bundle.key_changes) {
    files[list].content += change.entry.leaf + '\n';
    files.push_back({note_file(change), change.note});
    add_proof(files, change.entry, bundle.checkpoint);
  }
  for (const auto& [name, content] : bundle.blobs) files.push_back({blob_file(name), content});
  const auto too_large = failure(ErrorKind::invalid, fmt::format("the evidence is larger than {} MiB or {} files",
                                                                 max_bundle_bytes >> 20U, max_bundle_files));
  if (files.size() > max_bundle_files) return too_large;
  auto tar = write_tar(files, time_s);
  if (!tar) return tar;
  if (tar->size() > max_bundle_bytes) return too_large;
  return packing == Packing::gzip ? compressed(*tar) : tar;
}

bool looks_like_bundle(std::string_view bytes) {
  constexpr std::size_t magic_at = 257;  // of a ustar header
  return is_gzip(bytes) || (bytes.size() > magic_at && bytes.substr(magic_at).starts_with("ustar"));
}

Result<EvidenceBundle> unpack(std::string_view archive) {
  std::string inner;
  if (is_gzip(archive)) {
    auto plain = uncompressed(archive, max_bundle_bytes);
    AUTOHEAL_TRY(plain);
    inner = std::move(*plain);
    archive = inner;
  }
  auto files = read_tar(archive, limits);
  AUTOHEAL_TRY(files);
  auto bundle = bundle_of(Files(std::move(*files)));
  if (!bundle) return bundle;
  // Whatever else is different, in a header, in padding or in a file that nobody asked for, is different here.
  const auto again = pack(*bundle, Packing::plain);
  if (!again || *again != archive) return no_bundle("it is not byte for byte what autoheal packs");
  return bundle;
}

bool is_keyed(const BlobName& name) { return name.starts_with("hmac-"); }

std::set<BlobName> blob_names_in(std::string_view text) {
  constexpr std::string_view plain = "sha256:", keyed = "hmac-sha256:";
  constexpr std::size_t digits = 64;
  std::set<BlobName> names;
  for (std::size_t at = text.find(plain); at != std::string_view::npos; at = text.find(plain, at + 1)) {
    const std::string_view hex = text.substr(at + plain.size(), digits);
    if (!hash_from_hex(hex)) continue;
    const std::size_t before = keyed.size() - plain.size();
    const bool is_keyed_name = at >= before && text.substr(at - before).starts_with(keyed);
    names.insert(std::string(is_keyed_name ? keyed : plain) + std::string(hex));
  }
  return names;
}

BlobName BundleBlobs::name_of(std::string_view content, engine::BlobNaming naming) const {
  if (naming == engine::BlobNaming::plain) return sha256_name(content);
  // The vault's key is not in the bundle: only what its owner named can be named.
  const auto named =
      std::ranges::find_if(blobs_, [&](const auto& blob) { return is_keyed(blob.first) && blob.second == content; });
  return named == blobs_.end() ? BlobName() : named->first;
}

Result<BlobName> BundleBlobs::put(std::string_view, engine::BlobNaming) {
  return failure(ErrorKind::unavailable, "a bundle of evidence takes nothing in");
}

Result<std::string> BundleBlobs::get(const BlobName& name) const {
  const auto found = blobs_.find(name);
  if (found == blobs_.end()) {
    return failure(ErrorKind::not_found,
                   fmt::format("the bundle does not hold {}{}", name, is_keyed(name) ? secrets_stay : ""));
  }
  if (!is_keyed(name) && sha256_name(found->second) != name)
    return failure(ErrorKind::corrupt, blob_file(name) + " is not what its name says");
  return found->second;
}

}  // namespace autoheal::store
