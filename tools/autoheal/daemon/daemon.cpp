#include "tools/autoheal/daemon/daemon.hpp"

#include <malloc.h>
#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdlib>
#include <memory>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "autoheal/store/ledger/wal_state.hpp"
#include "autoheal/workflows/effects/open_writers.hpp"
#include "autoheal/workflows/supervision/pause_text.hpp"
#include "autoheal/workflows/supervision/recent_past.hpp"
#include "autoheal/workflows/supervision/test_engine.hpp"
#include "tools/autoheal/daemon/late_tests.hpp"
#include "tools/autoheal/output/exit_code.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"
#include "tools/host/watch/watched_paths.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;
using namespace workflows;

namespace {

constexpr Duration heartbeat_every = std::chrono::minutes(5);
constexpr Duration loop_is_looked_at_every = std::chrono::seconds(5);
constexpr Duration loop_stands_still_after = std::chrono::seconds(10);
constexpr std::chrono::milliseconds longest_wait_for_last_entry{700};

std::string count_of_engines(const LoadedConfiguration& configuration) {
  return plural(configuration.settings.engines.size(), "engine");
}

}  // namespace

Daemon::Daemon(Healer& healer, Console& console, LoadAgain load_again)
    : process_(healer),
      healer_(healer.services()),
      console_(console),
      log_(
          healer_.parts.clock, [this](std::string_view line) { return console_.note(line); },
          host::Journal::of_descriptor(STDERR_FILENO, std::getenv("JOURNAL_STREAM"))),
      load_again_(std::move(load_again)),
      watch_(healer_.in_force.configuration()->settings.max_tests),
      kept_(healer_.workflows->leftovers(), [this](const std::string& sentence) { tell(sentence); }),
      signals_(healer_.parts.loop, SIGTERM, SIGINT, SIGHUP) {}

Result<std::unique_ptr<Daemon>> Daemon::create(Healer& healer, Console& console, LoadAgain load_again,
                                               std::vector<host::PassedSocket> passed) {
  std::unique_ptr<Daemon> daemon(new Daemon(healer, console, std::move(load_again)));
  daemon->passed_ = std::move(passed);
  AUTOHEAL_TRY(daemon->assemble());
  return daemon;
}

Result<void> Daemon::assemble() {
  const auto executor = healer_.parts.loop.get_executor();
  for (auto* timer : {&wake_, &heart_, &report_timer_, &kept_timer_}) {
    auto made = engine::BootTimer::create(executor, healer_.parts.clock);
    AUTOHEAL_TRY(made);
    *timer = std::move(*made);
  }
  wake_->due = [this] { pump(); };
  heart_->due = [this] { heartbeat(); };
  kept_timer_->due = [this] { spawn(settle_kept()); };
  report_timer_->due = [this] {
    report_waits_ = false;
    auto due = report_.take(healer_.parts.clock.now());
    if (!due) return;
    if (std::exchange(memory_waits_, false)) ::malloc_trim(0);  // every engine was tested once
    spawn(write_report(std::move(*due)));
    await_report();
  };
  auto files = host::FileWatch::create(executor, healer_.parts.own.changes,
                                       own_files(healer_.in_force.configuration()->settings));
  if (files) {
    files_ = std::move(*files);
    files_->file_event = [this](const std::string& engine, const std::string& path, FileEvent event) {
      watch_.file_event(engine, path, event, healer_.parts.clock.since_boot());
      pump_soon();
    };
    files_->sweep = [this](const std::string& why) {
      tell(fmt::format("warning: {}; every engine is tested now", why));
      look_at_all();
    };
    files_->warn = [this](const std::string& sentence) { tell("warning: " + sentence); };
  } else {
    tell(fmt::format("warning: {}; engines are tested on schedule only", files.error().message));
  }
  processes_ = std::make_unique<host::ProcessWatch>(executor, own_files(healer_.in_force.configuration()->settings));
  processes_->ended = [this](const std::string& engine, ProcessEnd how) {
    watch_.process_ended(engine, how, healer_.parts.clock.since_boot());
    pump_soon();
  };
  processes_->warn = [this](const std::string& sentence) { tell("warning: " + sentence); };
  OperationHooks hooks;
  hooks.was_reset = [this](const std::string& engine) {
    watch_.reset(engine, healer_.parts.clock.since_boot());
    pump();
  };
  hooks.hold_changed = [this](const std::string& engine) { hold_changed(engine); };
  hooks.tokens_changed = [this] { (void)renew_tokens(); };
  hooks.status = [this] { return status(); };
  operations_ = std::make_unique<Operations>(healer_, std::move(hooks));
  if (auto assembled = assemble_api(); !assembled) return assembled;
  AUTOHEAL_TRY(listen());
  watch_the_place();
  follow_heals();
  watch_the_loop();
  wait_for_signal();              // also while a ledger that cannot be used yet is waited for
  std::signal(SIGPIPE, SIG_IGN);  // the reader of our output may be gone; what a heal starts does not inherit it
  return {};
}

