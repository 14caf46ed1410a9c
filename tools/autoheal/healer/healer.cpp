#include "tools/autoheal/healer/healer.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <set>

#include "autoheal/engine/large_data.hpp"
#include "autoheal/replay/text/timeline.hpp"
#include "autoheal/workflows/effects/heal_effects.hpp"
#include "autoheal/workflows/effects/plan_preview.hpp"
#include "autoheal/workflows/effects/running_services.hpp"
#include "autoheal/workflows/heal/heal_announcements.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/supervision/adopted_baseline.hpp"
#include "autoheal/workflows/supervision/test_engine.hpp"
#include "tools/autoheal/configuration/known_secrets.hpp"
#include "tools/autoheal/healer/archived_rows.hpp"
#include "tools/autoheal/output/exit_code.hpp"
#include "tools/autoheal/output/version.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

std::vector<std::filesystem::path> files_of_ledger(const config::Configuration& settings) {
  std::vector<std::filesystem::path> paths;
  for (const char* ending :
       {"", "-wal", "-shm", "-journal", ".lock", ".new", ".key", ".signed", ".signed.new", ".sock", ".vault"})
    paths.emplace_back(settings.ledger + ending);
  for (const char* ending : {"", ".new", ".next", ".next.new"}) paths.emplace_back(settings.checkpoints.key + ending);
  if (const std::string& file = settings.checkpoints.file; !file.empty()) {
    paths.emplace_back(file);
    paths.emplace_back(file + ".new");
  }
  return paths;
}

std::size_t pool_threads(const config::Configuration& settings) {
  return std::min(64U, settings.max_concurrent + settings.max_tests);
}

// Of a heal that runs on a full disk each commit takes some pages of the log: enough for dozens of them.
constexpr std::uint64_t ledger_reserve_bytes = 4 * 1024 * 1024;

// A lock that somebody holds for a moment may be gone by then; a disk that is full is not.
constexpr std::chrono::milliseconds patience_of_a_command{500};
// While a heal waits for a ledger that is elsewhere.
constexpr std::chrono::milliseconds place_is_looked_at_every{200};
// Service managers give 90 s to end before they kill. What still runs then is left to the next process.
constexpr std::chrono::seconds longest_wait_at_the_end{80};

// An effect on this thread was told to end before it was done.
thread_local bool was_cut_short = false;

}  // namespace

class Healer::Policy final : public workflows::HealPolicy {
 public:
  explicit Policy(const Healer& healer) : healer_(healer) {}
  [[nodiscard]] workflows::Today today(const std::string& engine, const std::string& principal) const override {
    return healer_.today(engine, principal);
  }
  [[nodiscard]] std::string role_of(const std::string& principal) const override {
    return std::string(name_of(healer_.role_of(principal)));
  }
  [[nodiscard]] bool may_change(const std::string& principal) const override {
    return allows(healer_.role_of(principal), workflows::Permission::heal);
  }
  [[nodiscard]] std::optional<workflows::Adopted> adopted(const std::string& engine) const override {
    const std::lock_guard lock(healer_.standing_mutex_);
    const auto found = healer_.adopted_.find(engine);
    return found == healer_.adopted_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  const Healer& healer_;
};

class Healer::Scheduling final : public workflows::HealScheduling {
 public:
  explicit Scheduling(Healer& healer) : healer_(healer) {}
  void run(std::function<void()> job) override { healer_.run_on_pool(std::move(job)); }
  void run_in_turn(const std::string& heal, std::function<void()> job) override {
    asio::dispatch(healer_.loop_, [this, heal, job = std::move(job)]() mutable {
      healer_.trigger_->in_turn(heal, [this, job = std::move(job)]() mutable { run(std::move(job)); });
    });
  }
  bool run_later(const std::string& heal, Duration time, std::function<void()> job) override {
    healer_.run_later(heal, time, std::move(job));
    return true;
  }
  bool wait(Duration time) override { return healer_.wait(time); }
  workflows::GoOn until_recordable() override { return healer_.until_recordable(); }

