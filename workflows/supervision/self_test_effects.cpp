#include "autoheal/workflows/supervision/self_test_effects.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "autoheal/workflows/supervision/test_engine.hpp"

namespace autoheal::workflows {

namespace asio = boost::asio;

void SelfTestEffects::perform(const std::string& stream, const SelfTestEffect& effect, Done done) {
  if (const auto* one = std::get_if<TestEngine>(&effect)) return test(stream, *one, std::move(done));
  heal(std::get<HealEngine>(effect), std::move(done));
}

void SelfTestEffects::test(const std::string& run, const TestEngine& effect, Done done) {
  auto engine = find_engine_(effect.engine);
  if (!engine) {
    done(TestDone{{effect.engine, TestOutcome::unknown, "no engine of this name is configured", Duration{0}}});
    return;
  }
  at_.scheduling.run([this, run, spec = engine->spec, done = std::move(done)] {
    done(TestDone{test_when_written(at_, *spec, at_.ledger_id + "/" + run + "/" + spec->name + "/0").tested});
  });
}

void SelfTestEffects::heal(const HealEngine& effect, Done done) {
  asio::co_spawn(
      runtime_.executor(),
      [this, effect, done = std::move(done)]() -> asio::awaitable<void> {
        TestFailure failure;  // named: g++ 12 destroys braced temporaries of a co_await twice
        failure.error = effect.error;
        failure.failed_dependency = effect.failed_dependency;
        const HealResult result = co_await trigger_.heal_engine(effect.engine, std::move(failure), effect.by);
        done(HealDone{{effect.engine, outcome_of(result)}});
      },
      asio::detached);
}

}  // namespace autoheal::workflows