void Daemon::watch_the_place() {
  const std::string ledger = healer_.in_force.configuration()->settings.ledger;
  healer_.recording.place_changed = [this] {
    if (healer_.recording.ledger_elsewhere().empty()) kept_timer_->set(healer_.parts.clock.since_boot());
    show_standing();
  };
  auto claim = http::ClaimedName::claim(healer_.parts.loop.get_executor(), ledger, [this] {
    healer_.recording.look_at_place();
    return healer_.recording.ledger_elsewhere();
  });
  if (claim) claim_ = std::move(*claim);
  place_ = std::make_unique<LedgerPlaceWatch>(
      healer_.parts.loop.get_executor(), healer_.parts.clock, ledger, [this] { look_at_place(); },
      [this](const std::string& sentence) { tell("warning: " + sentence); });
}

void Daemon::look_at_place() {
  if (stopping_) return;
  healer_.recording.look_at_place();
  if (healer_.recording.ledger_elsewhere().empty() && !std::exchange(looks_at_socket_, true)) spawn(look_at_socket());
}

void Daemon::watch_the_loop() {
  loop_watch_ = std::make_unique<LoopWatch>(
      LoopWatchPorts{
          .loop = healer_.parts.loop.get_executor(),
          .clock = healer_.parts.clock,
          .pulse =
              [this] {
                engine::Runner& runner = healer_.parts.runtime->runner();
                return engine::Pulse{runner.turns(), runner.has_work()};
              },
          .progressed = [this] { show_progress(); },
          .activity = [this] { return std::string(healer_.parts.runtime->runner().activity()); },
          .warning = [this](const std::string& sentence) { tell("warning: " + sentence); },
      },
      loop_stands_still_after);
  loop_watch_->begin(std::min(loop_is_looked_at_every, manager_.watchdog().value_or(Duration::max()) / 4));
}

// Only what the loop itself does tells the service manager that the healer is alive.
void Daemon::show_progress() {
  tell_manager("WATCHDOG=1");
  look_at_place();  // of a network file system nothing tells
  const std::string late = sentence_of(watch_.take_late(healer_.parts.clock.since_boot()));
  if (!late.empty()) tell("warning: " + late);
}

void Daemon::tell_manager(const std::string& state) {
  if (const auto told = manager_.tell(state); !told && std::exchange(manager_hears_, false))
    tell("warning: " + told.error().message);
}

// The line that `systemctl status` shows. One that is not taken is made good by the next.
void Daemon::show_standing() {
  if (!manager_.listens()) return;
  std::string switches = fmt::format("STATUS={} engines, {} being tested, {} being healed",
                                     healer_.in_force.configuration()->settings.engines.size(),
                                     watch_.tests_under_way(), healer_.workflows->trigger().open_heals().size());
  if (const std::string& elsewhere = healer_.recording.ledger_elsewhere(); !elsewhere.empty())
    switches = "STATUS=nothing is healed: " + elsewhere;
  if (switches == standing_) return;
  standing_ = std::move(switches);
  (void)manager_.tell(standing_);
}

asio::awaitable<void> Daemon::serve() {
  const auto begun = co_await begin();
  if (!begun) {
    console_.error(begun.error(), exit_code_of(begun.error().kind));
    co_return process_.stop(exit_code_of(begun.error().kind));
  }
  if (stopping_) co_return;
  begun_ = true;
  pump();
  tell_manager("READY=1");
}