 private:
  Healer& healer_;
};

// Knows which ended heals' displaced files are looked after at this moment.
class Healer::Settling final : public engine::EffectPerformer<workflows::Heal> {
 public:
  explicit Settling(Healer& healer) : healer_(healer) {}
  void perform(const std::string& stream, const workflows::HealEffect& effect, Done done) override {
    if (!std::holds_alternative<workflows::Settle>(effect))
      return healer_.heal_effects_->perform(stream, effect, std::move(done));
    ++healer_.settling_;
    healer_.heal_effects_->perform(stream, effect, [this, stream, done = std::move(done)](workflows::HealInput input) {
      asio::post(healer_.loop_, [this, stream, kept = std::get<workflows::Settled>(input).kept]() mutable {
        kept.empty() ? healer_.one_is_settled() : healer_.settled(stream, std::move(kept));
      });
      done(std::move(input));
    });
  }

 private:
  Healer& healer_;
};

Healer::Healer(ConfigurationPtr configuration, Console& console)
    : configuration_(std::move(configuration)), console_(console), mask_(configuration_->settings.secrets) {}

Healer::~Healer() {
  {
    const std::lock_guard lock(stopping_mutex_);
    stopping_ = true;
  }
  stopping_changed_.notify_all();
  if (pool_) pool_->join();  // what is under way ends first; copies of before-images become durable
  const bool in_place = ledger_ && ledger_->problem_of_place().empty();
  if (checkpoints_ && in_place && !runtime_->runner().failure()) checkpoints_->sign_last();
}

Result<std::unique_ptr<Healer>> Healer::open(const LoadedConfiguration& configuration, Console& console) {
  std::unique_ptr<Healer> healer(new Healer(ConfigurationPtr(ConfigurationPtr(), &configuration), console));
  AUTOHEAL_TRY(healer->assemble());
  return healer;
}

Result<std::unique_ptr<Healer>> Healer::open(const std::shared_ptr<LoadedConfiguration>& configuration,
                                             Console& console) {
  std::unique_ptr<Healer> healer(new Healer(configuration, console));
  AUTOHEAL_TRY(healer->assemble());
  configuration->baselines.clear();
  return healer;
}

Result<void> Healer::assemble() {
  const config::Configuration& settings = configuration_->settings;
  if (auto elsewhere = daemon_without_ledger(settings.ledger)) return std::unexpected(std::move(*elsewhere));
  auto pool = JobThreads::start(pool_threads(settings));
  AUTOHEAL_TRY(pool);
  pool_ = std::move(*pool);
  auto ledger = store::SqliteLedger::open(settings.ledger, {.ids = ids_, .reserve_bytes = ledger_reserve_bytes});
  AUTOHEAL_TRY(ledger);
  ledger_ = std::move(*ledger);
  auto vault = store::Vault::open(settings.ledger + ".vault", {.max_blob_bytes = settings.vault_max_blob_bytes},
                                  store::VaultAccess::create);
  AUTOHEAL_TRY(vault);
  vault_ = std::move(*vault);
  ledger_->place().remember(settings.ledger + ".vault", "ledger's vault");
  host_ = std::make_unique<host::RealHost>(
      host::RealHostOptions{.blobs = *vault_,
                            .own_files = files_of_ledger(settings),
                            .at_step = {},
                            .program = configuration_->program,
                            .own_changes = &own_changes_,
                            .own_orders = &own_orders_,
                            .before_change = [this] { return until_recordable() != workflows::GoOn::no_more; }});
  auto runtime = engine::Runtime::create(loop_.get_executor(), {*ledger_, *vault_, clock_, ids_});
  AUTOHEAL_TRY(runtime);
  runtime_ = std::move(*runtime);
  if (auto loaded = load_standing(); !loaded) return loaded;
  if (auto assembled = assemble_checkpoints(); !assembled) return assembled;
  policy_ = std::make_unique<Policy>(*this);
  scheduling_ = std::make_unique<Scheduling>(*this);
  surroundings_ = std::make_unique<workflows::HealSurroundings>(
      workflows::HealSurroundings{.host = *host_,
                                  .blobs = *vault_,
                                  .clock = clock_,
                                  .policy = *policy_,
                                  .secrets = secrets_,
                                  .scheduling = *scheduling_,
                                  .ledger_id = ledger_->id(),
                                  .program_version = version,
                                  .program_sha256 = sha256_of_this_program(),
                                  .tests_at_once = settings.max_tests});
  return assemble_workflows();
}

Result<void> Healer::assemble_checkpoints() {
  auto checkpoints =
      Checkpoints::create(configuration_->settings.ledger,
                          {.loop = loop_.get_executor(),
                           .pool = pool_->executor(),
                           .clock = clock_,
                           .randomness = randomness_,
                           .ledger = *ledger_,
                           .host = *host_,
                           .settings = [this] { return configuration()->settings.checkpoints; },
                           .tell = [this](const std::string& sentence) { console_.note(mask_(sentence)); }});
  AUTOHEAL_TRY(checkpoints);
  checkpoints_ = std::move(*checkpoints);
  return {};
}

Result<void> Healer::assemble_workflows() {
  const config::Configuration& settings = configuration_->settings;
  heal_effects_ = std::make_unique<workflows::HealEffects>(*surroundings_);
  if (auto kept = keep_configuration(configuration_); !kept) return kept;
  const auto find = [this](const std::string& name) { return find_engine(name); };
  trigger_ = std::make_unique<workflows::AutoHealTrigger>(
      *runtime_, clock_, find, workflows::TriggerSettings{settings.max_concurrent, settings.healing.enabled});
  trigger_->hooks = trigger_hooks();
  self_test_effects_ = std::make_unique<workflows::SelfTestEffects>(*surroundings_, *runtime_, *trigger_, find);
  bus_ = std::make_unique<workflows::GenesisBus>(
      runtime_->runner(), *ledger_, *vault_, [this](std::function<void()> job) { asio::post(loop_, std::move(job)); });
  settling_effects_ = std::make_unique<Settling>(*this);
  runtime_->register_workflow<workflows::Heal>(*settling_effects_);
  runtime_->register_workflow<workflows::SelfTest>(*self_test_effects_, "selftest/");
  watch_the_runner();
  return {};
}

void Healer::watch_the_runner() {
  runtime_->runner().hooks.stopped = [this](const Error& error) {
    console_.error(error, exit_internal);
    stop(exit_internal);
  };
  runtime_->runner().hooks.unavailable = [this](const std::string& why) {
    look_at_place();
    const std::string before = std::exchange(not_recorded_because_, mask_(why));
    if (before != not_recorded_because_ && !is_command_ && ledger_elsewhere_.empty())
      console_.note("autoheal: nothing can be recorded now: " + not_recorded_because_);
    if (before.empty() && is_command_) wait_for_the_ledger();
    end_if_closed();
  };
  runtime_->runner().hooks.committed = [this](engine::Position) {
    if (std::exchange(not_recorded_because_, {}).empty()) return;
    patience_.cancel();
    if (!is_command_) console_.note("autoheal: recording goes on");
  };
  runtime_->runner().hooks.waits = [this](const std::string& heal) { trigger_->pause(heal); };
  runtime_->runner().hooks.outcome_counts = [] { return !was_cut_short; };
  runtime_->runner().hooks.set_aside = [this](const std::string& stream, const Error& error) {
    console_.note("autoheal: " + stream + " is set aside: " + mask_(error.message) +
                  (error.hint.empty() ? "" : "; " + error.hint));
    set_aside_.push_back(stream);
  };
  runtime_->after_turn = [this] {
    bus_->pump();
    checkpoints_->committed();
    if (progress) console_.progress(progress());
    end_if_closed();
  };
}

// What a command has begun is left open then, as where the process ends by itself; the next one goes on with it.
void Healer::wait_for_the_ledger() {
  patience_.expires_after(patience_of_a_command);
  patience_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled || closing_) return;
    console_.end_progress();
    console_.error({ErrorKind::unavailable, "nothing can be recorded: " + not_recorded_because_,
                    "make room for the ledger, or let go of it; `autoheal doctor` says more"},
                   exit_busy);
    stop(exit_busy);
  });
}

