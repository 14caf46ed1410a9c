// The blob store on disk, one file for each content, named by its digest: `<ledger>.vault/`, 0700, for the ledger's
// owner alone. A name in an entry pins its content for ever; a changed blob no longer matches its name.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/engine/blob_store.hpp"
#include "autoheal/store/file/posix_file.hpp"

namespace autoheal::store {

struct VaultOptions {
  std::uint64_t max_blob_bytes = 64ULL * 1024 * 1024;  // of one content put in; reading knows no limit
};

enum class VaultAccess { read_only, create };

// Layout: `<folder>/key` (32 bytes), `<folder>/ab/sha256-ab...` and `<folder>/ab/hmac-sha256-ab...`, all 0600. Plain
// names can be checked with sha256sum. Thread-safe.
class Vault final : public engine::BlobStore {
 public:
  // create: makes folder and key if there are none and clears what a crash left half-written; only for the ledger's
  // owner, after the ledger itself. read_only: a folder that is not there is an empty vault, one that the reader may
  // not look into answers every get() with unavailable. unavailable: the folder is a link, blobs are there but their
  // key is not, or the system refuses.
  [[nodiscard]] static Result<std::unique_ptr<Vault>> open(const std::filesystem::path& folder, VaultOptions options,
                                                           VaultAccess access);

  // keyed, without a key (a read-only vault that is not there): an empty name.
  [[nodiscard]] engine::BlobName name_of(std::string_view content, engine::BlobNaming naming) const override;
  // invalid: larger than max_blob_bytes. unavailable: disk full, or read-only. fatal: a sync failed.
  [[nodiscard]] Result<engine::BlobName> put(std::string_view content, engine::BlobNaming naming) override;
  // The whole regular file behind `descriptor`, from its start, never all of it in memory; its offset stays. The name
  // is that of the bytes that were copied. Errors as put().
  [[nodiscard]] Result<engine::BlobName> put_file(int descriptor, engine::BlobNaming naming);
  // invalid: not a name. not_found. corrupt: a link, not a file, or not what its name says.
  [[nodiscard]] Result<std::string> get(const engine::BlobName& name) const override;
  // Whether a blob of this name is there; its content is not looked at.
  [[nodiscard]] bool has(const engine::BlobName& name) const;
  struct BlobFacts {
    engine::BlobName name;
    std::uint64_t bytes = 0;
    Duration since_put{0};  // as remove() counts it
  };
  // Every blob that is there, in no order. Empty for a vault that is not there.
  [[nodiscard]] Result<std::vector<BlobFacts>> list() const;
  // Takes a blob away that nothing names any more, unless it was put (again) within `untouched_for`: an entry that
  // names it may be on its way. True: it is gone. The removal is not synced.
  [[nodiscard]] Result<bool> remove(const engine::BlobName& name, Duration untouched_for);

 private:
  Vault(std::filesystem::path folder, VaultOptions options, VaultAccess access)
      : path_(std::move(folder)), options_(options), access_(access) {}

  [[nodiscard]] Result<void> open_folder_and_key();
  [[nodiscard]] Result<void> read_key();
  [[nodiscard]] Result<void> make_key();
  [[nodiscard]] Result<void> clear_temporaries();
  [[nodiscard]] Result<void> make_folders();
  [[nodiscard]] Result<void> writable(std::uint64_t size) const;
  [[nodiscard]] Result<bool> already_there(const engine::BlobName& name, std::uint64_t size);
  [[nodiscard]] bool is_durable(const engine::BlobName& name, const std::string& folder) const;
  [[nodiscard]] Result<void> put_in_place(const std::string& temporary, const engine::BlobName& name);
  [[nodiscard]] Result<void> make_name_durable(const engine::BlobName& name);
  [[nodiscard]] std::string fresh_temporary();
  [[nodiscard]] Result<engine::BlobName> copy(int from, int into, engine::BlobNaming naming, const std::string& what);

  std::filesystem::path path_;
  VaultOptions options_;
  VaultAccess access_;
  FileDescriptor folder_;  // nothing open: an empty read-only vault
  bool closed_ = false;    // or one that its reader may not look into
  std::string key_;
  std::mutex mutex_;
  std::uint64_t temporaries_ = 0;  // under mutex_
  // Under mutex_: folders that this process has synced, so that every name in them is durable but those that it gave
  // out since and has not synced yet.
  std::unordered_set<std::string> synced_folders_;
  std::unordered_set<engine::BlobName> not_yet_durable_;
};

}  // namespace autoheal::store
