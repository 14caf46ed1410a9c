// Performs a heal's effects as the real performer does, but for the bug that is planted in it.
#pragma once

#include "autoheal/workflows/effects/heal_effects.hpp"
#include "tests/simulation/planted.hpp"

namespace autoheal::simulation {

class FaultyEffects final : public engine::EffectPerformer<workflows::Heal> {
 public:
  FaultyEffects(workflows::HealEffects& real, Planted planted) : real_(real), planted_(planted) {}

  void perform(const std::string& stream, const workflows::HealEffect& effect, Done done) override {
    using namespace workflows;
    if (const auto* restore = std::get_if<RestoreChanges>(&effect);
        restore != nullptr && planted_ == Planted::rollback_forgotten)
      return done(UndoDone{pretended(*restore)});
    if (const auto* act = std::get_if<PerformAct>(&effect); act != nullptr && planted_ == Planted::effect_twice)
      real_.perform(stream, *act, [](HealInput) {});
    if (const auto* recheck = std::get_if<Recheck>(&effect);
        recheck != nullptr && planted_ == Planted::repeated_after_restart && recheck->interrupted != 0 &&
        recheck->interrupted > recheck->plan->changes.size()) {
      const EffectContext& context = *recheck;
      real_.perform(stream, PerformAct{context, recheck->interrupted}, [](HealInput) {});
    }
    if (const auto* act = std::get_if<PerformAct>(&effect); act != nullptr && planted_ == Planted::restart_undone) {
      return real_.perform(stream, effect, [this, stream, again = *act, done = std::move(done)](HealInput input) {
        const auto* ended = std::get_if<ActDone>(&input);
        if (ended != nullptr && ended->outcome.status != ChangeStatus::done)
          real_.perform(stream, again, [](HealInput) {});
        done(std::move(input));
      });
    }
    if (planted_ == Planted::refusals_left && std::holds_alternative<PerformUndo>(effect)) {
      return real_.perform(stream, effect, [done = std::move(done)](HealInput input) {
        if (auto* undone = std::get_if<UndoDone>(&input)) {
          for (UndoOutcome& one : undone->outcomes) {
            if (!one.message.empty()) one.status = UndoStatus::failed;  // it did not work, though nothing is left
          }
        }
        done(std::move(input));
      });
    }
    if (planted_ == Planted::outcome_lost && ++performed_ % 40 == 0)
      return real_.perform(stream, effect, [](HealInput) {});
    real_.perform(stream, effect, std::move(done));
  }

 private:
  static std::vector<workflows::UndoOutcome> pretended(const workflows::RestoreChanges& restore) {
    std::vector<workflows::UndoOutcome> outcomes;
    for (std::size_t index = restore.from; index < restore.to; ++index) {
      workflows::UndoOutcome& outcome = outcomes.emplace_back();
      outcome.number = static_cast<unsigned>(index + 1);
      outcome.status = workflows::UndoStatus::restored;
    }
    return outcomes;
  }

  workflows::HealEffects& real_;
  const Planted planted_;
  unsigned performed_ = 0;
};

}  // namespace autoheal::simulation
