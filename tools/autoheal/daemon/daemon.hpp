// `autoheal serve`: the watch with the world around it. Tells it what happens (time, files, processes, results, people)
// and performs what it asks for; decides nothing itself.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <memory>
#include <set>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/boot_timer.hpp"
#include "autoheal/workflows/supervision/watch.hpp"
#include "tools/autoheal/api/api_parts.hpp"
#include "tools/autoheal/api/authentication.hpp"
#include "tools/autoheal/daemon/daemon_entries.hpp"
#include "tools/autoheal/daemon/daemon_log.hpp"
#include "tools/autoheal/daemon/daemon_report.hpp"
#include "tools/autoheal/daemon/ledger_place_watch.hpp"
#include "tools/autoheal/daemon/loop_watch.hpp"
#include "tools/autoheal/events/webhooks.hpp"
#include "tools/autoheal/healer/kept_images.hpp"
#include "tools/autoheal/healer/operations.hpp"
#include "tools/autoheal/witness/asked_witnesses.hpp"
#include "tools/host/service/passed_sockets.hpp"
#include "tools/host/service/service_manager.hpp"
#include "tools/host/service/stop_watch.hpp"
#include "tools/host/watch/file_watch.hpp"
#include "tools/host/watch/process_watch.hpp"
#include "tools/http/claimed_name.hpp"
#include "tools/http/threaded_server.hpp"

namespace autoheal::cli {

// Lives on the loop's thread.
class Daemon {
 public:
  using LoadAgain = std::function<Result<std::shared_ptr<LoadedConfiguration>>()>;

  // `healer` and `console` outlive the daemon. `passed`: the sockets that a service manager holds for it.
  [[nodiscard]] static Result<std::unique_ptr<Daemon>> create(Healer& healer, Console& console, LoadAgain load_again,
                                                              std::vector<host::PassedSocket> passed = {});

  // Begins; from then on it goes on until SIGTERM or SIGINT, and open heals stay open for the next start. To be run by
  // Healer::serve().
  boost::asio::awaitable<void> serve();

 private:
  Daemon(Healer& healer, Console& console, LoadAgain load_again);
  Result<void> assemble();
  Result<void> assemble_api();
  void create_authentication();
  Result<void> listen();
  Result<void> listen_on_tcp(std::vector<UniqueFd> passed);
  Result<void> renew_tokens();
  void renew_access(const config::ApiSpec& before);
  void report_failed(const FailedSummary& summary);
  void watch_the_place();
  void look_at_place();
  boost::asio::awaitable<void> look_at_socket();
  void follow_heals();
  void watch_the_loop();
  void show_progress();
  void tell_manager(const std::string& state);
  void show_standing();

  boost::asio::awaitable<Result<void>> begin();
  boost::asio::awaitable<void> reload();
  boost::asio::awaitable<void> end(std::string cause);
  boost::asio::awaitable<void> record_the_end(std::string cause);
  void take_configuration();
  void watch_units();
  void stopped(const std::string& unit, const workflows::StopJudgement& judgement);
  void unit_changed(const std::string& unit);
  void wait_for_signal();
  void signalled(int number);

  void pump();
  void pump_soon();
  void await_report();
  [[nodiscard]] static std::string mark_of_tests(HealerServices& healer);
  void perform(const workflows::StartTest& act);
  void perform(const workflows::StartHeal& act);
  void perform(const workflows::SkipHeal& act);
  void perform(const workflows::EndHeal& act);
  void perform(const workflows::RecordOutcome& act);
  void perform(const workflows::TakeSnapshots& act);
  void perform(const workflows::KeepSnapshots& act);
  boost::asio::awaitable<void> test(workflows::EngineToHeal engine);
  boost::asio::awaitable<void> heal(workflows::StartHeal act);
  boost::asio::awaitable<void> skip(workflows::SkipHeal act, workflows::EngineToHeal engine);
  boost::asio::awaitable<void> record(engine::NewEntry entry);
  boost::asio::awaitable<void> copy_snapshots(workflows::TakeSnapshots act, workflows::EngineToHeal engine);
  boost::asio::awaitable<void> keep_snapshots(workflows::EngineToHeal engine);
  boost::asio::awaitable<void> settle_kept();
  boost::asio::awaitable<void> write_report(DaemonReport::Due due);

  void look(const std::string& engine, workflows::LookCause cause);
  void look_at_all();
  void hold_changed(const std::string& engine);
  void tell(const std::string& sentence, const NoteAbout& about = {});
  void heartbeat();
  [[nodiscard]] Heartbeat take_beat();
  void snapshots_were_tried(const std::string& engine, const std::vector<FailedSnapshot>& failed);
  [[nodiscard]] workflows::EngineSwitches switches_of(const std::string& engine) const;
  [[nodiscard]] std::string pause_of(const std::string& engine, const std::string& reason,
                                     std::optional<Duration> until) const;
  void tell_pause(const std::string& engine);
  [[nodiscard]] workflows::By by_daemon() const;
  [[nodiscard]] std::string status() const;
  [[nodiscard]] Standing standing() const;
  [[nodiscard]] std::string standing_of(const workflows::EngineSpec& spec) const;
  void write_seen(JsonWriter& out, const std::string& engine) const;
  [[nodiscard]] std::vector<std::shared_ptr<const workflows::EngineSpec>> engines() const;
  template <class Task>
  void spawn(Task task) {
    boost::asio::co_spawn(healer_.parts.loop, std::move(task), boost::asio::detached);
  }

  Healer& process_;
  HealerServices& healer_;
  Console& console_;
  DaemonLog log_;
  LoadAgain load_again_;
  workflows::Watch watch_;
  DaemonReport report_;
  std::unique_ptr<Operations> operations_;
  std::unique_ptr<StandingReader> standing_reader_;
  std::unique_ptr<ReaderThreads> readers_;
  std::unique_ptr<JobRunner> jobs_;
  std::shared_ptr<BusFollowers> bus_;
  std::unique_ptr<Authentication> authentication_;
  std::unique_ptr<ApiParts> api_;
  std::vector<host::PassedSocket> passed_;    // until they are served
  std::unique_ptr<http::ClaimedName> claim_;  // null: another process has it, or the system refuses
  std::unique_ptr<LedgerPlaceWatch> place_;
  std::unique_ptr<Webhooks> webhooks_;
  std::unique_ptr<AskedWitnesses> witnesses_;
  std::unique_ptr<host::FileWatch> files_;
  std::unique_ptr<host::ProcessWatch> processes_;
  std::set<std::string> units_;             // of systemd, that `stops_` watches
  std::unique_ptr<host::StopWatch> stops_;  // null: there are none
  std::unique_ptr<engine::BootTimer> wake_, heart_, report_timer_, kept_timer_;
  KeptImages kept_;
  boost::asio::signal_set signals_;
  Heartbeat beat_;
  bool report_waits_ = false;
  bool pump_waits_ = false;
  bool memory_waits_ = false;  // what a configuration took to read is to be given back
  bool begun_ = false, stopping_ = false;
  bool told_of_socket_ = false;  // that it cannot be made again
  bool looks_at_socket_ = false;
  bool manager_hears_ = true;
  std::string standing_;  // as the service manager was told last
  host::ServiceManager manager_ = host::ServiceManager::of_environment();
  std::unique_ptr<LoopWatch> loop_watch_;         // goes before the rest, which its thread asks
  std::unique_ptr<http::ThreadedServer> server_;  // goes first: its thread asks all of it
};

}  // namespace autoheal::cli
