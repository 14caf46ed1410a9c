#include "tools/bench/process.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <fstream>
#include <random>
#include <string_view>
#include <thread>

#include "tools/bench/figures.hpp"
#include "tools/bench/measured_daemon.hpp"
#include "tools/bench/scratch_folder.hpp"
#include "tools/host/unique_fd.hpp"

namespace autoheal::bench {

namespace {

namespace fs = std::filesystem;
using host::UniqueFd;
using std::chrono::steady_clock;

constexpr std::chrono::seconds trial_limit{60};
constexpr double aim_beside_start_ms = 18;

// One whole request and its answer: a port that only listens does not answer.
bool answers(std::uint16_t port) {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
  constexpr std::string_view request = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return false;
  std::array<char, 1024> answer;
  const ssize_t size = ::recv(socket.get(), answer.data(), answer.size(), MSG_WAITALL);
  return size > 0 && std::string_view(answer.data(), static_cast<std::size_t>(size)).starts_with("HTTP/1.1 200");
}

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
  // Back when the process is gone: whoever answers from then on is another one.
  [[nodiscard]] Result<SteadyTime> kill() const {
    std::ifstream pidfile(folder / "service.pid");
    pid_t pid = 0;
    pidfile >> pid;
    const UniqueFd process(pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1);
    if (!process) return failure(ErrorKind::failed, "the service's pidfile names no process");
    const SteadyTime began = steady_clock::now();
    ::kill(pid, SIGKILL);
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
  if (auto asked = run({options.service, "free-port"}, folder, folder / "port"); !asked)
    return std::unexpected(std::move(asked.error()));
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

// From the start of its `start` to its first answer, with nobody in between.
Result<std::vector<double>> own_start_ms(const Service& service, std::size_t trials) {
  std::vector<double> times;
  for (std::size_t trial = 0; trial < trials; ++trial) {
    const SteadyTime began = steady_clock::now();
    if (auto started = service.start(); !started) return std::unexpected(std::move(started.error()));
    if (!poll_until(trial_limit, [&] { return answers(service.port); }))
      return failure(ErrorKind::failed, "the service does not answer");
    times.push_back(ms_between(began, steady_clock::now()));
    if (auto stopped = service.stop(); !stopped) return std::unexpected(std::move(stopped.error()));
  }
  return times;
}

struct Trials {
  std::vector<double> answers_ms, complete_ms;
};

Result<void> one_trial(MeasuredDaemon& daemon, const Service& service, Trials& trials) {
  const std::size_t completed_before = daemon.read_on().completed;
  const auto began = service.kill();
  if (!began) return std::unexpected(began.error());
  std::optional<SteadyTime> answered;
  const bool ended = poll_until(trial_limit, [&] {
    if (!answered && answers(service.port)) answered = steady_clock::now();
    const Recorded& now = daemon.read_on();
    return answered && now.completed > completed_before && now.all_ended();
  });
  if (!ended || daemon.recorded().exhausted > 0)
    return failure(ErrorKind::failed, "a killed service was not healed: " + daemon.last_words());
  trials.answers_ms.push_back(ms_between(*began, *answered));
  trials.complete_ms.push_back(ms_between(*began, daemon.recorded().last_completed_seen));
  return {};
}

Result<Trials> measure(const ProcessOptions& options, const Service& service, const fs::path& folder) {
  if (auto started = service.start(); !started) return std::unexpected(std::move(started.error()));
  auto daemon = MeasuredDaemon::start(options.program, folder, 1);
  if (!daemon) return std::unexpected(std::move(daemon.error()));
  std::mt19937 moments(20'241'123);
  Trials trials;
  for (std::size_t trial = 0; trial < options.trials; ++trial) {
    // At a moment that has nothing to do with what the daemon still tidies up after the heal before.
    std::this_thread::sleep_for(std::chrono::microseconds(20'000 + moments() % 100'000));
    if (auto done = one_trial(**daemon, service, trials); !done) return std::unexpected(std::move(done.error()));
  }
  if (auto ended = (*daemon)->end(); !ended) return std::unexpected(std::move(ended.error()));
  return trials;
}

}  // namespace

Result<void> run_process(const ProcessOptions& options, std::ostream& out) {
  const ScratchFolder scratch(options.folder);
  const auto service = lay_out(options, scratch.path);
  if (!service) return std::unexpected(service.error());
  const StopAtEnd stop(*service);
  const auto own = own_start_ms(*service, options.trials);
  if (!own) return std::unexpected(own.error());
  const auto trials = measure(options, *service, scratch.path);
  if (!trials) return std::unexpected(trials.error());
  write_conditions(out, "process",
                   std::to_string(options.trials) +
                       " SIGKILLs of a real HTTP service under `autoheal serve` (probes: its process, its answer; "
                       "repair: its own `start`); WAL, synchronous=FULL; from the kill to a whole answer of the new "
                       "process, asked five thousand times a second; aim: 18 ms beside the service's own start");
  write_percentiles(out, "service_own_start", *own, {}, {});
  const double aim_ms = aim_beside_start_ms + percentile(*own, 0.50);
  write_percentiles(out, "process_answers", trials->answers_ms, {aim_ms, 0}, *own);
  write_percentiles(out, "process_complete", trials->complete_ms, {}, *own);
  return {};
}

}  // namespace autoheal::bench
