#include "tools/bench/process.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <map>
#include <random>
#include <sstream>
#include <string_view>
#include <thread>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/measured_daemon.hpp"
#include "tools/bench/support/scratch_folder.hpp"

namespace autoheal::bench {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds trial_limit{60};
constexpr double aim_beside_start_ms = 18;
constexpr double usual_grace_ms = 2'000;

// One whole request and its answer: a port that only listens does not answer.
bool answers(std::uint16_t port, const char* target = "/health") {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
  const std::string request =
      std::string("GET ") + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return false;
  std::array<char, 1024> answer;
  const ssize_t size = ::recv(socket.get(), answer.data(), answer.size(), MSG_WAITALL);
  return size > 0 && std::string_view(answer.data(), static_cast<std::size_t>(size)).starts_with("HTTP/1.1 200");
}

enum class End {
  killed,      // SIGKILL
  crashed,     // SIGSEGV
  terminated,  // SIGTERM, and the pidfile stays
  by_itself,   // with status 0, and the pidfile stays
  stopped,     // SIGTERM after the pidfile went away, as its own `stop` does
};

// A real service with its configuration and its pidfile.
struct Service {
  fs::path folder;  // the engine's root
  std::string program;
  std::uint16_t port = 0;

  [[nodiscard]] Result<void> start() const {
    return run({program, "start", "service.conf", "service.pid"}, folder, folder / "service.log");
  }
  [[nodiscard]] Result<void> stop() const {
    return run({program, "stop", "service.pid"}, folder, folder / "service.log");
  }
  // Returns when the process is gone: any answer after that comes from another one.
  [[nodiscard]] Result<SteadyTime> end(End how) const {
    std::ifstream pidfile(folder / "service.pid");
    pid_t pid = 0;
    pidfile >> pid;
    const UniqueFd process(pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1);
    if (!process) return failure(ErrorKind::failed, "the service's pidfile names no process");
    constexpr rlimit no_core{0, 0};  // else its writing is measured, too
    ::prlimit(pid, RLIMIT_CORE, &no_core, nullptr);
    if (how == End::stopped) fs::remove(folder / "service.pid");
    const SteadyTime began = steady_clock::now();
    if (how == End::by_itself) {
      (void)answers(port, "/end");
    } else {
      ::kill(pid, how == End::killed ? SIGKILL : how == End::crashed ? SIGSEGV : SIGTERM);
    }
    pollfd gone{process.get(), POLLIN, 0};
    ::poll(&gone, 1, 10'000);
    return began;
  }
};

// Stopped in any case: it is nobody's child.
struct StopAtEnd {
  const Service& service;
  explicit StopAtEnd(const Service& stopped) : service(stopped) {}
  ~StopAtEnd() { (void)service.stop(); }
  StopAtEnd(const StopAtEnd&) = delete;
  StopAtEnd& operator=(const StopAtEnd&) = delete;
};

Result<Service> lay_out(const ProcessOptions& options, const fs::path& folder) {
  Service service{folder / "root", options.service, 0};
  fs::create_directories(service.folder);
  AUTOHEAL_TRY(run({options.service, "free-port"}, folder, folder / "port"));
  std::ifstream(folder / "port") >> service.port;
  const std::string port = std::to_string(service.port);
  std::ofstream(service.folder / "service.conf") << "port = " << port << "\ngreeting = hello\n";
  write_configuration(folder,
                      "  - name: service\n"
                      "    root: root\n"
                      "    every: 5m\n"
                      "    self_test:\n"
                      "      - { name: process, process: { pidfile: service.pid } }\n"
                      "      - { name: health, http: { url: \"http://127.0.0.1:" +
                          port +
                          "/health\", status: 200 } }\n"
                          "    repair:\n"
                          "      service:\n"
                          "        start: [" +
                          options.service +
                          ", start, service.conf, service.pid]\n"
                          "        stop: [" +
                          options.service +
                          ", stop, service.pid]\n"
                          "        pidfile: service.pid\n");
  return service;
}

// How many processes wait for a processor, on average of the last minute, and how many processors there are.
std::string load_now() {
  double load = 0;
  (void)::getloadavg(&load, 1);
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << load << " on " << std::thread::hardware_concurrency() << " processors";
  return text.str();
}

// From the start of its `start` to its first answer, with nobody in between.
Result<std::vector<double>> own_start_ms(const Service& service, std::size_t trials) {
  std::vector<double> times;
  for (std::size_t trial = 0; trial < trials; ++trial) {
    const SteadyTime began = steady_clock::now();
    AUTOHEAL_TRY(service.start());
    if (!poll_until(trial_limit, [&] { return answers(service.port); }))
      return failure(ErrorKind::failed, "the service does not answer");
    times.push_back(ms_between(began, steady_clock::now()));
    AUTOHEAL_TRY(service.stop());
  }
  return times;
}

struct Trials {
  std::vector<double> answers_ms, complete_ms;
};

// One heal, and nothing else.
Result<void> one_trial(MeasuredDaemon& daemon, const Service& service, End how, Trials& trials) {
  const Recorded before = daemon.read_on();
  const auto began = service.end(how);
  AUTOHEAL_TRY(began);
  std::optional<SteadyTime> answered;
  const bool ended = poll_until(trial_limit, [&] {
    if (!answered && answers(service.port)) answered = steady_clock::now();
    const Recorded& now = daemon.read_on();
    return answered && now.completed > before.completed && now.all_ended();
  });
  const Recorded& now = daemon.recorded();
  if (!ended || now.exhausted > 0 || now.triggered != before.triggered + 1 || now.skipped != before.skipped)
    return failure(ErrorKind::failed, "a service that ended was not healed by one heal: " + daemon.last_words());
  trials.answers_ms.push_back(ms_between(*began, *answered));
  trials.complete_ms.push_back(ms_between(*began, now.last_completed_seen));
  return {};
}

// No heal: it is told that somebody stopped it. Who did starts it again.
Result<void> one_stop(MeasuredDaemon& daemon, const Service& service, std::vector<double>& told_ms) {
  const Recorded before = daemon.read_on();
  const auto began = service.end(End::stopped);
  AUTOHEAL_TRY(began);
  const bool told = poll_until(trial_limit, [&] { return daemon.read_on().skipped > before.skipped; });
  if (!told || daemon.recorded().triggered != before.triggered)
    return failure(ErrorKind::failed, "a service that was stopped was not left alone: " + daemon.last_words());
  told_ms.push_back(ms_between(*began, daemon.recorded().last_skipped_seen));
  if (auto started = service.start(); !started) return started;
  const std::size_t passed = before.passed;
  if (poll_until(trial_limit, [&] { return daemon.read_on().passed > passed; })) return {};
  return failure(ErrorKind::failed, "nobody saw that the service runs again: " + daemon.last_words());
}

struct MeasuredEnds {
  std::map<End, Trials> ends;
  std::vector<double> told_ms;
};

// An end that looks deliberate takes its grace each time: fewer of those.
std::size_t trials_of(End how, std::size_t trials) {
  return how == End::killed || how == End::crashed ? trials : std::max<std::size_t>(2, trials / 5);
}

Result<MeasuredEnds> measure(const ProcessOptions& options, const Service& service, const fs::path& folder) {
  AUTOHEAL_TRY(service.start());
  auto daemon = MeasuredDaemon::start(options.program, folder, 1);
  AUTOHEAL_TRY(daemon);
  std::mt19937 moments(20'241'123);
  MeasuredEnds measured;
  for (const End how : {End::killed, End::crashed, End::terminated, End::by_itself, End::stopped}) {
    for (std::size_t trial = 0; trial < trials_of(how, options.trials); ++trial) {
      // At a moment that has nothing to do with what the daemon still tidies up after the heal before.
      std::this_thread::sleep_for(std::chrono::microseconds(20'000 + moments() % 100'000));
      AUTOHEAL_TRY(how == End::stopped ? one_stop(**daemon, service, measured.told_ms)
                                       : one_trial(**daemon, service, how, measured.ends[how]));
    }
  }
  AUTOHEAL_TRY((*daemon)->end());
  AUTOHEAL_TRY(service.stop());
  return measured;
}

void tell(std::ostream& out, const MeasuredEnds& measured, const std::vector<double>& own) {
  const double own_ms = percentile(own, 0.50);
  write_percentiles(out, "service_own_start", own, {}, {});
  for (const auto& [how, name] : {std::pair(End::killed, "sigkill"), std::pair(End::crashed, "sigsegv"),
                                  std::pair(End::terminated, "sigterm"), std::pair(End::by_itself, "exit_0")}) {
    const Trials& trials = measured.ends.at(how);
    const bool waits = how == End::terminated || how == End::by_itself;
    const double aim_ms = aim_beside_start_ms + own_ms + (waits ? usual_grace_ms : 0);
    const std::string start = "process_" + std::string(name);
    write_figure(out, {start + "_answers_best_ms", percentile(trials.answers_ms, 0), "ms", own_ms, aim_ms});
    write_percentiles(out, start + "_answers", trials.answers_ms, {aim_ms, 0}, own);
    write_percentiles(out, start + "_certified", trials.complete_ms, {}, own);
  }
  write_percentiles(out, "process_stopped_told", measured.told_ms, {}, {});
}

}  // namespace

Result<void> run_process(const ProcessOptions& options, std::ostream& out) {
  const ScratchFolder scratch(options.folder);
  const auto service = lay_out(options, scratch.path);
  AUTOHEAL_TRY(service);
  const StopAtEnd stop(*service);
  auto own = own_start_ms(*service, options.trials);
  AUTOHEAL_TRY(own);
  const auto measured = measure(options, *service, scratch.path);
  AUTOHEAL_TRY(measured);
  // Before and after: a machine that others use is not the same all the time.
  const auto own_after = own_start_ms(*service, options.trials);
  AUTOHEAL_TRY(own_after);
  own->insert(own->end(), own_after->begin(), own_after->end());
  write_conditions(
      out, "process",
      "a real HTTP service under `autoheal serve`, default settings but for the brakes (probes: its process, its "
      "answer; repair: its own `start`); " +
          std::to_string(options.trials) + " ends by SIGKILL and by SIGSEGV each, " +
          std::to_string(trials_of(End::terminated, options.trials)) +
          " each by SIGTERM and with status 0 while the pidfile stays (healed after `grace`), and as its `stop` does "
          "(told, not healed); WAL, synchronous=FULL; from the end to a whole answer of the new process, asked five "
          "thousand times a second, and to the certificate, which comes after `certify.hold`; aim: 18 ms beside the "
          "service's own start, which is measured before and after; load " +
          load_now());
  tell(out, *measured, *own);
  return {};
}

}  // namespace autoheal::bench
