#include "tools/bench/api.hpp"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "tools/bench/load/healing_callers.hpp"
#include "tools/bench/load/played_followers.hpp"
#include "tools/bench/load/played_requests.hpp"
#include "tools/bench/support/figures.hpp"
#include "tools/bench/support/many_files.hpp"
#include "tools/bench/support/measured_daemon.hpp"
#include "tools/bench/support/scratch_folder.hpp"

namespace autoheal::bench {

namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds connect_limit{30};
constexpr std::chrono::milliseconds settling{500}, look_every{10};
constexpr int niceness_of_followers = 10;
constexpr double aim_heals_ratio = 0.9;
constexpr double aim_request_p99_ms = 20;

std::string own_name() {
  const passwd* user = ::getpwuid(::getuid());
  return user ? user->pw_name : "root";
}

std::vector<std::string> lay_out(const fs::path& folder, std::size_t engines, std::uint16_t port) {
  (void)lay_out_files(folder, engines, engines);
  std::ofstream(folder / "autoheal.yaml", std::ios::app)
      << "api: { listen: [ 127.0.0.1:" << port << " ] }\n"
      << "principals:\n  - { name: autoheal, role: admiral }\n  - { name: operator, role: admiral, os_user: "
      << own_name() << " }\n"
      << "  - { name: dashboards, role: observer }\n";
  std::vector<std::string> names;
  for (std::size_t number = 0; number < engines; ++number) names.push_back("engine" + std::to_string(number));
  return names;
}

Result<std::string> token_for_dashboards(const ApiOptions& options, const fs::path& folder) {
  AUTOHEAL_TRY(run({options.program, "token", "create", "--principal", "dashboards", "--role", "observer"}, folder,
                   folder / "token"));
  std::ifstream file(folder / "token");
  for (std::string word; file >> word;) {
    if (word.starts_with("ahl_")) return word;
  }
  return failure(ErrorKind::failed, "autoheal token create gave no token");
}

// All that is counted, at one moment.
struct Counts {
  SteadyTime at;
  std::uint64_t heals = 0, events = 0, of_everything = 0, requests = 0;
  double daemon_cpu_s = 0, clients_cpu_s = 0;
};

struct Window {
  double heals_per_s = 0, events_per_s = 0, of_everything_per_s = 0, requests_per_s = 0;
  double cpu_us_per_heal = 0;                // of the daemon, whatever it did in the window
  double daemon_cpus = 0, clients_cpus = 0;  // processors in use
};

struct Parts {
  MeasuredDaemon& daemon;
  HealingCallers& callers;
  PlayedClients& followers;
  PlayedClients& requests;

