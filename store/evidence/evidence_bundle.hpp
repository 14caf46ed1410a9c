// One heal as evidence for people who have neither the ledger nor autoheal: its entries, their proofs, the signed
// checkpoint and the contents they name, in one archive of plain files. There is exactly one archive for a bundle.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/format/proof_json.hpp"

namespace autoheal::store {

inline constexpr std::size_t max_bundle_bytes = 256ULL * 1024 * 1024;  // uncompressed
inline constexpr std::size_t max_bundle_files = 250'000;

// The entry `ledger.key_rotated`, and the note in it by which the old key signs the new one.
struct KeyChange {
  InclusionProof entry;
  std::string note;
  friend bool operator==(const KeyChange&, const KeyChange&) = default;
};

struct EvidenceBundle {
  std::vector<InclusionProof> entries;  // of one heal, in order, at least one
  std::vector<KeyChange> key_changes;   // of the whole ledger, in order
  std::string checkpoint;               // byte for byte; all proofs are against it
  std::string key;                      // the verifier key line that the ledger names; proves nothing by itself
  std::map<engine::BlobName, std::string> blobs;
  friend bool operator==(const EvidenceBundle&, const EvidenceBundle&) = default;
};

enum class Packing { plain, gzip };

// The archive; the same bytes for the same bundle (compressed: by the same zlib). invalid: no entries, an entry or
// checkpoint that is none, or above the limits.
[[nodiscard]] Result<std::string> pack(const EvidenceBundle& bundle, Packing packing);
// Unpacks an archive, compressed or not. invalid: anything that pack() does not make. The content of the files is
// checked by check_bundle() alone.
[[nodiscard]] Result<EvidenceBundle> unpack(std::string_view archive);
// By its first bytes.
[[nodiscard]] bool looks_like_bundle(std::string_view bytes);

struct BundleProof {
  Checkpoint checkpoint;
  bool by_given_key = true;     // false: by one that the given keys vouch for, through key changes
  std::size_t keyed_blobs = 0;  // nobody without the vault's key can say whether these are what their names say
};
// That a log of one of `keys`, or of a key that these vouch for, holds every entry; that every blob is named by an
// entry, or by a content that one names, and is what its plain name says. corrupt: the message names the first entry or
// file that does not hold.
[[nodiscard]] Result<BundleProof> check_bundle(const EvidenceBundle& bundle, std::span<const VerifierKey> keys);

// Every "sha256:<64 hex>" and "hmac-sha256:<64 hex>" in `text`.
[[nodiscard]] std::set<engine::BlobName> blob_names_in(std::string_view text);
[[nodiscard]] bool is_keyed(const engine::BlobName& name);

// The blobs of a bundle, for readers of entries; `blobs` outlives it. Nothing can be put in. A keyed name is known for
// what the bundle holds, and empty for any other content.
class BundleBlobs final : public engine::BlobStore {
 public:
  explicit BundleBlobs(const std::map<engine::BlobName, std::string>& blobs) : blobs_(blobs) {}
  [[nodiscard]] engine::BlobName name_of(std::string_view content, engine::BlobNaming naming) const override;
  [[nodiscard]] Result<engine::BlobName> put(std::string_view content, engine::BlobNaming naming) override;
  [[nodiscard]] Result<std::string> get(const engine::BlobName& name) const override;

 private:
  const std::map<engine::BlobName, std::string>& blobs_;
};

}  // namespace autoheal::store
