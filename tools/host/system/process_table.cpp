#include "tools/host/system/process_table.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <sstream>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/engine/base/whole_io.hpp"

namespace autoheal::host {

namespace {

constexpr unsigned long of_the_kernel = 0x00200000;  // PF_KTHREAD, include/linux/sched.h

struct CloseProcessTable {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

std::string read_proc(pid_t pid, const char* file) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + file;
  const UniqueFd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return opened ? read_whole(opened.get(), no_limit).value_or(std::string()) : std::string();
}

bool value_begins(std::string_view value, std::string_view prefix) {
  if (!value.starts_with(prefix)) return false;
  return prefix.empty() || prefix.ends_with('/') || value.size() == prefix.size() || value[prefix.size()] == '/';
}

}  // namespace

Duration began_after_boot(const ProcessInfo& process) {
  static const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return Duration(static_cast<std::int64_t>(static_cast<double>(process.started) / ticks_per_second * 1e6));
}

std::optional<ProcessInfo> read_process(pid_t pid) {
  const std::string text = read_proc(pid, "stat");
  // The name in parentheses may hold anything, parentheses too.
  const auto after_name = text.rfind(')');
  if (after_name == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(after_name + 1));
  ProcessInfo info;
  info.pid = pid;
  fields >> info.state >> info.parent >> info.group >> info.session;
  std::string skipped;
  unsigned long flags = 0;
  fields >> skipped >> skipped >> flags;
  for (int field = 10; field <= 21; ++field) fields >> skipped;
  fields >> info.started;
  info.is_kernel_thread = (flags & of_the_kernel) != 0;
  if (!fields) return std::nullopt;
  return info;
}

std::optional<pid_t> thread_group_of(pid_t id) {
  const std::string text = read_proc(id, "status");
  constexpr std::string_view name = "\nTgid:\t";
  const auto at = text.find(name);
  if (at == std::string::npos) return std::nullopt;
  return leading_number<pid_t>(std::string_view(text).substr(at + name.size()));
}

std::optional<int> exit_status_of_zombie(pid_t pid) {
  const std::string text = read_proc(pid, "stat");
  const auto after_name = text.rfind(')');
  if (after_name == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(after_name + 1));
  char state = '?';
  fields >> state;
  std::string skipped;
  for (int field = 4; field <= 51; ++field) fields >> skipped;
  int status = 0;
  fields >> status;
  // 0 is also what is shown to who may not trace it: nothing that counts as a fault is made of that.
  if (!fields || state != 'Z') return std::nullopt;
  return status;
}

std::vector<ProcessInfo> all_processes() {
  std::vector<ProcessInfo> processes;
  const std::unique_ptr<DIR, CloseProcessTable> folder(::opendir("/proc"));
  if (!folder) return processes;
  while (const dirent* entry = ::readdir(folder.get())) {
    const auto pid = parse_number<pid_t>(entry->d_name);
    if (!pid) continue;
    if (const auto info = read_process(*pid)) processes.push_back(*info);
  }
  return processes;
}

std::optional<std::string> value_in_environment(pid_t pid, std::string_view variable) {
  const std::string environment = read_proc(pid, "environ");
  for (std::string_view rest = environment; !rest.empty();) {
    const auto end = rest.find('\0');
    const std::string_view entry = rest.substr(0, end);
    if (entry.starts_with(variable) && entry.substr(variable.size()).starts_with('='))
      return std::string(entry.substr(variable.size() + 1));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return std::nullopt;
}

bool carries(pid_t pid, std::string_view variable, std::string_view prefix) {
  const auto value = value_in_environment(pid, variable);
  return value && value_begins(*value, prefix);
}

}  // namespace autoheal::host
