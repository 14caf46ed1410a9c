// The states of a service. Repair, watch and certification use the same states; their meaning for a repair is defined
// here, once.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::workflows {

enum class ServiceState {
  unknown,          // nothing tells (no pidfile, no manager), or who could tell was not reached
  stopped_by_hand,  // somebody stopped it through its manager
  stopped,          // it does not run, and nobody is known to have stopped it: never started, or it ended by itself
  starting,         // also while its manager waits before it starts it again
  running,
  reloading,
  stopping,
  failed,     // it ended badly, and its manager leaves it at that
  held_back,  // its manager refuses to start it: masked, not installed
};

struct ServiceStatus {
  ServiceState state = ServiceState::unknown;
  std::string why = {};     // in its manager's words ("failed: start-limit-hit"), or why it is unknown
  long main_process = 0;    // 0: none, or not known
  std::string run = {};     // tells this run from the next: the manager's own id of it; empty: not known
  bool job_waits = false;   // its manager has something in hand for it
  Duration start_limit{0};  // how long its manager lets it start; 0: not known
  Duration stop_limit{0};   // how long its manager lets it stop; 0: not known
  Duration lives{0};        // how long its main process does; 0: none, or not known
  bool no_pidfile = false;  // not even the file that would name its process is there
  bool crashed = false;     // it ended as nobody can have wanted it: it dumped core, the kernel took it for its memory
  // Why its manager would not start it (masked, not installed), with what to do about it; empty: it would. Also of one
  // that runs: it could not be restarted.
  std::string held_back = {};
  bool packages_change = false;  // it does not run, and packages are being installed or removed, which stops services
  friend bool operator==(const ServiceStatus&, const ServiceStatus&) = default;
};

[[nodiscard]] std::string_view name_of(ServiceState state);          // "stopped_by_hand"
[[nodiscard]] ServiceState service_state_of(std::string_view name);  // unknown for any other word
[[nodiscard]] std::string in_words(ServiceState state);              // "was stopped by hand"

// No process of it is meant to be there.
[[nodiscard]] bool is_dead(ServiceState state);
// On its way to another state: what is seen of it meanwhile says nothing.
[[nodiscard]] bool is_transitional(ServiceState state);
// A repair may bring it up. False for a service that was stopped by hand, or that its manager refuses to start.
[[nodiscard]] bool may_be_brought_up(ServiceState state);

}  // namespace autoheal::workflows
