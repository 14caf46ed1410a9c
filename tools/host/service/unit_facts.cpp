#include "tools/host/service/unit_facts.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace autoheal::host {

namespace {

using workflows::ServiceState;

ServiceState state_of(const UnitFacts& facts) {
  const std::string& active = facts.active_state;
  const bool comes_up = facts.job == "start" || facts.job == "restart" || facts.job == "?";
  if (active == "active") {
    if (facts.job == "stop") return ServiceState::stopping;
    return facts.job == "restart" ? ServiceState::stopping : ServiceState::running;
  }
  if (active == "reloading" || active == "refreshing") return ServiceState::reloading;
  if (active == "activating") return ServiceState::starting;
  if (active == "deactivating") return ServiceState::stopping;
  if (active == "maintenance") return ServiceState::held_back;
  if (active != "inactive" && active != "failed") return ServiceState::unknown;
  if (!held_back_by(facts, {}).empty()) return ServiceState::held_back;
  if (comes_up) return ServiceState::starting;
  return active == "failed" ? ServiceState::failed : ServiceState::stopped;
}

// In systemd's words for what a main process came to: signals that end services in order are none of these.
bool nobody_wants(std::string_view result) {
  return result == "signal" || result == "core-dump" || result == "oom-kill" || result == "watchdog";
}

struct TimeUnit {
  std::string_view name;
  double microseconds;
};
constexpr std::array<TimeUnit, 9> time_units = {{{"us", 1},
                                                 {"ms", 1e3},
                                                 {"s", 1e6},
                                                 {"min", 6e7},
                                                 {"h", 3.6e9},
                                                 {"d", 8.64e10},
                                                 {"w", 6.048e11},
                                                 {"month", 2.6298e12},
                                                 {"y", 3.15576e13}}};

}  // namespace

workflows::ServiceStatus status_of(const UnitFacts& facts, const std::string& unit) {
  workflows::ServiceStatus status;
  if (!facts.told()) {
    status.why = "systemd tells nothing of it";
    return status;
  }
  status.state = state_of(facts);
  status.why = in_words(facts);
  status.main_process = facts.main_pid;
  status.run = facts.invocation;
  status.job_waits = !facts.job.empty();
  status.crashed = status.state == ServiceState::failed && nobody_wants(facts.result);
  status.held_back = held_back_by(facts, unit);
  status.start_limit = facts.start_limit.value_or(Duration(0));
  status.stop_limit = facts.stop_limit.value_or(Duration(0));
  return status;
}

std::string in_words(const UnitFacts& facts) {
  std::string detail = facts.sub_state == facts.active_state ? "" : facts.sub_state;
  const auto add = [&](const std::string& one) { detail += detail.empty() ? one : ", " + one; };
  if (facts.active_state == "failed" || facts.sub_state == "auto-restart") {
    if (!facts.result.empty() && facts.result != "success") add(facts.result);
    if (facts.main_status != 0) add((facts.by_signal ? "signal " : "exit status ") + std::to_string(facts.main_status));
  }
  if (facts.load_state == "masked" || facts.load_state == "not-found") add(facts.load_state);
  if (!facts.job.empty()) add(facts.job == "?" ? "a job waits" : fmt::format("a {} job waits", facts.job));
  return detail.empty() ? facts.active_state : fmt::format("{} ({})", facts.active_state, detail);
}

std::string held_back_by(const UnitFacts& facts, const std::string& unit) {
  if (facts.load_state == "masked")
    return fmt::format("unit {} is masked, so systemd does not start it; `systemctl unmask {}` allows it again", unit,
                       unit);
  if (facts.load_state == "not-found")
    return fmt::format("systemd has no unit {}; `systemctl list-unit-files` lists those that it has", unit);
  if (facts.load_state == "bad-setting" || facts.load_state == "error") {
    return fmt::format("systemd cannot use the file of unit {} ({}); `systemd-analyze verify {}` says why", unit,
                       facts.load_error.empty() ? facts.load_state : facts.load_error, unit);
  }
  return {};
}

std::optional<Duration> time_of(std::string_view text) {
  if (text == "infinity") return without_end;
  double sum = 0;
  bool any = false;
  while (!text.empty()) {
    if (text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    double number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto letters = std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), text.size());
    const auto unit = std::ranges::find(time_units, text.substr(0, letters), &TimeUnit::name);
    if (unit == time_units.end() && number != 0) return std::nullopt;
    text.remove_prefix(letters);
    if (unit != time_units.end()) sum += number * unit->microseconds;
    any = true;
  }
  if (!any) return std::nullopt;
  return sum >= 9e18 ? without_end : Duration(static_cast<Duration::rep>(sum));
}

long number_in(const std::string& text) { return std::strtol(text.c_str(), nullptr, 10); }

std::string whole_unit_name(const std::string& unit) {
  constexpr std::array<std::string_view, 11> kinds = {"service", "socket", "target", "device", "mount", "automount",
                                                      "swap",    "timer",  "path",   "slice",  "scope"};
  const auto dot = unit.rfind('.');
  const bool whole = dot != std::string::npos && std::ranges::find(kinds, unit.substr(dot + 1)) != kinds.end();
  return whole ? unit : unit + ".service";
}

}  // namespace autoheal::host
