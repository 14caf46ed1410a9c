#include "tools/host/service/service_family.hpp"

#include <unistd.h>

#include <fstream>

#include "tools/host/process/marked_processes.hpp"

namespace autoheal::host {

namespace {

constexpr pid_t first_process = 1;

// In the hierarchy of systemd: the path up to the innermost unit of kind service; empty if it is in none.
std::string unit_group_of(const std::string& process) {
  std::ifstream lines("/proc/" + process + "/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string hierarchy = line.substr(first + 1, second - first - 1);
    if (!hierarchy.empty() && hierarchy != "name=systemd") continue;
    constexpr std::string_view ending = ".service";
    std::string path = line.substr(second + 1);
    for (auto end = path.size(); end > 0 && end != std::string::npos; end = path.rfind('/', end - 1)) {
      if (std::string_view(path).substr(0, end).ends_with(ending)) return path.substr(0, end);
      if (path.rfind('/', end - 1) == std::string::npos) break;
    }
  }
  return {};
}

}  // namespace

ServiceFamily::ServiceFamily(pid_t main_process) : main_(main_process) {
  for (const ProcessInfo& one : all_processes()) {
    if (!one.is_kernel_thread && !one.is_dead()) processes_.emplace(one.pid, one);
  }
  group_ = unit_group_of(std::to_string(main_));
  // Our children and our parent may be in our own group, so it distinguishes nothing.
  if (group_ == unit_group_of("self")) group_.clear();
  mark_ = value_in_environment(main_, mark_variable).value_or("");
  for (const auto& [pid, process] : processes_) {
    if (belongs(process)) members_.insert(pid);
  }
}

bool ServiceFamily::descends(pid_t process, pid_t from) const {
  std::size_t steps = 0;
  for (auto at = processes_.find(process); at != processes_.end() && steps <= processes_.size(); ++steps) {
    if (at->second.parent == from) return true;
    at = processes_.find(at->second.parent);
  }
  return false;
}

bool ServiceFamily::belongs(const ProcessInfo& process) const {
  if (process.pid == main_ || descends(process.pid, main_) || process.session == main_) return true;
  if (!group_.empty() && unit_group_of(std::to_string(process.pid)) == group_) return true;
  return !mark_.empty() && value_in_environment(process.pid, mark_variable) == mark_;
}

std::string ServiceFamily::doubt_about(pid_t process) const {
  if (process == first_process)
    return "the first process of this machine holds it, as for a socket that starts a service";
  if (descends(main_, process)) return "the process that started the service holds it";
  const auto found = processes_.find(process);
  const auto main = processes_.find(main_);
  if (found == processes_.end() || main == processes_.end()) return "its process has ended meanwhile";
  // A process that left its parents may come from any older one; one that we started would carry the mark.
  const bool left_its_parents =
      found->second.parent == first_process || program_name_of(found->second.parent) == "systemd";
  if (left_its_parents && mark_.empty() && found->second.started >= main->second.started)
    return "nobody knows who started the process that holds it";
  return {};
}

std::string program_name_of(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process);
  std::string target(4096, '\0');
  const ssize_t size = ::readlink((folder + "/exe").c_str(), target.data(), target.size());
  if (size > 0) {
    target.resize(static_cast<std::size_t>(size));
    constexpr std::string_view replaced = " (deleted)";
    if (target.ends_with(replaced)) target.resize(target.size() - replaced.size());
    return target.substr(target.rfind('/') + 1);
  }
  std::ifstream name(folder + "/comm");
  std::getline(name, target = {});
  return target;
}

}  // namespace autoheal::host