asio::awaitable<Result<void>> Daemon::begin() {
  (void)healer_.parts.host->end_marked(mark_of_tests(healer_));  // of a daemon that was killed
  const auto configuration = healer_.in_force.configuration();
  const Timestamp now = healer_.parts.clock.now();
  webhooks_ = std::make_unique<Webhooks>(healer_, [this](const std::string& sentence) { tell(sentence); });
  witnesses_ = std::make_unique<AskedWitnesses>(healer_, [this](const std::string& sentence) { tell(sentence); });
  // Awaited operations have names here and below: g++ 12 destroys temporaries of a co_await twice.
  auto entry = node_started(*configuration, healer_.recovery->recovered().size(), now);
  auto started = co_await healer_.recording.record(std::move(entry));
  if (!started) co_return started;
  auto loaded = config_loaded(*configuration, *healer_.parts.ledger, *healer_.parts.vault, now);
  AUTOHEAL_CO_TRY(loaded);
  if (*loaded) {
    if (auto recorded = co_await healer_.recording.record(std::move(**loaded)); !recorded) co_return recorded;
  }
  take_configuration();
  for (const auto& [engine, heal] : healer_.workflows->trigger().open_heals()) watch_.heal_began(engine);
  if (auto told = remember_recent_past(*healer_.parts.ledger, *healer_.parts.vault, healer_.parts.clock, watch_); !told)
    co_return told;
  heart_->set(healer_.parts.clock.since_boot() + heartbeat_every);
  kept_timer_->set(healer_.parts.clock.since_boot());
  tell(fmt::format("serving {} of {}{}", count_of_engines(*configuration), configuration->settings.file,
                   healer_.recovery->recovered().empty()
                       ? ""
                       : fmt::format(", resuming {} heals", healer_.recovery->recovered().size())),
       {.kind = NoteKind::began});
  co_return Result<void>();
}

void Daemon::take_configuration() {
  memory_waits_ = true;
  if (webhooks_) webhooks_->configure();
  if (witnesses_) witnesses_->configure();
  const auto configuration = healer_.in_force.configuration();
  watch_.configure(engines(), configuration->settings.max_tests, healer_.parts.clock.since_boot());
  report_.set_engines(engines());
  std::set<std::string> names;
  for (const EngineSpec& spec : configuration->settings.engines) names.insert(spec.name);
  api_->steward->plugins.keep(names);
  std::vector<host::WatchedEngine> paths;
  std::vector<host::WatchedProcess> processes;
  for (const EngineSpec& spec : configuration->settings.engines) {
    paths.push_back(host::watched_paths(spec));
    if (auto in_run = host::watched_in_run(spec)) paths.push_back(std::move(*in_run));
    for (auto& process : host::watched_processes(spec)) processes.push_back(std::move(process));
  }
  if (files_) files_->watch(paths);
  processes_->watch(processes);
  watch_units();
}

std::vector<std::shared_ptr<const EngineSpec>> Daemon::engines() const {
  std::vector<std::shared_ptr<const EngineSpec>> all;
  for (const EngineSpec& spec : healer_.in_force.configuration()->settings.engines) {
    if (auto found = healer_.in_force.find_engine(spec.name)) all.push_back(found->spec);
  }
  return all;
}

// ---- signals

void Daemon::wait_for_signal() {
  signals_.async_wait([this](boost::system::error_code error, int number) {
    if (!error) signalled(number);
  });
}

void Daemon::signalled(int number) {
  if (number != SIGHUP) {
    for (const int ending : {SIGTERM, SIGINT}) signals_.remove(ending);  // a second one ends the process at once
    if (!std::exchange(stopping_, true)) spawn(end(number == SIGTERM ? "SIGTERM" : "SIGINT"));
    return;
  }
  spawn(reload());
  wait_for_signal();
}

asio::awaitable<void> Daemon::reload() {
  const auto before = healer_.in_force.configuration();
  auto next = load_again_();
  if (next) {
    auto taken = healer_.workflows->take(*next);
    if (taken) (*next)->baselines.clear();
    if (!taken) next = std::unexpected(std::move(taken.error()));
  }
  if (!next) {
    tell("the configuration stays as it was, the new one is refused:\n" + next.error().message,
         {.kind = NoteKind::configuration_refused});
    auto refused = config_refused(*healer_.in_force.configuration(), healer_.parts.secrets.mask(next.error().message),
                                  healer_.parts.clock.now());
    co_return co_await record(std::move(refused));
  }
  for (const std::string& warning : (*next)->settings.warnings) tell("warning: " + warning);
  take_configuration();
  renew_access(before->settings.api);
  tell("configuration read again: " + count_of_engines(**next), {.kind = NoteKind::configuration_read});
  pump();
  auto loaded = config_loaded(**next, *healer_.parts.ledger, *healer_.parts.vault, healer_.parts.clock.now());
  if (loaded && *loaded) co_await record(std::move(**loaded));
  auto switched = healing_switched(*before, **next, healer_.parts.clock.now());
  if (switched) co_await record(std::move(*switched));
}

