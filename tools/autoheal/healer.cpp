#include "tools/autoheal/healer.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "replay/timeline.hpp"
#include "tools/autoheal/exit_code.hpp"
#include "tools/autoheal/version.hpp"
#include "workflows/adopted_baseline.hpp"
#include "workflows/engine_spec_codec.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

std::vector<std::filesystem::path> own_files(const std::string& ledger) {
  std::vector<std::filesystem::path> paths;
  for (const char* ending : {"", "-wal", "-shm", "-journal", ".lock", ".new", ".key", ".signed", ".sock", ".vault"})
    paths.emplace_back(ledger + ending);
  return paths;
}

std::size_t pool_threads(const config::Configuration& settings) {
  return std::min(64U, settings.max_concurrent + settings.max_tests);
}

}  // namespace

Healer::Healer(const LoadedConfiguration& configuration, Console& console)
    : configuration_(configuration),
      console_(console),
      pool_(pool_threads(configuration.settings)),
      mask_(configuration.settings.secrets) {}

Healer::~Healer() {
  {
    const std::lock_guard lock(stopping_mutex_);
    stopping_ = true;
  }
  stopping_changed_.notify_all();
  pool_.join();  // what is under way ends first; copies of before-images become durable
}

Result<std::unique_ptr<Healer>> Healer::open(const LoadedConfiguration& configuration, Console& console) {
  std::unique_ptr<Healer> healer(new Healer(configuration, console));
  if (auto assembled = healer->assemble(); !assembled) return std::unexpected(std::move(assembled.error()));
  return healer;
}

Result<void> Healer::assemble() {
  const config::Configuration& settings = configuration_.settings;
  auto ledger = store::SqliteLedger::open(settings.ledger, {.ids = ids_});
  if (!ledger) return std::unexpected(std::move(ledger.error()));
  ledger_ = std::move(*ledger);
  auto vault = store::Vault::open(settings.ledger + ".vault", {.max_blob_bytes = settings.vault_max_blob_bytes},
                                  store::VaultAccess::create);
  if (!vault) return std::unexpected(std::move(vault.error()));
  vault_ = std::move(*vault);
  host_ = std::make_unique<host::RealHost>(host::RealHostOptions{
      .blobs = *vault_, .own_files = own_files(settings.ledger), .at_step = {}, .program = configuration_.program});
  auto runtime = engine::Runtime::create(loop_.get_executor(), {*ledger_, *vault_, clock_, ids_});
  if (!runtime) return std::unexpected(std::move(runtime.error()));
  runtime_ = std::move(*runtime);
  load_adopted();
  surroundings_ = std::make_unique<workflows::HealSurroundings>(make_surroundings());
  heal_effects_ = std::make_unique<workflows::HealEffects>(*surroundings_);
  if (auto kept = keep_configuration(); !kept) return kept;
  const auto find = [this](const std::string& name) -> std::optional<workflows::EngineToHeal> {
    const auto found = engines_.find(name);
    return found == engines_.end() ? std::nullopt : std::optional(found->second);
  };
  trigger_ = std::make_unique<workflows::AutoHealTrigger>(
      *runtime_, clock_, find, workflows::TriggerSettings{settings.max_concurrent, settings.healing.enabled});
  self_test_effects_ = std::make_unique<workflows::SelfTestEffects>(*surroundings_, *runtime_, *trigger_, find);
  bus_ = std::make_unique<workflows::GenesisBus>(
      runtime_->runner(), *ledger_, *vault_, [this](std::function<void()> job) { asio::post(loop_, std::move(job)); });
  runtime_->register_workflow<workflows::Heal>(*heal_effects_);
  runtime_->register_workflow<workflows::SelfTest>(*self_test_effects_, "selftest/");
  runtime_->runner().hooks.stopped = [this](const Error& error) {
    console_.error(error, exit_internal);
    stop(exit_internal);
  };
  runtime_->runner().hooks.unavailable = [this, told = std::string()](const std::string& why) mutable {
    if (std::exchange(told, why) != why) console_.note("autoheal: waiting, since nothing can be recorded now: " + why);
  };
  runtime_->runner().hooks.set_aside = [this](const std::string& stream, const Error& error) {
    console_.note("autoheal: " + stream + " is set aside: " + error.message);
  };
  runtime_->after_turn = [this] {
    bus_->pump();
    if (progress) console_.progress(progress());
  };
  return {};
}

