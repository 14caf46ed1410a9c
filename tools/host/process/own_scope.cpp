#include "tools/host/process/own_scope.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <sstream>

#include "tools/host/system/bus_connection.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

constexpr Duration longest_wait_for_systemd = std::chrono::seconds(5);
constexpr Duration one_look = std::chrono::milliseconds(2);
constexpr std::size_t longest_description_bytes = 200;

bool systemd_would_be_asked() {
  struct stat found{};
  return ::geteuid() == 0 && ::stat("/run/systemd/system", &found) == 0 && S_ISDIR(found.st_mode) &&
         ::stat("/run/systemd/private", &found) == 0 && S_ISSOCK(found.st_mode);
}

std::string groups_of_process(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/cgroup");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Told in systemd's lists and its journal, so without what could be another line.
std::string plain(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  }
  if (text.size() > longest_description_bytes) text.resize(longest_description_bytes);
  return text;
}

void put_in_a_scope(const std::string& what, pid_t pid) {
  static std::atomic<unsigned> counter{0};
  const std::string name = fmt::format("autoheal-{}-{}-{}.scope", ::getpid(), since_boot().count(), ++counter);
  BusConnection bus;
  bool ended = false;
  bus.on_job = [&](const JobSignal& signal) { ended = ended || (signal.ended && signal.unit == name); };
  const std::string before = groups_of_process(std::to_string(pid));
  if (!bus.start_scope(name, plain("Started by Autoheal: " + what), pid)) return;
  const Duration until = since_boot() + longest_wait_for_systemd;
  while (!ended && groups_of_process(std::to_string(pid)) == before && since_boot() < until) bus.wait(one_look);
}

}  // namespace

std::function<void(pid_t)> in_a_scope_of_its_own(std::string what) {
  if (!systemd_would_be_asked()) return {};
  return [what = std::move(what)](pid_t pid) { put_in_a_scope(what, pid); };
}

}  // namespace autoheal::host
