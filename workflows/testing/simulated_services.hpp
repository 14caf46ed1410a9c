// The services of the simulated machine, as they are: processes whose numbers are used again, pidfiles that may be gone
// or name another process, and units of a manager that pass through states and may refuse. A question for a service's
// state gets the answer that the real ones would give; judges of a repair ask for the truth.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/workflows/service/service_state.hpp"

namespace autoheal::workflows::testing {

struct SimulatedProcess {
  long pid = 0;
  std::uint64_t run = 0;  // with the number it is an identity
  Duration began{0};
  std::string program;       // which service it is, or whatever else runs
  Duration answers_from{0};  // a program takes a moment before it works
  bool hangs = false;
};

// The behaviour of a unit's file and program; its manager keeps the rest.
struct UnitHabits {
  Duration start_takes{0}, stop_takes{0}, reload_takes{0};
  Duration start_limit = std::chrono::seconds(90), stop_limit = std::chrono::seconds(90);
  bool comes_up = true;          // false: its program ends as soon as it is started
  bool hangs_when_up = false;    // it runs, and does nothing
  Duration restart_pause{0};     // Restart=: after a crash it waits so long and starts it again; 0: it does not
  unsigned starts_at_most = 20;  // within ten seconds; then it refuses until the failures are forgotten
};

struct SimulatedUnit {
  ServiceState state = ServiceState::running;  // held back: masked, and not there
  bool masked = false;
  bool refuses_starts = false;  // too many failed within a short time
  bool waits_to_restart = false;
  std::string job;  // what somebody ordered and is not done yet: "start", "stop", "restart", "reload"
  long main_process = 0;
  std::uint64_t run = 0;
  unsigned restarts = 0;
  UnitHabits habits;
};

// Thread-safe. Time is read from `since_boot`, where it is set, and stands still else.
class SimulatedServices {
 public:
  explicit SimulatedServices(const std::function<Duration()>& since_boot) : since_boot_(since_boot) {}

  // Called, with no lock held, when a process has begun, and when one has read its configuration again.
  std::function<void(const SimulatedProcess& process)> began, reloaded;

  // ---- processes
  long begin(const std::string& program, Duration answers_after = Duration{0});
  void end(long pid);
  // Another program gets the number of a process that ended, or ends so.
  void take_number(long pid, const std::string& program);
  void hang(long pid);
  [[nodiscard]] std::optional<SimulatedProcess> process(long pid) const;
  // The newest process of that program.
  [[nodiscard]] std::optional<SimulatedProcess> process_of(const std::string& program) const;

  // ---- pidfiles
  void write_pidfile(const std::string& path, long pid);
  void remove_pidfile(const std::string& path);
  [[nodiscard]] std::optional<long> pid_in(const std::string& path) const;  // whatever process that is
  // Like the real host: a process that began after the file was written is another one.
  [[nodiscard]] ServiceStatus status_by_pidfile(const std::string& path) const;
  [[nodiscard]] std::vector<std::string> pidfiles_of_running() const;

  // ---- units
  // Without a time it has arrived when somebody asks for the next time.
  void set_unit(const std::string& unit, ServiceState state);
  void set_habits(const std::string& unit, const UnitHabits& habits);
  void mask(const std::string& unit, bool masked);
  // Its main process ends by itself. `too_often`: its manager has had enough of that.
  void crash(const std::string& unit, bool too_often = false);
  // Gives an order to the manager; empty, or why it refuses. The order replaces a pending one.
  [[nodiscard]] std::string order(const std::string& unit, const std::string& verb);
  // A job that waits for others: nothing happens before its time.
  void queue(const std::string& unit, const std::string& verb, Duration waits);
  void reset_failed(const std::string& unit);
  [[nodiscard]] bool knows(const std::string& unit) const;
  [[nodiscard]] SimulatedUnit unit(const std::string& unit);  // what is true now; nobody asks
  [[nodiscard]] ServiceStatus status_of_unit(const std::string& unit);

 private:
  struct Unit {
    SimulatedUnit now;
    std::optional<Duration> arrives;  // where it is on its way to
    std::function<void(Unit&, Duration when)> on_arrival;
    bool arrives_when_asked = false;
    std::deque<Duration> starts;  // of the last ten seconds
  };
  struct Pidfile {
    long pid = 0;
    Duration written{0};
  };
  using Lock = std::unique_lock<std::mutex>;

  [[nodiscard]] Duration now() const { return since_boot_ ? since_boot_() : Duration{0}; }
  SimulatedProcess& begin_locked(const std::string& program, Duration answers_after);
  [[nodiscard]] const SimulatedProcess* named_by(const Pidfile& file) const;
  Unit& settled(const std::string& unit);
  void is_on_its_way(Unit& unit, ServiceState state, Duration arrives, std::function<void(Unit&, Duration)> what);
  std::string start(Unit& unit, const std::string& name, Duration from);
  void stop(Unit& unit, Duration from, std::function<void(Unit&, Duration)> then);
  void reload(Unit& unit, Duration from);
  void go_down(Unit& unit, ServiceState becomes);
  void tell(Lock lock);

  const std::function<Duration()>& since_boot_;
  mutable std::mutex mutex_;
  std::map<long, SimulatedProcess> processes_;
  std::map<std::string, Pidfile> pidfiles_;
  std::map<std::string, Unit> units_;
  std::vector<std::pair<SimulatedProcess, bool>> unreported_;  // true: it began
  long next_pid_ = 1'000;
  std::uint64_t runs_ = 0;
};

}  // namespace autoheal::workflows::testing
