#include "tools/host/service/known_programs.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "tools/host/system/process_table.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

constexpr pid_t started_last = 256;  // so many numbers are looked at: that takes less than a millisecond
constexpr std::size_t longest_arguments = 65536;

std::string proc_folder_of(pid_t process) { return "/proc/" + std::to_string(process); }

// Empty if nobody tells.
std::string link_of(pid_t process, const char* name) {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink((proc_folder_of(process) + "/" + name).c_str(), path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : std::string();
}

// The number that the system gave last.
pid_t newest_process() {
  std::ifstream file("/proc/loadavg");
  std::string skipped;
  pid_t newest = 0;
  file >> skipped >> skipped >> skipped >> skipped >> newest;
  return file ? newest : 0;
}

}  // namespace

KnownPrograms::Program KnownPrograms::program_of(pid_t process) {
  Program program{process, link_of(process, "exe"), link_of(process, "cwd"), {}};
  std::ifstream file(proc_folder_of(process) + "/cmdline", std::ios::binary);
  program.arguments.assign(std::istreambuf_iterator<char>(file), {});
  if (program.arguments.size() > longest_arguments) program.arguments.resize(longest_arguments);
  return program;
}

void KnownPrograms::note(const std::string& place, pid_t process) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = by_place_.find(place); known != by_place_.end() && known->second.process == process) return;
  }
  Program program = program_of(process);
  const std::lock_guard lock(mutex_);
  by_place_.insert_or_assign(place, std::move(program));
}

bool KnownPrograms::is_of_another_place(const std::string& place, pid_t process) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(by_place_,
                             [&](const auto& one) { return one.first != place && one.second.process == process; });
}

std::optional<pid_t> KnownPrograms::just_begun(const std::string& place, Duration time) const {
  Program known;
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_place_.find(place);
    if (found == by_place_.end() || found->second.file.empty()) return std::nullopt;
    known = found->second;
  }
  const Duration now = since_boot();
  const pid_t newest = newest_process();
  for (pid_t process = newest; process > std::max(0, newest - started_last); --process) {
    const auto found = read_process(process);
    if (!found || found->is_dead() || now - began_after_boot(*found) > time) continue;
    if (program_of(process).is_like(known) && !is_of_another_place(place, process)) return process;
  }
  return std::nullopt;
}

}  // namespace autoheal::host
