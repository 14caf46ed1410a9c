#include "tools/host/service/ended_service.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/host/process/marked_processes.hpp"
#include "tools/host/system/process_table.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

constexpr Duration after_kill = std::chrono::seconds(2);
constexpr Duration longest_as_zombie = std::chrono::seconds(5);  // the first process of some containers looks that late

struct Member {
  ProcessInfo info;
  UniqueFd handle;
};

UniqueFd handle_of(const ProcessInfo& process) {
  UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0U)));
  const auto now = read_process(process.pid);  // only now is it sure whom the handle means
  return handle && now && now->started == process.started ? std::move(handle) : UniqueFd();
}

// It and its descendants.
std::vector<Member> family_of(const ProcessInfo& head) {
  const std::vector<ProcessInfo> all = all_processes();
  std::set<pid_t> family{head.pid};
  for (bool grows = true; grows;) {
    grows = false;
    for (const ProcessInfo& one : all) grows |= family.contains(one.parent) && family.insert(one.pid).second;
  }
  std::vector<Member> members;
  for (const ProcessInfo& one : all) {
    if (!family.contains(one.pid) || one.is_dead()) continue;
    if (UniqueFd handle = handle_of(one)) members.push_back({one, std::move(handle)});
  }
  return members;
}

void send(const Member& member, int signal) {
  ::syscall(SYS_pidfd_send_signal, member.handle.get(), signal, nullptr, 0U);
}

bool is_frozen(const Member& member) { return member.info.state == 'T'; }

bool has_ended(const UniqueFd& handle, Duration limit) {
  pollfd wanted{handle.get(), POLLIN, 0};
  return ::poll(&wanted, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(limit).count())) == 1;
}

Effort effort_of(pid_t pid) {
  static const auto ticks_per_second = static_cast<unsigned long long>(::sysconf(_SC_CLK_TCK));
  Effort effort;
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text, word;
  std::getline(file, text, '\0');
  if (const auto name_end = text.rfind(')'); name_end != std::string::npos) {
    std::istringstream fields(text.substr(name_end + 1));
    for (int field = 3; field <= 13; ++field) fields >> word;
    unsigned long long user = 0, system = 0;
    if (fields >> user >> system)
      effort.on_processor = std::chrono::milliseconds(1000 * (user + system) / ticks_per_second);
  }
  std::ifstream moved("/proc/" + std::to_string(pid) + "/io");
  unsigned long long bytes = 0;
  while (moved >> word >> bytes) {
    if (word == "rchar:" || word == "wchar:") effort.bytes += bytes;
  }
  return effort;
}

Effort effort_of(const std::vector<Member>& family) {
  Effort sum;
  for (const Member& one : family) {
    const Effort its = effort_of(one.info.pid);
    sum.on_processor += its.on_processor;
    sum.bytes += its.bytes;
  }
  return sum;
}

std::string in_seconds(Duration time) {
  return fmt::format("{} s", std::chrono::round<std::chrono::seconds>(time).count());
}

}  // namespace

bool is_busy(const Effort& before, const Effort& after, Duration between) {
  constexpr unsigned long long few_bytes = 16 * 1024;  // per second: what timers and logs of an idle process come to
  const auto seconds = static_cast<unsigned long long>(std::chrono::ceil<std::chrono::seconds>(between).count());
  return after.on_processor - before.on_processor > between / 20 ||
         after.bytes > before.bytes + few_bytes * std::max(1ULL, seconds);
}

std::string see_it_end(pid_t pid, unsigned long long started, const StopPatience& patience) {
  const auto process = read_process(pid);
  if (!process || process->started != started || process->is_dead()) return {};
  const UniqueFd handle = handle_of(*process);
  if (!handle || has_ended(handle, Duration{0})) return {};
  const std::string name = fmt::format("process {}", pid);
  std::string told;
  const Duration began = since_boot();
  std::vector<Member> family = family_of(*process);
  if (std::ranges::any_of(family, is_frozen)) {
    told = name + " was stopped by a signal and was continued, so that it could end";
    for (const Member& one : family) {
      if (is_frozen(one)) send(one, SIGCONT);
    }
  }
  Effort before = effort_of(family);
  for (Duration looked = began;;) {
    const Duration left = std::max(Duration{0}, began + patience.limit - looked);
    if (has_ended(handle, left > Duration{0} ? std::min(left, patience.look_every) : patience.look_every)) return told;
    family = family_of(*process);
    const Effort after = effort_of(family);
    const Duration now = since_boot();
    const bool busy = is_busy(std::exchange(before, after), after, now - std::exchange(looked, now));
    if (now - began >= (busy ? patience.while_busy : patience.limit)) break;
  }
  for (const Member& one : family) send(one, SIGKILL);
  const bool ended = has_ended(handle, after_kill);
  return fmt::format("{}{}{}: it still ran and did nothing {} after its stop", name,
                     ended ? " was ended by SIGKILL" : " could not be ended, not even by SIGKILL",
                     family.size() > 1 ? fmt::format(", with {} below it", family.size() - 1) : "",
                     in_seconds(since_boot() - began));
}

bool is_gone_at_last(pid_t pid, const std::string& mark) {
  const auto process = read_process(pid);
  if (!process || !process->is_dead()) return false;
  const auto of_the_start = [&](const ProcessInfo& one) {
    return !one.is_dead() && carries(one.pid, mark_variable, mark);
  };
  if (std::ranges::any_of(all_processes(), of_the_start)) return false;
  const Duration began = since_boot();
  for (timespec pause{0, 20'000'000}; since_boot() - began < longest_as_zombie; ::nanosleep(&pause, nullptr)) {
    const auto now = read_process(pid);
    if (!now || now->started != process->started) return std::ranges::none_of(all_processes(), of_the_start);
  }
  return false;
}

}  // namespace autoheal::host
