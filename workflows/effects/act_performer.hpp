// Performs the acts of a plan, which are no changes of files: programs, services, builds, calls of a platform. Takes
// them back, too.
#pragma once

#include <memory>

#include "autoheal/workflows/effects/heal_surroundings.hpp"

namespace autoheal::workflows {

// Every operation blocks until the program or the call has ended, at most for its own timeout. Thread-safe.
class ActPerformer {
 public:
  using SpecPtr = std::shared_ptr<const EngineSpec>;

  // `at` outlives it.
  explicit ActPerformer(const HealSurroundings& at) : at_(at) {}

  // The output of the capture program of `act`, kept in the vault: what its undo puts back.
  [[nodiscard]] CaptureDone capture(const Act& act, unsigned number, const EffectMark& mark);
  // Fills in outcome and last lines. `act` as in the plan: its secrets are put back first.
  void perform(const EngineSpec& spec, Act act, const EffectMark& mark, ActDone& done);
  // Without a specification a program is still undone; what needs to know the engine is not.
  [[nodiscard]] UndoOutcome undo(const Result<SpecPtr>& spec, Act act, const PerformUndo& effect,
                                 const EffectMark& mark);

 private:
  void run_act(const EngineSpec& spec, const Act& act, const EffectMark& mark, ActDone& done);
  LastLines call_platform(const HttpCall& call, const std::string& key, ChangeOutcome& outcome);
  void run_undo(const Result<SpecPtr>& spec, const Act& act, const PerformUndo& effect, const EffectMark& mark,
                UndoOutcome& outcome);
  UndoOutcome undo_build(const Result<SpecPtr>& spec, const Act& act, const PerformUndo& effect,
                         const EffectMark& mark);

  const HealSurroundings& at_;
};

}  // namespace autoheal::workflows
