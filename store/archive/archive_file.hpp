// Entries that left the ledger, with the contents that only they name: a compressed tar file that any machine opens,
// and whose every line is compared with the ledger's tree when it is read back. Nothing in it is believed for itself.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"

namespace autoheal::store {

// Entries `first` to `last` of the ledger, and the tree's root when it had `last` leaves.
struct ArchivedPart {
  std::string ledger;
  std::uint64_t first = 0, last = 0;
  Hash root{};
};

struct ArchiveFile {
  std::uint64_t bytes = 0;
  std::string sha256;  // 64 hex digits: of the whole file
};

// Writes `<path>.new`; only finish() gives it its name. In this order: `archive.json`, README.txt, key, checkpoint,
// entries/ in pieces, blobs/. Not thread-safe; any one thread.
class ArchiveWriter {
 public:
  // `path` is absolute. invalid: something has that name already. A file that a crash left as `<path>.new` is replaced.
  [[nodiscard]] static Result<std::unique_ptr<ArchiveWriter>> create(const std::filesystem::path& path,
                                                                     const ArchivedPart& part, const std::string& key,
                                                                     const std::string& checkpoint);
  ~ArchiveWriter();  // without finish(): nothing stays

  // In order, each as it is exported, without newline.
  [[nodiscard]] Result<void> entry(std::string_view line);
  // After the entries.
  [[nodiscard]] Result<void> blob(const engine::BlobName& name, std::string_view content);
  // Whole and durable under its own name when it returns, mode 0600: blobs are for the ledger's owner alone.
  [[nodiscard]] Result<ArchiveFile> finish();

 private:
  struct Parts;
  explicit ArchiveWriter(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

struct ArchiveVisit {
  std::function<Result<void>(std::uint64_t seq, std::string_view line)> entry;               // or empty
  std::function<Result<void>(const engine::BlobName& name, std::string_view content)> blob;  // or empty
};

// The range of entries that the archive claims to hold; nothing else of it is read. Errors as in read_archive().
[[nodiscard]] Result<ArchivedPart> peek_archive(const std::filesystem::path& path, const LedgerReader& ledger);

// Reads the archive and checks it: every entry against its hash in `ledger`'s tree before it is returned, every blob
// against its name. invalid: not an archive, or one of another ledger. corrupt: something in it is not as it was
// written; the message names it.
[[nodiscard]] Result<ArchivedPart> read_archive(const std::filesystem::path& path, const LedgerReader& ledger,
                                                const ArchiveVisit& visit);

struct ArchivedSpan {
  std::uint64_t first = 0, last = 0;
};
// The entries `first` to `last` alone, each checked against its hash: reads the file no further than they reach, and
// checks nothing else of it. `path` stands in an entry, so no link is followed and nothing but a file is opened.
// not_found: nothing is there. Others as read_archive().
[[nodiscard]] Result<void> read_archived_entries(
    const std::filesystem::path& path, const LedgerReader& ledger, ArchivedSpan wanted,
    const std::function<Result<void>(std::uint64_t seq, std::string_view line)>& entry);

}  // namespace autoheal::store
