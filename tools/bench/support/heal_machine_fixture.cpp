#include "tools/bench/support/heal_machine_fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "autoheal/workflows/plan/engine_spec_codec.hpp"

namespace autoheal::bench {

namespace asio = boost::asio;

class HealMachineFixture::Performer final : public engine::EffectPerformer<workflows::Heal> {
 public:
  Performer(workflows::HealEffects& effects, LetsThrough lets_through)
      : effects_(effects), lets_through_(std::move(lets_through)) {}

  void perform(const std::string& stream, const workflows::HealEffect& effect, Done done) override {
    if (!lets_through_ || lets_through_(stream, effect)) effects_.perform(stream, effect, std::move(done));
  }

 private:
  workflows::HealEffects& effects_;
  LetsThrough lets_through_;
};

HealMachineFixture::HealMachineFixture() = default;

void HealMachineFixture::Scheduling::run(std::function<void()> job) { asio::post(pool, std::move(job)); }

Result<std::unique_ptr<HealMachineFixture>> HealMachineFixture::open(const std::filesystem::path& folder,
                                                                     const MakeHost& make_host, unsigned callers,
                                                                     bool keep_tree, LetsThrough lets_through) {
  std::unique_ptr<HealMachineFixture> fixture(new HealMachineFixture);
  AUTOHEAL_TRY(fixture->assemble(folder, make_host, callers, keep_tree, std::move(lets_through)));
  return fixture;
}

HealMachineFixture::~HealMachineFixture() { scheduling_.pool.join(); }

Result<void> HealMachineFixture::assemble(const std::filesystem::path& folder, const MakeHost& make_host,
                                          unsigned callers, bool keep_tree, LetsThrough lets_through) {
  auto ledger = store::SqliteLedger::open(folder / "ledger.db", {.ids = ids_, .keep_tree = keep_tree});
  AUTOHEAL_TRY(ledger);
  ledger_ = std::move(*ledger);
  auto vault = store::Vault::open(folder / "ledger.db.vault", {}, store::VaultAccess::create);
  AUTOHEAL_TRY(vault);
  vault_ = std::move(*vault);
  host_ = make_host(*vault_);
  auto runtime = engine::Runtime::create(loop_.get_executor(), {*ledger_, *vault_, clock_, ids_});
  AUTOHEAL_TRY(runtime);
  runtime_ = std::move(*runtime);
  effects_ = std::make_unique<workflows::HealEffects>(workflows::HealSurroundings{
      .host = *host_,
      .blobs = *vault_,
      .clock = clock_,
      .policy = policy_,
      .secrets = secrets_,
      .scheduling = scheduling_,
      .ledger_id = ledger_->id(),
      .program_version = "bench",
      .program_sha256 = "sha256:bench",
      .tests_at_once = 1,
  });
  performer_ = std::make_unique<Performer>(*effects_, std::move(lets_through));
  runtime_->register_workflow<workflows::Heal>(*performer_);
  const auto find = [this](const std::string& name) -> std::optional<workflows::EngineToHeal> {
    return engines_.at(name);
  };
  trigger_ =
      std::make_unique<workflows::AutoHealTrigger>(*runtime_, clock_, find, workflows::TriggerSettings{callers, true});
  return {};
}

Result<void> HealMachineFixture::add_engine(workflows::EngineSpec spec) {
  auto name = vault_->put(workflows::encode_engine_spec(spec), engine::BlobNaming::plain);
  AUTOHEAL_TRY(name);
  auto shared = std::make_shared<const workflows::EngineSpec>(std::move(spec));
  effects_->remember(*name, shared);
  engines_[shared->name] = {shared, *name};
  return {};
}

Result<Measured> HealMachineFixture::heal(std::size_t callers, std::size_t count,
                                          const std::function<std::string(std::size_t caller)>& break_it) {
  Measured measured;
  measured.latencies_ms.reserve(count);
  std::size_t begun = 0;
  std::string problem;
  loop_.restart();
  const Duration start = clock_.since_boot();
  const auto caller_loop = [&](std::size_t caller) -> asio::awaitable<void> {
    while (begun < count && problem.empty()) {
      ++begun;
      const std::string engine = break_it(caller);
      const Duration began = clock_.since_boot();
      workflows::TestFailure failure;
      failure.error = "broken for the bench";
      workflows::By by;
      by.principal = "bench";
      by.role = "admiral";
      const workflows::HealResult result = co_await trigger_->heal_engine(engine, failure, by);
      if (result.ending != workflows::HealEnding::certified)
        problem = "a heal of " + engine + " was not certified: " + result.reason + result.error;
      measured.latencies_ms.push_back(static_cast<double>((clock_.since_boot() - began).count()) / 1000.0);
    }
  };
  for (std::size_t caller = 0; caller < callers; ++caller) asio::co_spawn(loop_, caller_loop(caller), asio::detached);
  // The timer of the runtime waits for ever: the loop is run until all heals are told.
  while (measured.latencies_ms.size() < begun || (begun < count && problem.empty())) loop_.run_one();
  measured.seconds = static_cast<double>((clock_.since_boot() - start).count()) / 1e6;
  if (!problem.empty()) return failure(ErrorKind::failed, problem);
  return measured;
}

void HealMachineFixture::begin_heals(const std::vector<std::string>& engines, const std::function<bool()>& until) {
  loop_.restart();
  const auto heal_it = [this](std::string engine) -> asio::awaitable<void> {
    workflows::TestFailure failure;
    failure.error = "broken for the bench";
    workflows::By by;
    by.principal = "bench";
    by.role = "admiral";
    (void)co_await trigger_->heal_engine(std::move(engine), std::move(failure), std::move(by));
  };
  for (const std::string& engine : engines) asio::co_spawn(loop_, heal_it(engine), asio::detached);
  while (!until()) loop_.run_one();
}

Result<std::size_t> HealMachineFixture::recover() {
  auto count = runtime_->recover();
  if (!count) return count;
  const auto open = ledger_->open_streams();
  AUTOHEAL_TRY(open);
  trigger_->adopt_recovered(*open);
  return count;
}

std::vector<workflows::HealResult> HealMachineFixture::finish_recovered() {
  std::vector<workflows::HealResult> results;
  trigger_->hooks.ended = [&](const workflows::HealResult& result) { results.push_back(result); };
  const std::size_t open = trigger_->open_heals().size();
  loop_.restart();
  while (results.size() < open) loop_.run_one();
  trigger_->hooks.ended = {};
  return results;
}

workflows::HealResult HealMachineFixture::heal_once(const std::string& engine, workflows::TestFailure failure,
                                                    workflows::By by) {
  std::optional<workflows::HealResult> result;
  loop_.restart();
  const auto heal_it = [&]() -> asio::awaitable<void> { result = co_await trigger_->heal_engine(engine, failure, by); };
  asio::co_spawn(loop_, heal_it(), asio::detached);
  while (!result) loop_.run_one();
  return *result;
}

}  // namespace autoheal::bench
