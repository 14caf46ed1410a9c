#include "tools/host/service/pidfile.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

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
  pid_t pid = 0;
  if (begin == std::string::npos) return failure(ErrorKind::invalid, pidfile + " is empty");
  const char* const end = content->data() + content->size();
  const auto [rest, problem] = std::from_chars(content->data() + begin, end, pid);
  // In PostgreSQL's and Sendmail's pidfiles only the first line is the number; some programs write a zero byte, too.
  const char* const line_end = std::find_if(rest, end, [](char byte) { return byte == '\n' || byte == '\0'; });
  const bool only_space =
      std::all_of(rest, line_end, [](char byte) { return byte == '\r' || byte == ' ' || byte == '\t'; });
  if (problem != std::errc() || pid <= 0 || !only_space)
    return failure(ErrorKind::invalid, pidfile + " holds no process id");
  return pid;
}

}  // namespace autoheal::host
