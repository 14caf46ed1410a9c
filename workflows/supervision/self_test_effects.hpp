// Performs a self-test run's effects: tests engines on the pool, and hands what failed to the heal trigger.
#pragma once

#include "autoheal/workflows/effects/heal_surroundings.hpp"
#include "autoheal/workflows/supervision/auto_heal_trigger.hpp"
#include "autoheal/workflows/supervision/self_test.hpp"

namespace autoheal::workflows {

class SelfTestEffects final : public engine::EffectPerformer<SelfTest> {
 public:
  // All outlive the performer; perform() is called on the loop's thread.
  SelfTestEffects(const HealSurroundings& surroundings, engine::Runtime& runtime, AutoHealTrigger& trigger,
                  AutoHealTrigger::FindEngine find_engine)
      : at_(surroundings), runtime_(runtime), trigger_(trigger), find_engine_(std::move(find_engine)) {}

  void perform(const std::string& stream, const SelfTestEffect& effect, Done done) override;

 private:
  void test(const std::string& run, const TestEngine& effect, Done done);
  void heal(const HealEngine& effect, Done done);

  const HealSurroundings& at_;
  engine::Runtime& runtime_;
  AutoHealTrigger& trigger_;
  AutoHealTrigger::FindEngine find_engine_;
};

}  // namespace autoheal::workflows
