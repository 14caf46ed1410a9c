#include "tools/autoheal/output/new_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::cli {

bool write_durably(int file, std::string_view text) {
  if (const auto written = write_whole(file, text); !written) {
    errno = written.error();
    return false;
  }
  return ::fchmod(file, 0644) == 0 && ::fsync(file) == 0;
}

namespace {

// Gives `temporary` its name, unless the name is taken.
bool put_in_place(const std::string& temporary, const std::string& path) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL) return false;
  // This file system cannot rename so; a second name is as good.
  return ::link(temporary.c_str(), path.c_str()) == 0 && ::unlink(temporary.c_str()) == 0;
}

}  // namespace

Result<void> write_new_file(const std::string& path, const std::string& text) {
  std::string temporary = fmt::format("{}.new-{}", path, std::string(6, 'X'));
  const UniqueFd file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) return host::system_failure("cannot write " + path, errno);
  if (!write_durably(file.get(), text) || !put_in_place(temporary, path)) {
    const int why = errno;
    ::unlink(temporary.c_str());
    if (why == EEXIST) return failure(ErrorKind::invalid, path + " is there already");
    return host::system_failure("cannot write " + path, why);
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const UniqueFd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.get()) != 0) return host::system_failure("cannot sync " + folder, errno);
  return {};
}

}  // namespace autoheal::cli