asio::awaitable<void> Daemon::end(std::string cause) {
  server_->stop();
  tell_manager("STOPPING=1");
  tell(fmt::format("ending on {}; open heals resume at the next start", cause), {.kind = NoteKind::ended});
  while (auto due = report_.take(healer_.parts.clock.now())) co_await write_report(std::move(*due));
  if (webhooks_) webhooks_->stop();
  if (witnesses_) witnesses_->stop();
  if (begun_) co_await record_the_end(std::move(cause));
  server_->leave();  // effects under way may take their time, and would keep people waiting for nothing
  process_.stop(exit_done);
}

// On a full disk nobody waits for it.
asio::awaitable<void> Daemon::record_the_end(std::string cause) {
  auto entry = node_stopped(*healer_.in_force.configuration(), cause, take_beat(), healer_.parts.clock.now());
  const auto waits = std::make_shared<asio::steady_timer>(healer_.parts.loop, longest_wait_for_last_entry);
  asio::co_spawn(healer_.parts.loop, record(std::move(entry)), [waits](const std::exception_ptr&) { waits->cancel(); });
  (void)co_await waits->async_wait(asio::as_tuple(asio::use_awaitable));
}

// ---- what the watch is told

// Once for all events of a moment.
void Daemon::pump_soon() {
  if (std::exchange(pump_waits_, true)) return;
  asio::post(healer_.parts.loop, [this] {
    pump_waits_ = false;
    pump();
  });
}

void Daemon::look(const std::string& engine, LookCause cause) {
  watch_.look(engine, cause, healer_.parts.clock.since_boot());
  pump();
}

void Daemon::look_at_all() {
  for (const EngineSpec& spec : healer_.in_force.configuration()->settings.engines)
    watch_.look(spec.name, LookCause::asked, healer_.parts.clock.since_boot());
  pump();
}

// A hold was taken or given back: a failure that waits is looked at again.
void Daemon::hold_changed(const std::string& engine) {
  if (engine.empty()) return look_at_all();
  look(engine, LookCause::asked);
}

void Daemon::heartbeat() {
  heart_->set(healer_.parts.clock.since_boot() + heartbeat_every);
  const auto log = store::wal_state(healer_.in_force.configuration()->settings.ledger);
  if (const std::string large = store::sentence_of(log); !large.empty()) tell("warning: " + large);
  spawn(record(node_heartbeat(*healer_.in_force.configuration(), take_beat(), healer_.parts.clock.now())));
}

// The work since the last heartbeat.
Heartbeat Daemon::take_beat() {
  Heartbeat beat = std::exchange(beat_, {});
  for (const EngineSpec& spec : healer_.in_force.configuration()->settings.engines) {
    if (healer_.in_force.hold_on(spec.name)) beat.held.push_back(spec.name);
    const auto seen = watch_.seen(spec.name);
    if (seen && seen->stopped_by_hand) beat.stopped_by_hand.push_back(spec.name);
  }
  return beat;
}

EngineSwitches Daemon::switches_of(const std::string& engine) const {
  EngineSwitches switches;
  switches.enabled = healer_.in_force.configuration()->settings.healing.enabled;
  switches.held = healer_.in_force.hold_on(engine).has_value();
  return switches;
}

// Until when its failure is left alone, or nothing where nobody knows.
std::string Daemon::pause_of(const std::string& engine, const std::string& reason,
                             std::optional<Duration> until) const {
  const Timestamp now = healer_.parts.clock.now();
  const auto hold = reason == "held" ? healer_.in_force.hold_on(engine) : std::nullopt;
  if (hold) return until_text(hold->until, now);
  return until ? until_text(now + (*until - healer_.parts.clock.since_boot()), now) : std::string();
}

By Daemon::by_daemon() const {
  const auto configuration = healer_.in_force.configuration();
  const std::string& actor = configuration->settings.principals.actor;
  By by;
  by.principal = actor;
  by.role = name_of(configuration->settings.principals.role_of(actor));
  by.uid = configuration->caller.uid;
  by.via = "daemon";
  return by;
}

}  // namespace autoheal::cli
