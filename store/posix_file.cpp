#include "store/posix_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace autoheal::store {

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) ::close(number_);
}

Error system_error(const std::string& what) {
  const int code = errno;
  const ErrorKind kind = code == EIO ? ErrorKind::fatal : ErrorKind::unavailable;
  return {kind, what + ": " + std::generic_category().message(code), {}};
}

Result<void> write_all(int descriptor, std::string_view content, const std::string& what) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return std::unexpected(system_error("writing " + what));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::size_t> read_at(int descriptor, char* into, std::size_t size, std::uint64_t offset,
                            const std::string& what) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(descriptor, into + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(system_error("reading " + what));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Result<void> sync_file(int descriptor, const std::string& what) {
  if (::fsync(descriptor) == 0) return {};
  Error error = system_error("syncing " + what);
  error.kind = ErrorKind::fatal;
  return std::unexpected(std::move(error));
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const auto opened = open_folder(folder);
  if (!opened) return std::unexpected(opened.error());
  return sync_file(opened->get(), folder.string());
}

Result<FileDescriptor> open_folder(const std::filesystem::path& folder) {
  FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!opened) return std::unexpected(system_error("opening the folder " + folder.string()));
  return opened;
}

}  // namespace autoheal::store
