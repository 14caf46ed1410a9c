#include "autoheal/store/vault/vault.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/store/vault/keyed_digest.hpp"

namespace autoheal::store {

using engine::BlobName;
using engine::BlobNaming;

namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t blob_piece_bytes = 256 * 1024;
constexpr Duration younger_again_after = std::chrono::minutes(1);
constexpr std::string_view temporary_prefix = "new-";
constexpr char hex_digits[] = "0123456789abcdef";

struct BlobPlace {
  BlobNaming naming;
  std::string folder;  // "ab"
  std::string file;    // "ab/sha256-ab..."
};

std::optional<BlobPlace> place_of(const BlobName& name) {
  const std::size_t colon = name.find(':');
  if (colon == BlobName::npos) return std::nullopt;
  const std::string algorithm = name.substr(0, colon);
  const std::string hex = name.substr(colon + 1);
  const bool keyed = algorithm == "hmac-sha256";
  if (!keyed && algorithm != "sha256") return std::nullopt;
  if (hex.size() != 64 || hex.find_first_not_of(hex_digits) != std::string::npos) return std::nullopt;
  const std::string folder = hex.substr(0, 2);
  return BlobPlace{keyed ? BlobNaming::keyed : BlobNaming::plain, folder,
                   fmt::format("{}/{}-{}", folder, algorithm, hex)};
}

// The place for a name that the vault itself gave to a content.
BlobPlace place_of_own(const BlobName& name) {
  auto place = place_of(name);
  AUTOHEAL_CHECK(place.has_value());
  return std::move(*place);
}

// Unlinks a temporary that was not renamed.
class Temporary {
 public:
  Temporary(int folder, std::string name) : folder_(folder), name_(std::move(name)) {}
  ~Temporary() { ::unlinkat(folder_, name_.c_str(), 0); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

 private:
  int folder_;
  std::string name_;
};

Result<FileDescriptor> create_in(int folder, const std::string& name, const std::string& what) {
  FileDescriptor file(::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return std::unexpected(system_error("creating a file in " + what));
  return file;
}

// The names in a folder, but "." and "..".
Result<std::vector<std::string>> names_in(int folder, const std::string& what) {
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* listing = copy < 0 ? nullptr : ::fdopendir(copy);
  if (listing == nullptr) {
    if (copy >= 0) ::close(copy);
    return std::unexpected(system_error("listing " + what));
  }
  std::vector<std::string> names;
  while (const dirent* item = ::readdir(listing)) {
    const std::string name = item->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(listing);
  return names;
}

Result<std::string> random_key() {
  std::string key(key_bytes, '\0');
  if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) {
    return std::unexpected(system_error("making the vault's key"));
  }
  return key;
}

// Since it was put last; negative where the clock was set back.
Duration age_of(const struct stat& seen) {
  const auto put = std::chrono::seconds(seen.st_mtim.tv_sec) + std::chrono::nanoseconds(seen.st_mtim.tv_nsec);
  return std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch() - put);
}

// "sha256-ab..." as a name; empty for any other file.
BlobName name_of_file(const std::string& file) {
  const std::size_t dash = file.rfind('-');
  if (dash == std::string::npos) return {};
  BlobName name = file.substr(0, dash) + ":" + file.substr(dash + 1);
  return place_of(name) ? name : BlobName();
}

}  // namespace

Result<std::unique_ptr<Vault>> Vault::open(const std::filesystem::path& folder, VaultOptions options,
                                           VaultAccess access) {
  std::unique_ptr<Vault> vault(new Vault(folder, options, access));
  if (access == VaultAccess::create) {
    if (::mkdir(folder.c_str(), 0700) == 0) {
      AUTOHEAL_TRY(sync_folder_of(folder));
    } else if (errno != EEXIST) {
      return std::unexpected(system_error("creating the vault " + folder.string()));
    }
  }
  AUTOHEAL_TRY(vault->open_folder_and_key());
  return vault;
}

Result<void> Vault::open_folder_and_key() {
  auto opened = open_folder(path_);
  const int why = errno;
  if (!opened && access_ == VaultAccess::read_only && (why == ENOENT || why == EACCES)) {
    closed_ = why == EACCES;  // an auditor reads the ledger, not the vault
    return {};
  }
  AUTOHEAL_TRY(opened);
  folder_ = std::move(*opened);
  if (access_ == VaultAccess::create) {
    // First: a process that made the key and died may have had this one's number.
    if (auto cleared = clear_temporaries(); !cleared) return cleared;
  }
  if (auto read = read_key(); !read) {
    if (access_ == VaultAccess::read_only || read.error().kind != ErrorKind::not_found) return read;
    if (auto made = make_key(); !made) return made;
  }
  return access_ == VaultAccess::create ? make_folders() : Result<void>();
}

Result<void> Vault::read_key() {
  const std::string what = path_.string() + "/key";
  const FileDescriptor file(::openat(folder_.get(), "key", O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) {
    return failure(ErrorKind::not_found, fmt::format("the vault {} has no key", path_.string()));
  }
  if (!file) return std::unexpected(system_error("opening " + what));
  std::string key(key_bytes + 1, '\0');
  const auto size = read_at(file.get(), key.data(), key.size(), 0, what);
  AUTOHEAL_TRY(size);
  if (*size != key_bytes) return failure(ErrorKind::corrupt, what + " does not hold 32 bytes");
  key_ = key.substr(0, key_bytes);
  return {};
}

// A new key beside old blobs would give every secret a second name, without a word.
Result<void> Vault::make_key() {
  const auto names = names_in(folder_.get(), path_.string());
  AUTOHEAL_TRY(names);
  if (!names->empty()) {
    return failure(ErrorKind::unavailable,
                   fmt::format("the vault {} holds {}, but its key is missing", path_.string(), names->front()),
                   fmt::format("restore {}/key from a backup", path_.string()));
  }
  auto key = random_key();
  AUTOHEAL_TRY(key);
  const std::string what = path_.string() + "/key";
  const std::string temporary = fresh_temporary();
  const auto file = create_in(folder_.get(), temporary, path_.string());
  AUTOHEAL_TRY(file);
  const Temporary cleanup(folder_.get(), temporary);
  if (auto done = write_all(file->get(), *key, what); !done) return done;
  if (auto done = sync_file(file->get(), what); !done) return done;
  if (::renameat(folder_.get(), temporary.c_str(), folder_.get(), "key") != 0) {
    return std::unexpected(system_error("renaming " + what));
  }
  key_ = std::move(*key);
  return sync_file(folder_.get(), path_.string());
}

Result<void> Vault::clear_temporaries() {
  const auto names = names_in(folder_.get(), path_.string());
  AUTOHEAL_TRY(names);
  for (const std::string& name : *names) {
    if (name.starts_with(temporary_prefix)) ::unlinkat(folder_.get(), name.c_str(), 0);
  }
  return {};
}

// All of them at once, so that later only the one folder that gets a blob has to be synced.
Result<void> Vault::make_folders() {
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const std::string name = {hex_digits[byte / 16], hex_digits[byte % 16]};
    if (::mkdirat(folder_.get(), name.c_str(), 0700) != 0 && errno != EEXIST) {
      return std::unexpected(system_error("creating a folder in " + path_.string()));
    }
  }
  return sync_file(folder_.get(), path_.string());
}

BlobName Vault::name_of(std::string_view content, BlobNaming naming) const {
  if (naming == BlobNaming::plain) return sha256_name(content);
  return key_.empty() ? BlobName() : "hmac-sha256:" + to_hex(hmac_sha256(key_, content));
}

Result<void> Vault::writable(std::uint64_t size) const {
  if (access_ != VaultAccess::create) {
    return failure(ErrorKind::unavailable, fmt::format("the vault {} was opened for reading", path_.string()));
  }
  if (size > options_.max_blob_bytes) {
    return failure(ErrorKind::invalid, fmt::format("a content of {} bytes is larger than the vault's limit of {}", size,
                                                   options_.max_blob_bytes));
  }
  return {};
}

Result<BlobName> Vault::put(std::string_view content, BlobNaming naming) {
  AUTOHEAL_TRY(writable(content.size()));
  BlobName name = name_of(content, naming);
  const auto there = already_there(name, content.size());
  AUTOHEAL_TRY(there);
  if (*there) return name;
  const std::string temporary = fresh_temporary();
  const auto file = create_in(folder_.get(), temporary, path_.string());
  AUTOHEAL_TRY(file);
  const Temporary cleanup(folder_.get(), temporary);
  AUTOHEAL_TRY(write_all(file->get(), content, name));
  AUTOHEAL_TRY(sync_file(file->get(), name));
  AUTOHEAL_TRY(put_in_place(temporary, name));
  return name;
}

Result<BlobName> Vault::put_file(int descriptor, BlobNaming naming) {
  struct stat seen{};
  if (::fstat(descriptor, &seen) != 0) return std::unexpected(system_error("looking at a file for the vault"));
  if (!S_ISREG(seen.st_mode)) return failure(ErrorKind::invalid, "only a regular file can be copied into the vault");
  const auto size = static_cast<std::uint64_t>(seen.st_size);
  AUTOHEAL_TRY(writable(size));
  const std::string temporary = fresh_temporary();
  const auto file = create_in(folder_.get(), temporary, path_.string());
  AUTOHEAL_TRY(file);
  const Temporary cleanup(folder_.get(), temporary);
  auto name = copy(descriptor, file->get(), naming, path_.string());
  if (!name) return name;
  struct stat copied{};
  if (::fstat(file->get(), &copied) != 0) return std::unexpected(system_error("looking at " + *name));
  const auto there = already_there(*name, static_cast<std::uint64_t>(copied.st_size));
  AUTOHEAL_TRY(there);
  if (*there) return name;
  AUTOHEAL_TRY(sync_file(file->get(), *name));
  AUTOHEAL_TRY(put_in_place(temporary, *name));
  return name;
}

Result<BlobName> Vault::copy(int from, int into, BlobNaming naming, const std::string& what) {
  BlobDigest digest(naming, key_);
  std::string piece(blob_piece_bytes, '\0');
  std::uint64_t offset = 0;
  while (true) {
    const auto size = read_at(from, piece.data(), piece.size(), offset, "a file for " + what);
    AUTOHEAL_TRY(size);
    if (*size == 0) return digest.finish();
    offset += *size;
    // The file may grow while it is read.
    AUTOHEAL_TRY(writable(offset));
    digest.update(piece.data(), *size);
    if (auto done = write_all(into, std::string_view(piece.data(), *size), what); !done) {
      return std::unexpected(done.error());
    }
  }
}

// A file of another size is damaged and is written again. An old file gets a new time, so that remove(), which deletes
// contents that nothing names, does not take one that an entry is about to name.
Result<bool> Vault::already_there(const BlobName& name, std::uint64_t size) {
  struct stat seen{};
  const BlobPlace place = place_of_own(name);
  {
    const std::lock_guard lock(mutex_);
    if (::fstatat(folder_.get(), place.file.c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0) return false;
    if (!S_ISREG(seen.st_mode) || static_cast<std::uint64_t>(seen.st_size) != size) return false;
    if (age_of(seen) > younger_again_after &&
        ::utimensat(folder_.get(), place.file.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) != 0)
      return std::unexpected(system_error(fmt::format("touching {} in {}", name, path_.string())));
    if (is_durable(name, place.folder)) return true;
  }
  // Another thread, or a process that died, may have renamed it and not yet synced its folder.
  AUTOHEAL_TRY(make_name_durable(name));
  return true;
}

Result<void> Vault::put_in_place(const std::string& temporary, const BlobName& name) {
  const BlobPlace place = place_of_own(name);
  {
    const std::lock_guard lock(mutex_);
    not_yet_durable_.insert(name);
  }
  if (::renameat(folder_.get(), temporary.c_str(), folder_.get(), place.file.c_str()) != 0) {
    return std::unexpected(system_error(fmt::format("storing {} in {}", name, path_.string())));
  }
  return make_name_durable(name);
}

Result<void> Vault::make_name_durable(const BlobName& name) {
  const BlobPlace place = place_of_own(name);
  const FileDescriptor folder(
      ::openat(folder_.get(), place.folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return std::unexpected(system_error("opening a folder of " + path_.string()));
  if (auto synced = sync_file(folder.get(), path_.string()); !synced) return synced;
  const std::lock_guard lock(mutex_);
  synced_folders_.insert(place.folder);
  not_yet_durable_.erase(name);
  return {};
}

bool Vault::is_durable(const BlobName& name, const std::string& folder) const {
  return synced_folders_.contains(folder) && !not_yet_durable_.contains(name);
}

std::string Vault::fresh_temporary() {
  const std::lock_guard lock(mutex_);
  return fmt::format("{}{}-{}", temporary_prefix, ::getpid(), ++temporaries_);
}

Result<std::string> Vault::get(const BlobName& name) const {
  const auto place = place_of(name);
  if (!place) return failure(ErrorKind::invalid, fmt::format("\"{}\" is not the name of a blob", name));
  const std::string what = fmt::format("{} in {}", name, path_.string());
  // O_NONBLOCK: a pipe put in a blob's place must not hang the reader.
  const FileDescriptor file(
      !folder_ ? -1 : ::openat(folder_.get(), place->file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (closed_) {
    return failure(ErrorKind::unavailable, fmt::format("the vault {} is not open to you", path_.string()),
                   "run it as the ledger's owner; entries can be read without it");
  }
  if (!folder_ || (!file && errno == ENOENT)) return failure(ErrorKind::not_found, "there is no blob " + what);
  if (!file && errno == ELOOP) return failure(ErrorKind::corrupt, fmt::format("the blob {} is a link", what));
  if (!file) return std::unexpected(system_error("opening " + what));
  struct stat seen{};
  if (::fstat(file.get(), &seen) != 0) return std::unexpected(system_error("looking at " + what));
  if (!S_ISREG(seen.st_mode))
    return failure(ErrorKind::corrupt, fmt::format("the blob {} is not a regular file", what));
  std::string content(static_cast<std::size_t>(seen.st_size), '\0');
  const auto size = read_at(file.get(), content.data(), content.size(), 0, what);
  AUTOHEAL_TRY(size);
  content.resize(*size);
  AUTOHEAL_CHECK(!key_.empty());  // or it had not been opened
  if (name_of(content, place->naming) != name) {
    return failure(ErrorKind::corrupt, fmt::format("the blob {} no longer holds what its name says", what));
  }
  return content;
}

Result<std::vector<Vault::BlobFacts>> Vault::list() const {
  std::vector<BlobFacts> blobs;
  if (!folder_) return blobs;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const std::string name = {hex_digits[byte / 16], hex_digits[byte % 16]};
    const FileDescriptor folder(::openat(folder_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder && errno == ENOENT) continue;
    if (!folder) return std::unexpected(system_error("opening a folder of " + path_.string()));
    const auto files = names_in(folder.get(), path_.string());
    AUTOHEAL_TRY(files);
    for (const std::string& file : *files) {
      struct stat seen{};
      const BlobName blob = name_of_file(file);
      if (blob.empty() || ::fstatat(folder.get(), file.c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0) continue;
      blobs.push_back({blob, static_cast<std::uint64_t>(seen.st_size), age_of(seen)});
    }
  }
  return blobs;
}

Result<bool> Vault::remove(const BlobName& name, Duration untouched_for) {
  AUTOHEAL_TRY(writable(0));
  const auto place = place_of(name);
  if (!place) return failure(ErrorKind::invalid, fmt::format("\"{}\" is not the name of a blob", name));
  const std::lock_guard lock(mutex_);
  struct stat seen{};
  if (::fstatat(folder_.get(), place->file.c_str(), &seen, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (age_of(seen) < untouched_for) return false;
  if (::unlinkat(folder_.get(), place->file.c_str(), 0) != 0)
    return std::unexpected(system_error(fmt::format("removing {} from {}", name, path_.string())));
  return true;
}

bool Vault::has(const BlobName& name) const {
  const auto place = place_of(name);
  struct stat seen{};
  return place && folder_ && ::fstatat(folder_.get(), place->file.c_str(), &seen, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(seen.st_mode);
}

}  // namespace autoheal::store
