// Performs a heal's effects through the host port: observes, applies, runs, gathers evidence, puts back. Decides
// nothing; every outcome goes back to the machine as its next input.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "autoheal/workflows/effects/host.hpp"
#include "autoheal/workflows/heal/heal_machine.hpp"

namespace autoheal::workflows {

struct Adopted {
  AdoptedBaseline baseline;
  std::string digest;
};

// Whether something may be changed now, given that nothing could be told of it while the ledger is elsewhere.
enum class GoOn { at_once, after_a_wait, no_more };  // no_more: the process is told to end

// What the performer needs of its surroundings. Every function is thread-safe and outlives the performer.
struct HealSurroundings {
  Host& host;
  engine::BlobStore& blobs;
  std::string ledger_id;
  std::string program_version;
  std::string program_sha256;
  unsigned tests_at_once = 4;
  std::function<void(std::function<void()> job)> pool;  // runs a job soon, on a thread that may block
  std::function<Today(const std::string& engine, const std::string& principal)> today;
  std::function<std::string(const std::string& principal)> role_of;  // today's role, as a word
  std::function<bool(const std::string& principal)> may_change;      // asked right before each change
  std::function<std::optional<Adopted>(const std::string& engine)> adopted;
  std::function<std::string(std::string_view text)> mask;       // takes secrets out of text
  std::function<void(const std::string& secret)> learn_secret;  // mask() takes it out from now on
  // What the engine's own files hold that mask() has to take out; before each look at it. May be empty.
  std::function<void(const EngineSpec& spec)> learn_secrets_of = {};
  std::function<Duration()> since_boot;
  std::function<bool(Duration)> wait;  // false: the process is told to stop
  // Runs a job of a heal on the pool after that time, in which it holds neither thread nor slot; never once the process
  // is told to stop. Empty: `wait` is called instead.
  std::function<void(const std::string& heal, Duration, std::function<void()> job)> later = {};
  // Runs a job of a heal on the pool as soon as the heal has its slot again: at once where it did not give it back.
  std::function<void(const std::string& heal, std::function<void()> job)> in_turn = {};
  // Asked right before a change and after evidence was gathered; blocks while nothing can be recorded.
  std::function<GoOn()> until_recordable = [] { return GoOn::at_once; };
  // An ended heal's displaced files are looked after: begun (on the loop), and done, with those that stay and why.
  std::function<void()> settling = {};
  std::function<void(const std::string& heal, std::vector<std::string> kept)> settled = {};
};

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
  void pause(const std::shared_ptr<UnderWay>& one);
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
  void perform_act(const EngineSpec& spec, Act act, const EffectMark& mark, ActDone& done);
  void run_act(const EngineSpec& spec, const Act& act, const EffectMark& mark, ActDone& done);
  LastLines call_platform(const HttpCall& call, const std::string& key, ChangeOutcome& outcome);
  void run_undo(const PerformUndo& effect, const Act& act, const EffectMark& mark, UndoOutcome& outcome);
  UndoOutcome undo_build(const PerformUndo& effect, const Act& act, const EffectMark& mark);

  HealSurroundings at_;
  std::mutex specs_mutex_;
  std::map<BlobName, SpecPtr> specs_;
};

}  // namespace autoheal::workflows
