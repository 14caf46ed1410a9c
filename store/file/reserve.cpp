#include "autoheal/store/file/reserve.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "autoheal/engine/base/system_error.hpp"
#include "autoheal/store/file/posix_file.hpp"

namespace autoheal::store {

namespace {

// Blocks on the disk and not only a size: what was made sparse by a copy reserves nothing.
bool holds(int file, std::uint64_t bytes) {
  struct stat found{};
  constexpr std::uint64_t unit = 512;  // of st_blocks, stat(2)
  return ::fstat(file, &found) == 0 && static_cast<std::uint64_t>(found.st_size) == bytes &&
         static_cast<std::uint64_t>(found.st_blocks) * unit >= bytes;
}

// The file itself stays: on a full table of inodes it could not be made again.
bool empty(int file) { return ::ftruncate(file, 0) == 0; }

}  // namespace

Reserve::Reserve(const std::filesystem::path& ledger, std::uint64_t bytes)
    : file_(ledger.string() + ".reserve"), bytes_(bytes) {}

Result<void> Reserve::take() {
  if (!missing()) return {};
  const auto refused = [this](int problem) {
    return failure(ErrorKind::unavailable,
                   fmt::format("no room can be kept in {}: {}", file_.string(), system_words(problem)),
                   "make room on the disk");
  };
  const FileDescriptor file(::open(file_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return refused(errno);
  if (!holds(file.get(), bytes_)) {
    int problem = empty(file.get()) ? ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes_)) : errno;
    if (problem == 0 && ::fsync(file.get()) != 0) problem = errno;
    if (problem != 0) {
      empty(file.get());
      return refused(problem);
    }
  }
  taken_ = true;
  return {};
}

bool Reserve::give() {
  if (bytes_ == 0) return false;
  taken_ = false;
  const FileDescriptor file(::open(file_.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat found{};
  return file && ::fstat(file.get(), &found) == 0 && found.st_size > 0 && empty(file.get());
}

}  // namespace autoheal::store
