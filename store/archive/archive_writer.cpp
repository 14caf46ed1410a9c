#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "autoheal/store/archive/archive_file.hpp"
#include "autoheal/store/file/posix_file.hpp"

namespace autoheal::store {

namespace {

constexpr std::size_t archive_piece_bytes = 4 * 1024 * 1024;

constexpr char readme[] =
    "Entries of an Autoheal ledger that were moved out of it, and contents that only they name.\n"
    "\n"
    "archive.json  which entries, of which ledger, and the root of its tree with the last of them\n"
    "entries/      each line is a leaf of that tree, and what `autoheal ledger export` printed:\n"
    "                cat entries/*\n"
    "blobs/        named by their SHA-256: sha256sum blobs/*\n"
    "checkpoint    a signed head of the ledger (C2SP tlog-checkpoint) that covers them\n"
    "key           what it is verified with; keep your own copy of it elsewhere\n"
    "\n"
    "The ledger still has the hash of every entry: `autoheal ledger export --archive FILE` checks all of them and "
    "prints\n"
    "the whole ledger, `autoheal ledger prove --seq N --archive FILE` proves one.\n";

std::string facts_of(const ArchivedPart& part) {
  return R"({"ledger":")" + part.ledger + R"(","first":)" + std::to_string(part.first) + R"(,"last":)" +
         std::to_string(part.last) + R"(,"root":")" + to_hex(part.root) + "\"}\n";
}

// Describes the file as it is on the disk.
Result<ArchiveFile> facts_of_file(int descriptor, const std::string& what) {
  ArchiveFile facts;
  Sha256Stream digest;
  std::string piece(256 * 1024, '\0');
  while (true) {
    const auto size = read_at(descriptor, piece.data(), piece.size(), facts.bytes, what);
    AUTOHEAL_TRY(size);
    if (*size == 0) break;
    digest.update(piece.data(), *size);
    facts.bytes += *size;
  }
  facts.sha256 = to_hex(digest.finish());
  return facts;
}

}  // namespace

struct ArchiveWriter::Parts {
  ~Parts() {
    if (archive != nullptr) archive_write_free(archive);
    if (!fresh.empty()) ::unlink(fresh.c_str());
  }

  // Without an archive there was no memory for one, and it says nothing.
  Error problem(const std::string& doing) const {
    const int code = archive == nullptr ? ENOMEM : archive_errno(archive);
    const char* words = archive == nullptr ? nullptr : archive_error_string(archive);
    return {code == EIO ? ErrorKind::fatal : ErrorKind::unavailable,
            fmt::format("{} {}: {}", doing, fresh, words != nullptr ? words : "it cannot be written"),
            "is there room on the disk?"};
  }

  Result<void> begin() {
    archive = archive_write_new();
    // Equal content, equal file: no time of its own in it.
    const bool ready = archive != nullptr && archive_write_add_filter_gzip(archive) == ARCHIVE_OK &&
                       archive_write_set_options(archive, "gzip:!timestamp") == ARCHIVE_OK &&
                       archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK &&
                       archive_write_open_fd(archive, file.get()) == ARCHIVE_OK;
    if (!ready) return std::unexpected(problem("beginning"));
    return {};
  }

  Result<void> add(const std::string& name, std::string_view content) {
    struct archive_entry* header = archive_entry_new();
    if (header == nullptr) return std::unexpected(problem("writing"));
    archive_entry_set_pathname(header, name.c_str());
    archive_entry_set_size(header, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(header, AE_IFREG);
    archive_entry_set_perm(header, 0600);
    archive_entry_set_mtime(header, 0, 0);
    const bool written =
        archive_write_header(archive, header) == ARCHIVE_OK &&
        archive_write_data(archive, content.data(), content.size()) == static_cast<la_ssize_t>(content.size());
    archive_entry_free(header);
    if (!written) return std::unexpected(problem("writing"));
    return {};
  }

  Result<void> flush() {
    if (piece.empty()) return {};
    char name[64];
    std::snprintf(name, sizeof name, "entries/%016llu.jsonl", static_cast<unsigned long long>(first_of_piece));
    auto added = add(name, piece);
    piece.clear();
    return added;
  }

  std::filesystem::path path;
  std::string fresh;  // `<path>.new`; empty once it has its name
  FileDescriptor file;
  struct archive* archive = nullptr;
  std::string piece;
  std::uint64_t next = 0, first_of_piece = 0;
};

ArchiveWriter::ArchiveWriter(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ArchiveWriter::~ArchiveWriter() = default;

Result<std::unique_ptr<ArchiveWriter>> ArchiveWriter::create(const std::filesystem::path& path,
                                                             const ArchivedPart& part, const std::string& key,
                                                             const std::string& checkpoint) {
  struct stat seen{};
  if (::lstat(path.c_str(), &seen) == 0)
    return failure(ErrorKind::invalid, path.string() + " is there already", "name another file with --to");
  auto parts = std::make_unique<Parts>();
  const std::string fresh = path.string() + ".new";
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) return std::unexpected(system_error("removing " + fresh));
  parts->file = FileDescriptor(::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!parts->file) return std::unexpected(system_error("creating " + fresh));
  parts->path = path;
  parts->fresh = fresh;
  parts->next = part.first;
  AUTOHEAL_TRY(parts->begin());
  const std::pair<std::string, std::string> members[] = {
      {"archive.json", facts_of(part)}, {"README.txt", readme}, {"key", key + "\n"}, {"checkpoint", checkpoint}};
  for (const auto& [name, content] : members) {
    AUTOHEAL_TRY(parts->add(name, content));
  }
  return std::unique_ptr<ArchiveWriter>(new ArchiveWriter(std::move(parts)));
}

Result<void> ArchiveWriter::entry(std::string_view line) {
  if (parts_->piece.empty()) parts_->first_of_piece = parts_->next;
  ++parts_->next;
  parts_->piece += line;
  parts_->piece += '\n';
  return parts_->piece.size() < archive_piece_bytes ? Result<void>() : parts_->flush();
}

Result<void> ArchiveWriter::blob(const engine::BlobName& name, std::string_view content) {
  if (auto flushed = parts_->flush(); !flushed) return flushed;
  std::string file = name;
  std::ranges::replace(file, ':', '-');
  return parts_->add("blobs/" + file, content);
}

Result<ArchiveFile> ArchiveWriter::finish() {
  AUTOHEAL_TRY(parts_->flush());
  if (archive_write_close(parts_->archive) != ARCHIVE_OK) return std::unexpected(parts_->problem("ending"));
  const std::string what = parts_->path.string();
  AUTOHEAL_TRY(sync_file(parts_->file.get(), what));
  auto facts = facts_of_file(parts_->file.get(), what);
  if (!facts) return facts;
  if (::renameat2(AT_FDCWD, parts_->fresh.c_str(), AT_FDCWD, what.c_str(), RENAME_NOREPLACE) != 0)
    return std::unexpected(system_error("renaming " + parts_->fresh));
  parts_->fresh.clear();
  AUTOHEAL_TRY(sync_folder_of(parts_->path));
  return facts;
}

}  // namespace autoheal::store