Result<void> Healer::keep_configuration(const ConfigurationPtr& configuration) {
  for (const auto& [name, content] : configuration->baselines) {
    AUTOHEAL_TRY(vault_->put(content, engine::BlobNaming::plain));
  }
  learn_secrets(configuration->settings, mask_);
  std::map<std::string, workflows::EngineToHeal> engines;
  for (const workflows::EngineSpec& spec : configuration->settings.engines) {
    auto name = vault_->put(workflows::encode_engine_spec(spec), engine::BlobNaming::plain);
    AUTOHEAL_TRY(name);
    const std::shared_ptr<const workflows::EngineSpec> shared(configuration, &spec);  // no copy: there may be many
    heal_effects_->remember(*name, shared);
    engines[spec.name] = {shared, *name};
  }
  const std::lock_guard lock(standing_mutex_);
  engines_ = std::move(engines);
  return {};
}

Result<void> Healer::reload(const std::shared_ptr<LoadedConfiguration>& configuration) {
  const config::Configuration& next = configuration->settings;
  if (next.ledger != configuration_->settings.ledger) {
    return failure(ErrorKind::invalid, "another ledger (" + next.ledger + ") needs another start",
                   "stop the daemon and start it again, or leave `ledger:` as it was");
  }
  if (auto kept = keep_configuration(configuration); !kept) return kept;
  configuration->baselines.clear();
  mask_.set_rules(next.secrets);
  trigger_->set({next.max_concurrent, next.healing.enabled});
  const std::lock_guard lock(standing_mutex_);
  configuration_ = configuration;
  return {};
}