  [[nodiscard]] Counts counts() const {
    return {steady_clock::now(),
            callers.heals(),
            followers.state().answers,
            followers.state().of_everything,
            requests.state().answers,
            cpu_seconds_of(daemon.pid()),
            cpu_seconds_of(followers.pid()) + cpu_seconds_of(requests.pid())};
  }
  [[nodiscard]] double private_mib() const {
    const auto use = memory_of(daemon.pid());
    return use ? use->private_mib : 0;
  }
};

struct MeasuredPairs {
  std::vector<Window> without, with;
  double begin_mib = 0, peak_mib = 0, end_mib = 0;
};

Window measure_window(const Parts& parts, double seconds, double& peak_mib) {
  const Counts before = parts.counts();
  const auto half = std::chrono::duration<double>(seconds / 2);
  std::this_thread::sleep_for(half);
  peak_mib = std::max(peak_mib, parts.private_mib());
  std::this_thread::sleep_for(half);
  const Counts after = parts.counts();
  const double took = ms_between(before.at, after.at) / 1000;
  const auto rate = [took](std::uint64_t from, std::uint64_t to) { return static_cast<double>(to - from) / took; };
  Window window{rate(before.heals, after.heals), rate(before.events, after.events),
                rate(before.of_everything, after.of_everything), rate(before.requests, after.requests)};
  const double cpu_s = after.daemon_cpu_s - before.daemon_cpu_s;
  window.cpu_us_per_heal = cpu_s * 1e6 / std::max(1.0, window.heals_per_s * took);
  window.daemon_cpus = cpu_s / took;
  window.clients_cpus = (after.clients_cpu_s - before.clients_cpu_s) / took;
  return window;
}

Result<void> let_come(const ApiOptions& options, const Parts& parts) {
  parts.followers.state().wanted = true;
  parts.requests.state().wanted = true;
  const std::size_t all = options.followers + options.of_everything;
  PlayedTogether& followers = parts.followers.state();
  const SteadyTime until = steady_clock::now() + connect_limit;
  while (followers.there < all && steady_clock::now() < until) std::this_thread::sleep_for(look_every);
  if (followers.there >= all) return {};
  return failure(ErrorKind::failed, fmt::format("only {} of {} followers were let in; {} were refused, {} broke: {}",
                                                followers.there.load(), all, followers.refused.load(),
                                                followers.broken.load(), parts.daemon.last_words()));
}

void let_go(const Parts& parts) {
  parts.followers.state().wanted = false;
  parts.requests.state().wanted = false;
  while (parts.followers.state().there > 0) std::this_thread::sleep_for(look_every);
}

// The order within a pair changes each time, so that what grows with time is in both.
Result<void> measure_pair(const ApiOptions& options, const Parts& parts, bool load_first, MeasuredPairs& measured) {
  for (const bool with_load : {load_first, !load_first}) {
    if (with_load) AUTOHEAL_TRY(let_come(options, parts));
    std::this_thread::sleep_for(settling);
    double ignored = 0;
    const Window window = measure_window(parts, options.seconds, with_load ? measured.peak_mib : ignored);
    (with_load ? measured.with : measured.without).push_back(window);
    if (with_load) let_go(parts);
  }
  return {};
}

// Their processes are there before this one has a second thread.
struct Clients {
  PlayedClients followers, requests;
};

Result<Clients> start_clients(const ApiOptions& options, std::uint16_t port, const std::string& token,
                              const std::vector<std::string>& engines) {
  FollowersWanted followed{port, token, options.topics, {}};
  for (std::size_t number = 0; number < options.followers; ++number)
    followed.engines.push_back(engines[number % engines.size()]);
  followed.engines.resize(options.followers + options.of_everything);
  auto followers = PlayedClients::start(niceness_of_followers,
                                        [followed](PlayedTogether& together) { play_followers(followed, together); });
  AUTOHEAL_TRY(followers);
  const RequestsWanted asked{port, token, "/api/v1/engines", options.requests};
  auto requests = PlayedClients::start(0, [asked](PlayedTogether& together) { play_requests(asked, together); });
  AUTOHEAL_TRY(requests);
  return Clients{std::move(*followers), std::move(*requests)};
}

Result<MeasuredPairs> measure(const ApiOptions& options, const Parts& parts) {
  MeasuredPairs measured;
  measured.begin_mib = parts.private_mib();
  for (std::size_t pair = 0; pair < options.pairs; ++pair)
    AUTOHEAL_TRY(measure_pair(options, parts, pair % 2 == 1, measured));
  AUTOHEAL_TRY(parts.callers.end());
  measured.end_mib = parts.private_mib();
  AUTOHEAL_TRY(parts.daemon.end());
  return measured;
}

double median_of(const std::vector<Window>& windows, double Window::* member) {
  std::vector<double> values;
  for (const Window& one : windows) values.push_back(one.*member);
  return percentile(values, 0.5);
}

double median_ratio(const MeasuredPairs& measured) {
  std::vector<double> ratios;
  for (std::size_t pair = 0; pair < measured.with.size(); ++pair)
    ratios.push_back(measured.with[pair].heals_per_s / std::max(1.0, measured.without[pair].heals_per_s));
  return percentile(ratios, 0.5);
}

std::vector<double> latencies_of(const PlayedTogether& requests) {
  std::vector<double> all;
  for (std::size_t index = 0; index < requests.latencies; ++index)
    all.push_back(static_cast<double>(requests.latency_ms[index].load()));
  return all;
}

void tell(std::ostream& out, const MeasuredPairs& measured, const Clients& clients) {
  const auto without = [&](double Window::* member) { return median_of(measured.without, member); };
  const auto with = [&](double Window::* member) { return median_of(measured.with, member); };
  write_figure(out, {"api_heals_alone", without(&Window::heals_per_s), "heals/s", 0, 0});
  write_figure(out, {"api_heals_beside_load", with(&Window::heals_per_s), "heals/s", 0, 0});
  write_figure(out, {"api_heals_ratio", median_ratio(measured), "of alone", 0, aim_heals_ratio});
  write_figure(out, {"api_daemon_cpu_alone", without(&Window::cpu_us_per_heal), "us/heal", 0, 0});
  write_figure(out, {"api_daemon_cpu_beside_load", with(&Window::cpu_us_per_heal), "us/heal", 0, 0});
  write_figure(out, {"api_daemon_processors_alone", without(&Window::daemon_cpus), "processors", 0, 0});
  write_figure(out, {"api_daemon_processors_beside_load", with(&Window::daemon_cpus), "processors", 0, 0});
  write_figure(out, {"api_clients_processors", with(&Window::clients_cpus), "processors", 0, 0});
  write_figure(out, {"api_events_of_one_engine", with(&Window::events_per_s), "events/s", 0, 0});
  write_figure(out, {"api_events_of_everything", with(&Window::of_everything_per_s), "events/s", 0, 0});
  const PlayedTogether& followers = clients.followers.state();
  const PlayedTogether& requests = clients.requests.state();
  write_figure(out, {"api_followers_cut_off", static_cast<double>(followers.cut_off), "times", 0, 0});
  write_figure(out, {"api_followers_refused", static_cast<double>(followers.refused), "times", 0, 0});
  write_figure(out, {"api_followers_broken", static_cast<double>(followers.broken), "times", 0, 0});
  write_figure(out, {"api_requests", with(&Window::requests_per_s), "requests/s", 0, 0});
  write_percentiles(out, "api_request", latencies_of(requests), {0, aim_request_p99_ms}, {});
  write_figure(out, {"api_requests_refused", static_cast<double>(requests.refused), "requests", 0, 0});
  write_figure(out, {"api_requests_broken", static_cast<double>(requests.broken), "requests", 0, 0});
  write_figure(out, {"api_private_memory_begin", measured.begin_mib, "MiB", 0, 0});
  write_figure(out, {"api_private_memory_peak", measured.peak_mib, "MiB", 0, 0});
  write_figure(out, {"api_private_memory_end", measured.end_mib, "MiB", 0, 0});
}

std::string conditions_of(const ApiOptions& options) {
  std::ostringstream text;
  text << options.callers << " callers heal over the Unix socket, each its share of " << options.engines
       << " engines, one after the other "
       << "(POST heal with an error; the file is right already, so ledger and API are what costs); beside them in turn "
       << "nothing, and " << options.followers << " followers of one engine each and " << options.of_everything
       << " of everything (" << options.topics << ") and " << options.requests
       << " GET /api/v1/engines a second, both over TCP with a token; medians of " << options.pairs << " pairs of "
       << options.seconds << " s, in changing order; latencies from when a request was due; WAL, synchronous=FULL; all "
       << "processes share " << std::thread::hardware_concurrency() << " processors, followers with niceness "
       << niceness_of_followers;
  return text.str();
}

}  // namespace

Result<void> run_api(const ApiOptions& options, std::ostream& out) {
  const ScratchFolder scratch(options.folder);
  const std::uint16_t port = free_port();
  const auto engines = lay_out(scratch.path, options.engines, port);
  const auto daemon = MeasuredDaemon::start(options.program, scratch.path, engines.size());
  AUTOHEAL_TRY(daemon);
  const auto token = token_for_dashboards(options, scratch.path);
  AUTOHEAL_TRY(token);
  auto clients = start_clients(options, port, *token, engines);
  AUTOHEAL_TRY(clients);
  const auto callers = HealingCallers::start(scratch.path / "var" / "ledger.db.sock", options.callers, engines);
  AUTOHEAL_TRY(callers);
  const auto measured = measure(options, {**daemon, **callers, clients->followers, clients->requests});
  AUTOHEAL_TRY(measured);
  write_conditions(out, "api", conditions_of(options));
  tell(out, *measured, *clients);
  return {};
}

}  // namespace autoheal::bench
