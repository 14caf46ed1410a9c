// Performs a heal's effects through the host port: observes, applies, runs, gathers evidence, puts back. Decides
// nothing; every outcome goes back to the machine as its next input.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "autoheal/workflows/effects/act_performer.hpp"
#include "autoheal/workflows/effects/heal_surroundings.hpp"
#include "autoheal/workflows/heal/heal_machine.hpp"

namespace autoheal::workflows {

class HealEffects final : public engine::EffectPerformer<Heal> {
 public:
  explicit HealEffects(HealSurroundings surroundings) : at_(std::move(surroundings)) {}

  void perform(const std::string& stream, const HealEffect& effect, Done done) override;

  // The specification behind a name in the vault; read once, then kept. Thread-safe.
  [[nodiscard]] Result<std::shared_ptr<const EngineSpec>> specification(const BlobName& configuration);
  // Lets a specification be found without reading the vault. Thread-safe.
  void remember(const BlobName& configuration, std::shared_ptr<const EngineSpec> spec);

 private:
  using SpecPtr = std::shared_ptr<const EngineSpec>;

  // An effect under way. Between its looks it holds nothing but this.
  struct UnderWay;
  void go_on(const std::shared_ptr<UnderWay>& one);
  [[nodiscard]] bool pause(const std::shared_ptr<UnderWay>& one);
  static void give_up(UnderWay& one);

  // Nothing: it is to be called once more, after the pause that it asked for.
  std::optional<HealInput> outcome_of(UnderWay& one, const Observe& effect);
  std::optional<HealInput> outcome_of(UnderWay& one, const Certify& effect);
  template <class Effect>
  std::optional<HealInput> outcome_of(UnderWay& one, const Effect& effect);
  HealInput outcome_of(const std::string& heal, const ApplyChanges& effect);
  HealInput outcome_of(const std::string& heal, const CaptureForUndo& effect);
  HealInput outcome_of(const std::string& heal, const PerformAct& effect);
  HealInput outcome_of(const std::string& heal, const RestoreChanges& effect);
  HealInput outcome_of(const std::string& heal, const PerformUndo& effect);
  HealInput outcome_of(const std::string& heal, const Recheck& effect);
  HealInput outcome_of(const std::string& heal, const Settle& effect);

  [[nodiscard]] std::optional<HealInput> performed(UnderWay& one);
  [[nodiscard]] EffectMark mark(const std::string& heal, unsigned start, unsigned number) const;
  std::optional<Result<Observation>> observe(UnderWay& one, const Observe& effect, const EffectMark& mark,
                                             Observed& observed);
  Result<void> read_contents(const EngineSpec& spec, const Observation& observation, Contents& contents);

  HealSurroundings at_;
  ActPerformer acts_{at_};
  std::mutex specs_mutex_;
  std::map<BlobName, SpecPtr> specs_;
};

}  // namespace autoheal::workflows