Result<void> Healer::keep_configuration() {
  for (const auto& [name, content] : configuration_.baselines) {
    if (auto kept = vault_->put(content, engine::BlobNaming::plain); !kept)
      return std::unexpected(std::move(kept.error()));
  }
  for (const workflows::EngineSpec& spec : configuration_.settings.engines) {
    auto name = vault_->put(workflows::encode_engine_spec(spec), engine::BlobNaming::plain);
    if (!name) return std::unexpected(std::move(name.error()));
    auto shared = std::make_shared<const workflows::EngineSpec>(spec);
    heal_effects_->remember(*name, shared);
    engines_[spec.name] = {shared, *name};
  }
  return {};
}

workflows::HealSurroundings Healer::make_surroundings() {
  const config::Configuration& settings = configuration_.settings;
  return {
      .host = *host_,
      .blobs = *vault_,
      .ledger_id = ledger_->id(),
      .program_version = version,
      .program_sha256 = configuration_.program_sha256,
      .tests_at_once = settings.max_tests,
      .pool = [this](std::function<void()> job) { asio::post(pool_, std::move(job)); },
      .today =
          [this](const std::string& engine, const std::string& principal) {
            const auto* spec = configuration_.find(engine);
            workflows::Today today;
            today.may_change = surroundings_->may_change(principal);
            if (spec == nullptr) {
              today.must_end = workflows::EndReason::engine_removed;
            } else if (!configuration_.settings.healing.enabled || !spec->healing.enabled) {
              today.must_end = workflows::EndReason::disabled;
            }
            return today;
          },
      .role_of =
          [&settings](const std::string& principal) {
            return std::string(name_of(settings.principals.role_of(principal)));
          },
      .may_change =
          [&settings](const std::string& principal) {
            return allows(settings.principals.role_of(principal), workflows::Permission::heal);
          },
      .adopted = [this](const std::string& engine) -> std::optional<workflows::Adopted> {
        const auto found = adopted_.find(engine);
        return found == adopted_.end() ? std::nullopt : std::optional(found->second);
      },
      .mask = [this](std::string_view text) { return mask_(text); },
      .learn_secret = [this](const std::string& secret) { mask_.learn(secret); },
      .since_boot = [this] { return clock_.since_boot(); },
      .wait = [this](Duration time) { return wait(time); },
  };
}

void Healer::load_adopted() {
  if (auto adopted = workflows::adopted_baselines(*ledger_, *vault_)) adopted_ = std::move(*adopted);
}

Result<void> Healer::recover() {
  if (auto count = runtime_->recover(); !count) return std::unexpected(std::move(count.error()));
  const auto open = ledger_->open_streams();
  if (!open) return std::unexpected(open.error());
  for (const std::string& stream : *open) {
    if (runtime_->runner().state<workflows::Heal>(stream) != nullptr) recovered_.push_back(stream);
  }
  trigger_->adopt_recovered(recovered_);
  return {};
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
  asio::signal_set signals(loop_, SIGINT, SIGTERM);
  signals.async_wait([this](boost::system::error_code error, int number) {
    if (!error) stop(number == SIGINT ? exit_interrupted : exit_terminated);
  });
  if (auto recovered = recover(); !recovered) {
    console_.error(recovered.error(), exit_code_of(recovered.error().kind));
    return exit_code_of(recovered.error().kind);
  }
  asio::co_spawn(
      loop_,
      [this, task = std::move(task)]() -> asio::awaitable<void> {
        const int code = co_await task();
        co_await finish_recovered();
        exit_code_ = code;
        loop_.stop();
      },
      asio::detached);
  loop_.run();
  console_.end_progress();
  return exit_code_;
}

asio::awaitable<Result<workflows::HealState>> Healer::roll_back_again(std::string heal, workflows::By by) {
  using Outcome = Result<workflows::HealState>;
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

bool Healer::wait(Duration time) {
  std::unique_lock lock(stopping_mutex_);
  return !stopping_changed_.wait_for(lock, time, [this] { return stopping_; });
}

void Healer::stop(int exit_code) {
  {
    const std::lock_guard lock(stopping_mutex_);
    stopping_ = true;
  }
  stopping_changed_.notify_all();
  exit_code_ = exit_code;
  loop_.stop();
}

}  // namespace autoheal::cli
