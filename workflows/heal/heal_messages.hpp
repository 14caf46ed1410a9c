// Messages between a heal and the world: its inputs, which come from people, time and effects, and the effects it asks
// for. The machine between them is heal_machine.hpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "autoheal/workflows/heal/heal_state.hpp"
#include "autoheal/workflows/heal/heal_table.hpp"

namespace autoheal::workflows {

// ---- inputs: what people, time and effects tell the heal

struct Begin {  // the first input
  Triggered facts;
};
struct Join {  // the engine failed again while this heal is open
  std::string error;
  By by;
};
struct SlotGranted {};  // a slot is free, dependencies are healed
struct Cancel {
  EndReason reason = EndReason::cancelled;
  By by;
};
struct RetryRollback {  // of an exhausted heal whose rollback was incomplete
  By by;
};
struct WokenUp {};
struct ProcessStarted {
  unsigned version = heal_version;  // of the rules by which this process decides; never an earlier one than the heal's
};

// Policy that is read again with every observation, never taken from the recorded configuration.
struct CurrentPolicy {
  std::optional<EndReason> must_end;  // switched off, engine removed
  bool may_change = false;            // the principal's role allows it
};
struct Observed {
  std::shared_ptr<const EngineSpec> spec;
  Result<Observation> observation;
  Contents contents;
  std::optional<AdoptedBaseline> adopted;
  std::string adopted_digest;
  CurrentPolicy policy;
  std::function<engine::BlobName(std::string_view, engine::BlobNaming)> name_of_content;
  std::string defect = {};    // here and below: what was at fault in Autoheal while it looked or acted; a sentence
  LastLines last_lines = {};  // here and below: of the program that failed
};
struct ChangesDone {
  std::vector<ChangeOutcome> outcomes;
  std::string defect = {};
  LastLines last_lines = {};
};
struct CaptureDone {
  unsigned number = 0;
  Result<BlobName> captured;
  std::string defect = {};
  LastLines last_lines = {};
};
struct ActDone {
  ChangeOutcome outcome;
  std::string defect = {};
  LastLines last_lines = {};
};
struct EvidenceGathered {
  std::shared_ptr<const EngineSpec> spec;
  Evidence evidence;
  std::optional<AdoptedBaseline> adopted;
  std::string adopted_digest;
  std::string program_version;
  std::string program_sha256;
  std::string defect = {};
  LastLines last_lines = {};
};
struct UndoDone {
  std::vector<UndoOutcome> outcomes;
};
struct LeftoversCleared {  // after a start: leftovers of the dead process are gone
  CurrentPolicy policy;
};
struct BeforeImagesKept {         // before-images are in the vault
  std::vector<std::string> kept;  // those that had to stay beside their targets, and why
};

using HealInput =
    std::variant<Begin, Join, SlotGranted, Cancel, RetryRollback, WokenUp, ProcessStarted, Observed, ChangesDone,
                 CaptureDone, ActDone, EvidenceGathered, UndoDone, LeftoversCleared, BeforeImagesKept>;

// ---- effects: what the heal asks of the world. Exactly one is under way at any time.

struct EffectContext {
  std::string engine;
  BlobName configuration;
  std::string principal;
  unsigned attempt = 0;
  std::shared_ptr<const Plan> plan;
  unsigned start = 0;  // which of all starts of attempts this is: what marks tell apart
};
struct Observe : EffectContext {
  bool needs_were_healed = false;  // it may pass by now
};
struct ApplyChanges : EffectContext {
  std::size_t from = 0, to = 0;  // which of the plan's changes, as indices
};
struct CaptureForUndo : EffectContext {  // looks at what an act is about to change; may be repeated
  unsigned number = 0;
};
struct PerformAct : EffectContext {
  unsigned number = 0;
};
struct Certify : EffectContext {
  std::vector<ChangeOutcome> outcomes;
  bool service_touched = false;
  std::shared_ptr<const Observation> observation;  // what the plan was made of
};
struct RestoreChanges : EffectContext {
  std::size_t from = 0, to = 0;
  std::vector<ChangeOutcome> outcomes;
};
struct PerformUndo : EffectContext {
  unsigned number = 0;
  BlobName captured;
  ChangeOutcome outcome;  // of the act; what a build left
};
struct Recheck : EffectContext {
  unsigned interrupted = 0;  // the act or undo without outcome, or 0
};
struct Settle : EffectContext {};

using HealEffect = std::variant<Observe, ApplyChanges, CaptureForUndo, PerformAct, Certify, RestoreChanges, PerformUndo,
                                Recheck, Settle>;

}  // namespace autoheal::workflows
