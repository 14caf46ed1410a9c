#include "tools/autoheal/healer/healer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "autoheal/workflows/heal/heal_announcements.hpp"
#include "tools/autoheal/output/exit_code.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

// Service managers give 90 s to end before they kill. Work that still runs then is left to the next process.
constexpr std::chrono::seconds longest_wait_at_the_end{80};

}  // namespace

Healer::Healer(std::unique_ptr<HealerParts> parts, const ConfigurationPtr& configuration)
    : parts_(std::move(parts)), services_(*parts_, configuration), longest_end_(parts_->loop) {}

Healer::~Healer() {
  services_.jobs.stop_waiting();
  parts_->pool->join();  // what is under way ends first; copies of before-images become durable
  const bool in_place = parts_->ledger->problem_of_place().empty();
  if (services_.checkpoints && in_place && !parts_->runtime->runner().failure()) services_.checkpoints->sign_last();
}

Result<std::unique_ptr<Healer>> Healer::open(const LoadedConfiguration& configuration, Console& console) {
  return assembled(ConfigurationPtr(ConfigurationPtr(), &configuration), console);
}

Result<std::unique_ptr<Healer>> Healer::open(const std::shared_ptr<LoadedConfiguration>& configuration,
                                             Console& console) {
  auto healer = assembled(configuration, console);
  if (healer) configuration->baselines.clear();
  return healer;
}

Result<std::unique_ptr<Healer>> Healer::assembled(const ConfigurationPtr& configuration, Console& console) {
  auto parts = open_parts(*configuration, console);
  AUTOHEAL_TRY(parts);
  std::unique_ptr<Healer> healer(new Healer(std::move(*parts), configuration));
  AUTOHEAL_TRY(healer->assemble(configuration));
  return healer;
}

Result<void> Healer::assemble(const ConfigurationPtr& configuration) {
  HealerServices& with = services_;
  parts_->host = std::make_unique<host::RealHost>(host::RealHostOptions{
      .blobs = *parts_->vault,
      .own_files = own_files(configuration->settings),
      .at_step = {},
      .program = configuration->program,
      .own_changes = &parts_->own.changes,
      .own_orders = &parts_->own.orders,
      .before_change = [&jobs = with.jobs] { return jobs.until_recordable() != workflows::GoOn::no_more; }});
  AUTOHEAL_TRY(with.in_force.read_ledger());
  auto checkpoints = Checkpoints::create(
      configuration->settings.ledger,
      {.loop = parts_->loop.get_executor(),
       .pool = parts_->pool->executor(),
       .clock = parts_->clock,
       .randomness = parts_->randomness,
       .ledger = *parts_->ledger,
       .host = *parts_->host,
       .settings = [&in_force = with.in_force] { return in_force.configuration()->settings.checkpoints; },
       .tell = [this](const std::string& sentence) { parts_->console.note(parts_->secrets.mask(sentence)); }});
  AUTOHEAL_TRY(checkpoints);
  with.checkpoints = std::move(*checkpoints);
  with.archiving = std::make_unique<Archiving>(*parts_, with.in_force, with.jobs, with.recording, *with.checkpoints);
  with.workflows = std::make_unique<HealerWorkflows>(*parts_, with.in_force, with.jobs, *with.archiving);
  with.recovery = std::make_unique<Recovery>(*parts_, with.workflows->trigger(), *with.archiving);
  watch_the_runner();
  return with.workflows->take(configuration);
}

void Healer::watch_the_runner() {
  services_.jobs.hooks.look_at_place = [this] { services_.recording.look_at_place(); };
  services_.jobs.hooks.one_ended = [this] { end_if_closed(); };
  auto& hooks = parts_->runtime->runner().hooks;
  hooks.stopped = [this](const Error& error) {
    parts_->console.error(error, exit_internal);
    stop(exit_internal);
  };
  hooks.unavailable = [this](const std::string& why) {
    services_.recording.failed(why);
    end_if_closed();
  };
  hooks.committed = [this](engine::Position) {
    services_.recording.committed();
    if (services_.committed) services_.committed();
  };
  hooks.outcome_counts = [] { return !Jobs::was_cut_short(); };
  parts_->runtime->after_turn = [this] {
    services_.workflows->pump();
    services_.checkpoints->committed();
    if (progress_) parts_->console.progress(progress_());
    end_if_closed();
  };
}

int Healer::run(std::function<asio::awaitable<int>()> task) {
  services_.recording.give_up_by([this] { stop(exit_busy); });
  asio::signal_set signals(parts_->loop, SIGINT, SIGTERM);
  signals.async_wait([this, &signals](boost::system::error_code error, int number) {
    if (error) return;
    signals.clear();  // a second one ends the process at once
    stop(number == SIGINT ? exit_interrupted : exit_terminated);
  });
  return run_until_done([this, task = std::move(task)]() -> asio::awaitable<void> {
    const int code = co_await task();
    co_await services_.recovery->finish();
    co_await services_.workflows->leftovers().until_settled();
    if (closing_) co_return;
    exit_code_ = code;
    parts_->loop.stop();
  });
}

int Healer::serve(std::function<asio::awaitable<void>()> task) { return run_until_done(std::move(task)); }

int Healer::run_until_done(std::function<asio::awaitable<void>()> task) {
  asio::co_spawn(parts_->loop, begin(std::move(task)), asio::detached);
  parts_->loop.run();
  parts_->console.end_progress();
  return exit_code_;
}

asio::awaitable<void> Healer::begin(std::function<asio::awaitable<void>()> task) {
  const auto recovered = co_await services_.recovery->recover();
  if (!recovered) {
    parts_->console.error(recovered.error(), exit_code_of(recovered.error().kind));
    co_return stop(exit_code_of(recovered.error().kind));
  }
  asio::co_spawn(parts_->loop, services_.workflows->leftovers().settle_again(), asio::detached);
  asio::co_spawn(parts_->loop, std::move(task), asio::detached);
  asio::co_spawn(parts_->loop, services_.archiving->finish(), asio::detached);
}

void Healer::stop(int exit_code) {
  services_.jobs.stop_waiting();
  exit_code_ = exit_code;
  asio::post(parts_->loop, [this] { close(); });
}

void Healer::close() {
  if (std::exchange(closing_, true)) return;
  services_.recording.close();
  parts_->runtime->runner().close({workflows::heal_announcements.begin(), workflows::heal_announcements.end()});
  longest_end_.expires_after(longest_wait_at_the_end);
  longest_end_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled) return;
    parts_->console.note(
        "autoheal: what runs is not waited for any longer: the next process finds out what came of it");
    std::cout.flush();
    std::_Exit(exit_code_);
  });
  end_if_closed();
}

// Once every effect is done, and what came of it is recorded as far as it can be.
void Healer::end_if_closed() {
  if (!closing_ || services_.jobs.under_way() > 0) return;
  if (parts_->runtime->runner().has_uncommitted() && services_.recording.not_recorded_because().empty()) return;
  asio::post(parts_->loop, [this] { parts_->loop.stop(); });  // what was told waits in it
}

}  // namespace autoheal::cli
