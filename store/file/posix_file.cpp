#include "autoheal/store/file/posix_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "autoheal/engine/base/system_error.hpp"
#include "autoheal/engine/base/whole_io.hpp"

namespace autoheal::store {

Error system_error(const std::string& what, int error_number) {
  const ErrorKind kind = error_number == EIO ? ErrorKind::fatal : ErrorKind::unavailable;
  return autoheal::system_error(kind, what, error_number);
}

Result<void> write_all(int descriptor, std::string_view content, const std::string& what) {
  const auto written = write_whole(descriptor, content);
  if (!written) return std::unexpected(system_error("writing " + what, written.error()));
  return {};
}

Result<std::size_t> read_at(int descriptor, char* into, std::size_t size, std::uint64_t offset,
                            const std::string& what) {
  const auto done = read_up_to_at(descriptor, {into, size}, offset);
  if (!done) return std::unexpected(system_error("reading " + what, done.error()));
  return *done;
}

Result<void> sync_file(int descriptor, const std::string& what) {
  if (::fsync(descriptor) == 0) return {};
  Error error = system_error("syncing " + what);
  error.kind = ErrorKind::fatal;
  return std::unexpected(std::move(error));
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const auto opened = open_folder(folder);
  AUTOHEAL_TRY(opened);
  return sync_file(opened->get(), folder.string());
}

Result<void> sync_folder_of(const std::filesystem::path& file) {
  return sync_folder(file.has_parent_path() ? file.parent_path() : ".");
}

Result<FileDescriptor> open_folder(const std::filesystem::path& folder) {
  FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!opened) return std::unexpected(system_error("opening the folder " + folder.string()));
  return opened;
}

namespace {

Result<void> write_fresh(const std::string& path, std::string_view content, mode_t mode) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return std::unexpected(system_error("removing " + path));
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return std::unexpected(system_error("creating " + path));
  if (auto done = write_all(file.get(), content, path); !done) return done;
  if (::fchmod(file.get(), mode) != 0) return std::unexpected(system_error("setting the mode of " + path));
  return sync_file(file.get(), path);
}

}  // namespace

Result<void> replace_file(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  const std::string fresh = path.string() + ".new";
  if (auto done = write_fresh(fresh, content, mode); !done) {
    ::unlink(fresh.c_str());
    return done;
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return std::unexpected(system_error("renaming " + fresh));
  return sync_folder_of(path);
}

Result<std::optional<SmallFile>> read_small_file(const std::filesystem::path& path, std::size_t most_bytes) {
  // Not blocking: a FIFO must be refused, not waited for.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file) return std::unexpected(system_error("opening " + path.string()));
  struct stat seen{};
  if (::fstat(file.get(), &seen) != 0) return std::unexpected(system_error("looking at " + path.string()));
  if (!S_ISREG(seen.st_mode)) return failure(ErrorKind::invalid, path.string() + " is no regular file");
  SmallFile small{std::string(most_bytes + 1, '\0'), seen.st_uid, seen.st_mode & 07777};
  const auto size = read_at(file.get(), small.content.data(), small.content.size(), 0, path.string());
  AUTOHEAL_TRY(size);
  if (*size > most_bytes)
    return failure(ErrorKind::invalid, fmt::format("{} is larger than {} bytes", path.string(), most_bytes));
  small.content.resize(*size);
  return small;
}

}  // namespace autoheal::store