ConfigurationPtr Healer::configuration() const {
  const std::lock_guard lock(standing_mutex_);
  return configuration_;
}

std::optional<workflows::EngineToHeal> Healer::find_engine(const std::string& name) const {
  const std::lock_guard lock(standing_mutex_);
  const auto found = engines_.find(name);
  return found == engines_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<workflows::Hold> Healer::hold_on(const std::string& engine) const {
  const std::lock_guard lock(standing_mutex_);
  return holds_.of(engine, clock_.now());
}

workflows::Today Healer::today(const std::string& engine, const std::string& principal) const {
  workflows::Today today;
  today.may_change = allows(role_of(principal), workflows::Permission::heal);
  const auto current = configuration();
  const auto found = find_engine(engine);
  if (!found) {
    today.must_end = workflows::EndReason::engine_removed;
  } else if (!current->settings.healing.enabled || !found->spec->healing.enabled) {
    today.must_end = workflows::EndReason::disabled;
  } else if (hold_on(engine)) {
    today.must_end = workflows::EndReason::held;
  }
  return today;
}

workflows::Role Healer::role_of(const std::string& principal) const {
  return configuration()->settings.principals.role_of(principal);
}

workflows::TriggerHooks Healer::trigger_hooks() {
  workflows::TriggerHooks hooks;
  hooks.hold_on = [this](const std::string& engine) { return hold_on(engine); };
  hooks.test = [this](workflows::EngineToHeal engine) -> asio::awaitable<workflows::TestReport> {
    return on_pool([this, spec = engine.spec] {
      return workflows::test_when_written(*surroundings_, *spec, ledger_->id() + "/selftest/" + spec->name + "/0");
    });
  };
  hooks.held_back = [this](workflows::EngineToHeal engine) -> asio::awaitable<std::string> {
    return on_pool([this, spec = engine.spec] { return workflows::held_back_service(*host_, *spec); });
  };
  hooks.would_have = [this](workflows::EngineToHeal engine) -> asio::awaitable<std::string> {
    const bool may = allows(role_of(configuration()->settings.principals.actor), workflows::Permission::heal);
    return on_pool([this, may, spec = engine.spec] {
      std::optional<workflows::AdoptedBaseline> adopted;
      if (auto found = policy_->adopted(spec->name)) adopted = std::move(found->baseline);
      auto preview = workflows::preview_plan(*host_, *vault_, *spec, adopted, may,
                                             ledger_->id() + "/observe/" + spec->name + "/0");
      if (!preview) return workflows::no_preview(mask_(preview.error().message));
      for (workflows::Refusal& refusal : preview->refusals) refusal.reason = mask_(refusal.reason);
      return workflows::to_json(*preview);
    });
  };
  return hooks;
}

Result<void> Healer::load_standing() {
  auto holds = workflows::holds_in(*ledger_);
  AUTOHEAL_TRY(holds);
  auto adopted = workflows::adopted_baselines(*ledger_, *vault_);
  const std::lock_guard lock(standing_mutex_);
  holds_ = std::move(*holds);
  if (adopted) adopted_ = std::move(*adopted);
  return {};
}

asio::awaitable<Result<void>> Healer::record(engine::NewEntry entry) {
  auto data = engine::shorten(*vault_, std::move(entry.data));
  AUTOHEAL_CO_TRY(data);
  entry.data = std::move(*data);
  const bool standing = entry.type.starts_with("engine.") || entry.type == "baseline.adopted";
  const auto status = co_await runtime_->append("ledger", std::move(entry));
  if (status != engine::AppendStatus::ok)
    co_return failure(ErrorKind::unavailable, "the ledger could not be written", "autoheal doctor");
  if (standing) co_return load_standing();
  co_return Result<void>();
}

asio::awaitable<Result<void>> Healer::recover() {
  AUTOHEAL_CO_TRY(co_await runtime_->recover_in_turns());
  const auto open = ledger_->open_streams();
  AUTOHEAL_CO_TRY(open);
  for (const std::string& stream : *open) {
    if (runtime_->runner().state<workflows::Heal>(stream) != nullptr) recovered_.push_back(stream);
  }
  trigger_->adopt_recovered(recovered_);
  co_return Result<void>();
}

asio::awaitable<void> Healer::until_recovered() {
  if (recovering_) (void)co_await recovered_now_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> Healer::finish_recovered() {
  for (const std::string& heal : recovered_) {
    const auto* state = runtime_->runner().state<workflows::Heal>(heal);
    if (state == nullptr) continue;  // it ended while an earlier one was waited for
    co_await trigger_->wait_for(state->engine, heal);
  }
  for (const std::string& heal : recovered_) {
    if (auto result = result_of_ended(heal)) recovered_results_.push_back(std::move(*result));
  }
}

std::optional<workflows::HealResult> Healer::result_of_ended(const std::string& heal) const {
  const auto timeline = replay::timeline_of(heal, *ledger_, *vault_);
  if (!timeline) return std::nullopt;
  return workflows::result_of(timeline->state, heal);
}

int Healer::run(std::function<asio::awaitable<int>()> task) {
  is_command_ = true;
  asio::signal_set signals(loop_, SIGINT, SIGTERM);
  signals.async_wait([this, &signals](boost::system::error_code error, int number) {
    if (error) return;
    signals.clear();  // a second one ends the process at once
    stop(number == SIGINT ? exit_interrupted : exit_terminated);
  });
  return run_until_done([this, task = std::move(task)]() -> asio::awaitable<void> {
    const int code = co_await task();
    co_await finish_recovered();
    co_await until_settled();
    if (closing_) co_return;
    exit_code_ = code;
    loop_.stop();
  });
}

int Healer::serve(std::function<asio::awaitable<void>()> task) { return run_until_done(std::move(task)); }

int Healer::run_until_done(std::function<asio::awaitable<void>()> task) {
  asio::co_spawn(loop_, begin(std::move(task)), asio::detached);
  loop_.run();
  console_.end_progress();
  return exit_code_;
}

asio::awaitable<void> Healer::begin(std::function<asio::awaitable<void>()> task) {
  const auto recovered = co_await recover();
  if (!recovered) {
    console_.error(recovered.error(), exit_code_of(recovered.error().kind));
    co_return stop(exit_code_of(recovered.error().kind));
  }
  recovering_ = false;
  recovered_now_.cancel();
  asio::co_spawn(loop_, settle_left(), asio::detached);
  asio::co_spawn(loop_, std::move(task), asio::detached);
  asio::co_spawn(loop_, finish_archiving(), asio::detached);
}

// A crash may have left rows that an archive holds.
asio::awaitable<void> Healer::finish_archiving() {
  const auto dropped = co_await drop_archived_rows({*ledger_, loop_, archived_step});
  if (!dropped) console_.note("autoheal: archived entries are still in the ledger: " + mask_(dropped.error().message));
}

asio::awaitable<Result<workflows::HealState>> Healer::roll_back_again(std::string heal, workflows::By by) {
  using Outcome = Result<workflows::HealState>;
  if (archiving)
    co_return Outcome(failure(ErrorKind::busy, "entries are being archived at this moment", "try again later"));
  const auto before = replay::timeline_of(heal, *ledger_, *vault_);
  if (!before) co_return Outcome(std::unexpected(before.error()));
  const bool left = std::ranges::any_of(before->state.undone, [](const auto& item) {
    return item.second.status == workflows::UndoStatus::foreign || item.second.status == workflows::UndoStatus::failed;
  });
  if (before->state.phase != workflows::Phase::exhausted || !left) {
    co_return Outcome(failure(ErrorKind::failed, "heal " + heal + " left nothing that could be rolled back",
                              "autoheal show " + heal));
  }
  const auto begun = co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<std::string>)>(
      [this, &heal, &by](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        runtime_->runner().revive<workflows::Heal>(
            heal, workflows::RollBackAgain{by}, [this, shared](Result<std::string> stream) {
              asio::dispatch(loop_, [shared, stream = std::move(stream)]() mutable { (*shared)(std::move(stream)); });
            });
      },
      asio::use_awaitable);
  if (!begun) co_return Outcome(std::unexpected(begun.error()));
  co_return co_await runtime_->finished<workflows::Heal>(heal);
}

Result<void> Healer::copy_snapshot(const workflows::EngineSpec& spec, const workflows::StateRepair& state) {
  return host_->copy_snapshot(spec, state, ledger_->id() + "/serve/" + spec.name + "/0", clock_.now());
}

std::vector<std::filesystem::path> Healer::own_files() const { return files_of_ledger(configuration()->settings); }

bool Healer::wait(Duration time) {
  std::unique_lock lock(stopping_mutex_);
  const bool stopped = stopping_changed_.wait_for(lock, time, [this] { return stopping_; });
  was_cut_short = was_cut_short || stopped;
  return !stopped;
}

// A wait is no effect under way: where the process ends meanwhile, the next one asks anew.
void Healer::run_later(const std::string& heal, Duration time, std::function<void()> job) {
  asio::post(loop_, [this, heal, time, job = std::move(job)] {
    if (!runtime_->runner().is_resumed_alone(heal)) trigger_->pause(heal);
    auto timer = std::make_shared<asio::steady_timer>(loop_, time);
    timer->async_wait([this, timer, job](boost::system::error_code cancelled) {
      if (!cancelled && !closing_) run_on_pool(job);
    });
  });
}

void Healer::look_at_place() {
  const std::string before = std::exchange(ledger_elsewhere_, mask_(ledger_->problem_of_place()));
  if (before == ledger_elsewhere_) return;
  if (ledger_elsewhere_.empty()) {
    if (not_recorded_because_ == before) not_recorded_because_.clear();
    patience_.cancel();
    console_.note("autoheal: the ledger is in its place again: healing goes on");
  } else {
    console_.note("autoheal: nothing is healed: " + ledger_elsewhere_);
    if (is_command_) {
      not_recorded_because_ = ledger_elsewhere_;
      wait_for_the_ledger();
    }
  }
  if (place_changed) place_changed();
}

workflows::GoOn Healer::until_recordable() {
  auto go_on = workflows::GoOn::at_once;
  while (!ledger_->place().problem().empty()) {
    if (go_on == workflows::GoOn::at_once) asio::post(loop_, [this] { look_at_place(); });
    go_on = workflows::GoOn::after_a_wait;
    if (!wait(place_is_looked_at_every)) return workflows::GoOn::no_more;
  }
  return go_on;
}

void Healer::run_on_pool(std::function<void()> job) {
  ++jobs_;
  asio::post(pool_->executor(), [this, job = std::move(job)] {
    was_cut_short = false;
    job();
    asio::post(loop_, [this] {  // after the turn that its outcome asked for
      --jobs_;
      end_if_closed();
    });
  });
}

void Healer::stop(int exit_code) {
  {
    const std::lock_guard lock(stopping_mutex_);
    stopping_ = true;
  }
  stopping_changed_.notify_all();
  exit_code_ = exit_code;
  asio::post(loop_, [this] { close(); });
}

void Healer::close() {
  if (std::exchange(closing_, true)) return;
  runtime_->runner().close({workflows::heal_announcements.begin(), workflows::heal_announcements.end()});
  longest_end_.expires_after(longest_wait_at_the_end);
  longest_end_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled) return;
    console_.note("autoheal: what runs is not waited for any longer: the next process finds out what came of it");
    std::cout.flush();
    std::_Exit(exit_code_);
  });
  end_if_closed();
}

// Once every effect is done, and what came of it is recorded as far as it can be.
void Healer::end_if_closed() {
  if (!closing_ || jobs_ > 0) return;
  if (runtime_->runner().has_uncommitted() && not_recorded_because_.empty()) return;
  asio::post(loop_, [this] { loop_.stop(); });  // what was told waits in it
}

}  // namespace autoheal::cli
