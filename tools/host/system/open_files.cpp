#include "tools/host/system/open_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <filesystem>
#include <fstream>
#include <set>

#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::host {

namespace {

namespace fs = std::filesystem;

std::string program_of(const fs::path& process) {
  std::error_code problem;
  const fs::path program = fs::read_symlink(process / "exe", problem);
  if (!problem) return program.string();
  std::string name;
  std::ifstream(process / "comm") >> name;
  return name;
}

// "flags:	0100002", octal, as open(2) took them.
bool opened_to_write(const fs::path& facts) {
  std::ifstream lines(facts);
  for (std::string word; lines >> word;) {
    if (word != "flags:" || !(lines >> word)) continue;
    const int flags = leading_number<int>(word, 8).value_or(0);
    return (flags & O_ACCMODE) != O_RDONLY && (flags & O_PATH) == 0;
  }
  return false;
}

void look_into(const fs::path& process, pid_t pid, const std::set<FileIdentity>& wanted, OpenFiles& found) {
  std::error_code problem;
  fs::directory_iterator open(process / "fd", problem);
  if (problem == std::errc::permission_denied) ++found.unseen;
  for (; !problem && open != fs::directory_iterator(); open.increment(problem)) {
    struct stat status{};
    if (::stat(open->path().c_str(), &status) != 0) continue;
    const FileIdentity file{status.st_dev, status.st_ino};
    if (!wanted.contains(file)) continue;
    const bool writes = opened_to_write(process / "fdinfo" / open->path().filename());
    auto& holders = found.by_file[file];
    if (holders.empty() || holders.back().pid != pid) holders.push_back({pid, program_of(process), false});
    holders.back().writes = holders.back().writes || writes;
  }
}

}  // namespace

OpenFiles open_files(const std::vector<FileIdentity>& wanted) {
  OpenFiles found;
  const std::set<FileIdentity> files(wanted.begin(), wanted.end());
  std::error_code problem;
  for (fs::directory_iterator one("/proc", problem); !problem && one != fs::directory_iterator();
       one.increment(problem)) {
    const std::string name = one->path().filename().string();
    const auto pid = parse_number<pid_t>(name);
    if (!pid || *pid == ::getpid()) continue;
    look_into(one->path(), *pid, files, found);
  }
  return found;
}

}  // namespace autoheal::host
