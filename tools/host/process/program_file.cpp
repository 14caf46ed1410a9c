#include "tools/host/process/program_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

constexpr int most_program_links = 40;

long long ctime_of(const struct stat& status) {
  return status.st_ctim.tv_sec * 1'000'000'000LL + status.st_ctim.tv_nsec;
}

bool is_trusted(uid_t owner, uid_t user) { return owner == 0 || owner == ::geteuid() || owner == user; }

Result<void> check_folder(const std::string& path, const struct stat& status, uid_t user) {
  const bool sticky = (status.st_mode & S_ISVTX) != 0;
  if (is_trusted(status.st_uid, user) && ((status.st_mode & 022U) == 0 || sticky)) return {};
  return failure(ErrorKind::refused, fmt::format("the folder {} can be written by others: nothing in it is run", path),
                 "give it to root, mode 0755, or say `user:`");
}

Result<void> check_file(const std::string& path, const struct stat& status, uid_t user) {
  if (!S_ISREG(status.st_mode)) return failure(ErrorKind::invalid, path + " is not a file that could be run");
  if (!is_trusted(status.st_uid, user) || (status.st_mode & 022U) != 0) {
    return failure(ErrorKind::refused, path + " can be written by others: it is not run", "give it to root, mode 0755");
  }
  if ((status.st_mode & 0111U) == 0) return failure(ErrorKind::invalid, path + " is not executable");
  if (status.st_size == 0) return failure(ErrorKind::invalid, path + " is empty");
  return {};
}

void put_in_front(std::deque<std::string>& rest, const std::string& path) {
  std::size_t end = path.size();
  while (end > 0) {
    const auto slash = path.rfind('/', end - 1);
    const std::size_t begin = slash == std::string::npos ? 0 : slash + 1;
    if (begin < end) rest.push_front(path.substr(begin, end - begin));
    end = slash == std::string::npos ? 0 : slash;
  }
}

// Goes the way that the kernel goes and looks at each folder on it, so that no link in a folder of somebody else's is
// ever passed. Returns the path without links.
Result<std::string> check_way(const std::string& path, uid_t user) {
  std::deque<std::string> rest;
  put_in_front(rest, path);
  std::string at;
  int links = 0;
  while (true) {
    struct stat status{};
    const std::string here = at.empty() ? "/" : at;
    if (::lstat(here.c_str(), &status) != 0) return system_failure(path, errno);
    if (S_ISLNK(status.st_mode)) {
      std::array<char, PATH_MAX> target{};
      const ssize_t size = ::readlink(here.c_str(), target.data(), target.size());
      if (size < 0 || ++links > most_program_links) return system_failure(path, size < 0 ? errno : ELOOP);
      const std::string to(target.data(), static_cast<std::size_t>(size));
      at = to.starts_with('/') ? "" : at.substr(0, at.rfind('/'));
      put_in_front(rest, to);
    } else if (S_ISDIR(status.st_mode)) {
      AUTOHEAL_TRY(check_folder(here, status, user));
      if (rest.empty()) return failure(ErrorKind::invalid, path + " is a folder");
    } else {
      if (!rest.empty()) return system_failure(path, ENOTDIR);
      return at;
    }
    // A link's target is looked at from its folder, which was checked on the way.
    while (!rest.empty() && rest.front() == ".") rest.pop_front();
    if (rest.empty()) return failure(ErrorKind::invalid, path + " is a folder");
    if (rest.front() == "..") {
      at = at.substr(0, at.empty() ? 0 : at.rfind('/'));
    } else {
      at += "/" + rest.front();
    }
    rest.pop_front();
  }
}

}  // namespace

Result<ProgramFile> open_program(const std::string& path, uid_t user) {
  if (!path.starts_with('/'))
    return failure(ErrorKind::invalid, fmt::format("program \"{}\" is not an absolute path", path));
  const auto real = check_way(path, user);
  AUTOHEAL_TRY(real);
  const UniqueFd file(::open(real->c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!file) return system_failure(path, errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return system_failure(path, errno);
  AUTOHEAL_TRY(check_file(path, status, user));
  ProgramFile program{path, {}, status.st_dev, status.st_ino, ctime_of(status), false};
  Sha256Stream stream;
  bool at_begin = true;
  const auto read = read_in_pieces(file.get(), [&](std::string_view piece) {
    if (std::exchange(at_begin, false)) program.is_script = piece.starts_with("#!");
    stream.update(piece.data(), piece.size());
    return true;
  });
  if (!read) return system_failure(path, read.error());
  program.sha256 = "sha256:" + to_hex(stream.finish());
  return program;
}

bool is_still(const ProgramFile& program) {
  struct stat status{};
  return ::stat(program.path.c_str(), &status) == 0 && status.st_dev == program.device &&
         status.st_ino == program.inode && ctime_of(status) == program.ctime_ns;
}

bool is_running(const ProgramFile& program, pid_t pid) {
  if (!program.is_script) {
    struct stat status{};
    const std::string exe = "/proc/" + std::to_string(pid) + "/exe";
    if (::stat(exe.c_str(), &status) == 0 && status.st_dev == program.device && status.st_ino == program.inode)
      return true;
  }
  return is_still(program);
}

}  // namespace autoheal::host
