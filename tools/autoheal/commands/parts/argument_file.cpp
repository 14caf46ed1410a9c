#include "tools/autoheal/commands/parts/argument_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/core.h>

#include <cerrno>
#include <cstring>

#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/engine/base/whole_io.hpp"

namespace autoheal::cli {

Result<std::string> read_argument_file(const std::string& path, std::size_t most_bytes) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat seen{};
  if (!file || ::fstat(file.get(), &seen) != 0)
    return failure(ErrorKind::not_found, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  if (S_ISDIR(seen.st_mode)) return failure(ErrorKind::not_found, path + " is a folder");
  if (!S_ISREG(seen.st_mode))
    return failure(ErrorKind::invalid, path + " is no regular file", "copy what it gives into a file");
  auto text = read_whole(file.get(), most_bytes);
  if (text) return std::move(*text);
  if (text.error() == EFBIG) return failure(ErrorKind::invalid, path + " is too large");
  return failure(ErrorKind::not_found, fmt::format("cannot read {}: {}", path, std::strerror(text.error())));
}

}  // namespace autoheal::cli
