#include "tools/host/service/pidfile.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "autoheal/engine/base/numbers.hpp"
#include "tools/host/facts/target_facts.hpp"
#include "tools/host/system/linked_place.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

constexpr std::size_t pidfile_limit = 4096;

Result<std::string> content_of(const RootFolder& root, const std::string& pidfile, const OwnFiles& own) {
  const auto place = follow_links(root, pidfile);
  AUTOHEAL_TRY(place);
  const UniqueFd& found = place->file;
  if (!found) return system_failure(pidfile, ENOENT);
  struct stat status{};
  if (::fstat(found.get(), &status) != 0) return system_failure(pidfile, errno);
  if (!S_ISREG(status.st_mode)) return failure(ErrorKind::not_found, pidfile + " is no file");
  if (own.contain(status)) return failure(ErrorKind::refused, pidfile + " is one of Autoheal's own files");
  const UniqueFd opened = reopen_for_reading(found.get());
  if (!opened) return look_failure(pidfile, errno);
  return read_all(opened.get(), pidfile, pidfile_limit);
}

}  // namespace

Result<pid_t> read_pidfile(const RootFolder& root, const std::string& pidfile, const OwnFiles& own) {
  const auto content = content_of(root, pidfile, own);
  AUTOHEAL_TRY(content);
  const auto begin = content->find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return failure(ErrorKind::invalid, pidfile + " is empty");
  std::string_view rest = std::string_view(*content).substr(begin);
  const auto pid = take_number<pid_t>(rest);
  // In PostgreSQL's and Sendmail's pidfiles only the first line is the number; some programs write a zero byte, too.
  const std::string_view line = rest.substr(0, rest.find_first_of(std::string_view("\n\0", 2)));
  if (!pid || *pid <= 0 || line.find_first_not_of("\r \t") != std::string_view::npos)
    return failure(ErrorKind::invalid, pidfile + " holds no process id");
  return *pid;
}

}  // namespace autoheal::host
