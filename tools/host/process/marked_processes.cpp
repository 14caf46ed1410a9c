#include "tools/host/process/marked_processes.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <vector>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

constexpr Duration longest = std::chrono::seconds(5);

struct Condemned {
  ProcessInfo info;
  UniqueFd handle;
};

std::set<pid_t> self_and_ancestors() {
  std::set<pid_t> spared;
  for (pid_t pid = ::getpid(); pid > 0 && spared.insert(pid).second;) {
    const auto info = read_process(pid);
    if (!info) break;
    pid = info->parent;
  }
  return spared;
}

// Processes that belong, and those that share a group or session with them; a group or session of a spared process is
// its own.
std::vector<ProcessInfo> find(const std::function<bool(const ProcessInfo&)>& belongs) {
  const std::set<pid_t> spared = self_and_ancestors();
  std::vector<ProcessInfo> all = all_processes();
  std::set<pid_t> groups, sessions, spared_groups, spared_sessions, found;
  for (const ProcessInfo& one : all) {
    if (!spared.contains(one.pid)) continue;
    spared_groups.insert(one.group);
    spared_sessions.insert(one.session);
  }
  for (const ProcessInfo& one : all) {
    if (spared.contains(one.pid) || !belongs(one)) continue;
    found.insert(one.pid);
    if (!spared_groups.contains(one.group)) groups.insert(one.group);
    if (!spared_sessions.contains(one.session)) sessions.insert(one.session);
  }
  std::erase_if(all, [&](const ProcessInfo& one) {
    const bool condemned = found.contains(one.pid) || groups.contains(one.group) || sessions.contains(one.session);
    return !condemned || one.is_dead() || spared.contains(one.pid);
  });
  return all;
}

// By handles, so that a pid which was reused in between is not hit.
std::vector<Condemned> hold(const std::vector<ProcessInfo>& processes) {
  std::vector<Condemned> held;
  for (const ProcessInfo& info : processes) {
    UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, info.pid, 0U)));
    const auto now = read_process(info.pid);
    if (handle && now && now->started == info.started) held.push_back({info, std::move(handle)});
  }
  return held;
}

void signal_all(const std::vector<Condemned>& held, int signal) {
  for (const Condemned& one : held) {
    ::syscall(SYS_pidfd_send_signal, one.handle.get(), signal, nullptr, 0U);
    if (signal != SIGKILL) ::syscall(SYS_pidfd_send_signal, one.handle.get(), SIGCONT, nullptr, 0U);
  }
}

void wait_for_all(const std::vector<Condemned>& held, Duration limit) {
  const Duration until = since_boot() + limit;
  for (const Condemned& one : held) {
    const Duration left = std::max(Duration(0), until - since_boot());
    pollfd wanted{one.handle.get(), POLLIN, 0};
    ::poll(&wanted, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
  }
}

}  // namespace

std::size_t end_processes(const std::function<bool(const ProcessInfo&)>& belongs, Duration grace) {
  const Duration began = since_boot();
  std::set<std::pair<pid_t, unsigned long long>> ended;
  for (bool first = true; since_boot() - began < longest; first = false) {
    const auto held = hold(find(belongs));
    if (held.empty()) break;
    for (const Condemned& one : held) ended.emplace(one.info.pid, one.info.started);
    signal_all(held, first ? SIGTERM : SIGKILL);
    wait_for_all(held, first ? grace : std::chrono::seconds(1));
  }
  return ended.size();
}

std::size_t end_marked(const std::string& mark_prefix, Duration grace) {
  if (mark_prefix.empty()) return 0;
  return end_processes([&](const ProcessInfo& one) { return carries(one.pid, mark_variable, mark_prefix); }, grace);
}

}  // namespace autoheal::host
