// Facts of systemd about a unit, from the bus or from systemctl, and their meaning for a service. Pure.
#pragma once

#include <optional>
#include <string>

#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/workflows/service/service_state.hpp"

namespace autoheal::host {

inline constexpr Duration without_end = Duration::max();  // "infinity"

// Names and words are systemd's own; unknown properties are empty.
struct UnitFacts {
  std::string load_state, load_error, active_state, sub_state, result, type;
  std::string invocation;  // of its newest run
  std::string job;         // the kind of job that is queued or under way; "?" where only that there is one is known
  long main_pid = 0;
  int main_status = 0;     // of the newest main process that ended: exit status or signal
  bool by_signal = false;  // what `main_status` is
  unsigned restarts = 0;   // by systemd itself
  std::optional<Duration> start_limit, stop_limit, restart_pause;
  [[nodiscard]] bool told() const { return !active_state.empty(); }
};

// `unit` is named where something is told of it.
[[nodiscard]] workflows::ServiceStatus status_of(const UnitFacts& facts, const std::string& unit = {});

// In words: "failed (start-limit-hit)", "active (running)".
[[nodiscard]] std::string in_words(const UnitFacts& facts);

// Why systemd would not start it, with what to do about it; empty: it would.
[[nodiscard]] std::string held_back_by(const UnitFacts& facts, const std::string& unit);

// As `systemctl show` prints a time: "1min 30s", "100ms", "infinity"; empty: no time.
[[nodiscard]] std::optional<Duration> time_of(std::string_view text);

// As strtol(3) reads it: 0 if there is no number.
[[nodiscard]] long number_in(const std::string& text);

// The whole name of a unit: "nginx" is "nginx.service".
[[nodiscard]] std::string whole_unit_name(const std::string& unit);

}  // namespace autoheal::host
