// The closed list of things that can happen in a heal. Each is one kind of ledger entry; the codec gives it its text.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "autoheal/workflows/heal/shared.hpp"
#include "autoheal/workflows/plan/certification.hpp"
#include "autoheal/workflows/plan/evidence.hpp"
#include "autoheal/workflows/plan/plan.hpp"
#include "autoheal/workflows/stored/enum_words.hpp"

namespace autoheal::workflows {

// The version of the rules by which heals are decided: what `decide` makes of the same state and input. It rises with
// every change of them; the ledger says under which one a heal goes.
inline constexpr unsigned heal_version = 4;
// From this version on edited documents are judged by a second reader.
inline constexpr unsigned heal_version_of_document_judge = 3;
// From this one on what keeps its content is changed in place, and another kind of object may give way.
inline constexpr unsigned heal_version_of_changes_in_place = 3;
// From this one on a service is started, restarted or reloaded by the state that it is in.
inline constexpr unsigned heal_version_of_service_states = 4;
// From this one on what had no effect is not taken back, a service is none that ends the attempts, and what was chosen
// counts as refused only once it was tried.
inline constexpr unsigned heal_version_of_effects = 4;

// The last lines that a program printed before it failed, masked and printable; empty: it printed nothing.
using LastLines = std::vector<std::string>;

// Who asked, as the kernel reported it.
struct By {
  std::string principal;
  std::string role;
  std::uint32_t uid = 0;
  std::optional<std::uint32_t> loginuid;  // survives sudo; left out where unset
  std::string via;                        // daemon, socket, cli, token
  std::string reason;                     // what the person said, or empty
  std::string traceparent = {};           // W3C Trace Context in which it was asked, or empty
  friend bool operator==(const By&, const By&) = default;
};

// Why a heal ended without a certificate; the word stands in the ledger and on the bus.
enum class EndReason {
  attempts_exhausted,
  cancelled,
  disabled,
  engine_removed,
  dependency_failed,
  flapping,
  crash_loop,
  rollback_incomplete,
  held,    // while it was open
  defect,  // of Autoheal itself: a strategy, an editor or a certification failed where it never may
};
template <>
inline constexpr auto words_for<EndReason> = std::array<NamedValue<EndReason>, 10>{{
    {EndReason::attempts_exhausted, "attempts_exhausted"},
    {EndReason::cancelled, "cancelled"},
    {EndReason::disabled, "disabled"},
    {EndReason::engine_removed, "engine_removed"},
    {EndReason::dependency_failed, "dependency_failed"},
    {EndReason::flapping, "flapping"},
    {EndReason::crash_loop, "crash_loop"},
    {EndReason::rollback_incomplete, "rollback_incomplete"},
    {EndReason::held, "held"},
    {EndReason::defect, "defect"},
}};

// The cause of a repair_failed and the criterion of a certification_refused if Autoheal is at fault.
inline constexpr std::string_view defect_word = "defect";

// Everything that a heal is asked for.
struct HealRequest {
  std::string engine;
  Strategy strategy = Strategy::generic;
  unsigned max_retries = 3;
  Duration retry_delay{0};
  BlobName configuration;  // of the engine, in the vault
  std::string error;       // what the self-test said
  By by;
  Timestamp began;                      // when the heal began
  std::vector<std::string> needs = {};  // engines below it whose heals it waits for
  friend bool operator==(const HealRequest&, const HealRequest&) = default;
};

struct Triggered : HealRequest {
  bool waits = false;               // for a slot or a dependency: repair starts with heal.repair_started later
  unsigned version = heal_version;  // of the rules by which it began
  friend bool operator==(const Triggered&, const Triggered&) = default;
};
struct TriggerJoined {
  std::string error;
  By by;
  friend bool operator==(const TriggerJoined&, const TriggerJoined&) = default;
};
struct RepairStarted {
  unsigned attempt = 1;
  friend bool operator==(const RepairStarted&, const RepairStarted&) = default;
};
struct PlanRecorded {
  unsigned attempt = 1;
  Shared<Observation> observation;
  Shared<Plan> plan;
  std::optional<bool> may_change = {};  // what the principal's role allowed then; unset: written before it was kept
  std::string adopted_baseline = {};    // its digest, or empty: none was adopted
  friend bool operator==(const PlanRecorded&, const PlanRecorded&) = default;
};
struct PlanCertified {
  unsigned attempt = 1;
  std::string plan_digest;
  friend bool operator==(const PlanCertified&, const PlanCertified&) = default;
};
struct PlanRefused {
  unsigned attempt = 1;
  std::vector<Refusal> refusals;
  friend bool operator==(const PlanRefused&, const PlanRefused&) = default;
};
struct ChangeIntended {
  unsigned attempt = 1;
  unsigned number = 0;
  BlobName captured;  // what `capture` printed before, kept for `undo`; or empty
  friend bool operator==(const ChangeIntended&, const ChangeIntended&) = default;
};
struct ChangeApplied {
  unsigned attempt = 1;
  std::vector<ChangeOutcome> outcomes;
  friend bool operator==(const ChangeApplied&, const ChangeApplied&) = default;
};
struct RepairFinished {
  unsigned attempt = 1;
  Strategy strategy = Strategy::generic;
  std::vector<ChangeOutcome> outcomes;  // those not yet told by heal.change_applied
  friend bool operator==(const RepairFinished&, const RepairFinished&) = default;
};
struct RepairFailed {
  unsigned attempt = 1;
  std::string cause;  // target_changed, refused, failed, interrupted, could_not_start, observe, cancelled, disabled,
                      // defect
  std::string message;
  std::vector<ChangeOutcome> outcomes;
  std::optional<Observation> observation = {};  // where no plan could be made of it
  LastLines last_lines = {};                    // of the program that failed
  friend bool operator==(const RepairFailed&, const RepairFailed&) = default;
};
struct CertificationStarted {
  unsigned attempt = 1;
  friend bool operator==(const CertificationStarted&, const CertificationStarted&) = default;
};
struct Certified {
  unsigned attempt = 1;
  std::string configuration;     // digests of what was certified
  std::string adopted_baseline;  // empty: none was adopted
  std::string plan_digest;
  std::string program_version;
  std::string program_sha256;
  Evidence evidence;
  friend bool operator==(const Certified&, const Certified&) = default;
};
struct CertificationRefused {
  unsigned attempt = 1;
  std::vector<Refusal> refusals;
  Evidence evidence;
  std::string adopted_baseline = {};  // its digest, or empty: none was adopted
  LastLines last_lines = {};          // of the first program that failed
  friend bool operator==(const CertificationRefused&, const CertificationRefused&) = default;
};
struct RollbackStarted {
  unsigned attempt = 1;
  bool again = false;  // asked for by `autoheal rollback`
  By by = {};          // who asked, where somebody did
  friend bool operator==(const RollbackStarted&, const RollbackStarted&) = default;
};
struct UndoIntended {
  unsigned attempt = 1;
  unsigned number = 0;
  friend bool operator==(const UndoIntended&, const UndoIntended&) = default;
};
struct UndoApplied {
  unsigned attempt = 1;
  std::vector<UndoOutcome> outcomes;
  friend bool operator==(const UndoApplied&, const UndoApplied&) = default;
};
struct RolledBack {
  unsigned attempt = 1;
  std::vector<UndoOutcome> outcomes;  // of every change and act, in order
  friend bool operator==(const RolledBack&, const RolledBack&) = default;
};
struct RetryScheduled {
  unsigned next_attempt = 2;
  Timestamp due;
  Duration delay{0};
  friend bool operator==(const RetryScheduled&, const RetryScheduled&) = default;
};
struct Resumed {
  unsigned attempt = 0;
  unsigned resumption = 1;  // since the last progress
  // Versions of the rules if the heal continues by other rules than before; else 0.
  unsigned version_before = 0, version = 0;
  friend bool operator==(const Resumed&, const Resumed&) = default;
};
struct CancelRequested {
  EndReason reason = EndReason::cancelled;
  By by;
  friend bool operator==(const CancelRequested&, const CancelRequested&) = default;
};
struct Completed {
  unsigned attempts = 1;
  Duration took{0};
  friend bool operator==(const Completed&, const Completed&) = default;
};
struct Exhausted {
  unsigned attempts = 0;
  EndReason reason = EndReason::attempts_exhausted;
  std::string message;
  Duration took{0};
  LastLines last_lines = {};  // of what failed at last
  friend bool operator==(const Exhausted&, const Exhausted&) = default;
};

// After its end: displaced files that could not go to the vault and stay beside their targets; none: they are gone by
// now.
struct ImagesKept {
  std::vector<std::string> kept;  // each: the path below the engine's root, a colon, why it stays
  friend bool operator==(const ImagesKept&, const ImagesKept&) = default;
};

using HealEntry = std::variant<Triggered, TriggerJoined, RepairStarted, PlanRecorded, PlanCertified, PlanRefused,
                               ChangeIntended, ChangeApplied, RepairFinished, RepairFailed, CertificationStarted,
                               Certified, CertificationRefused, RollbackStarted, UndoIntended, UndoApplied, RolledBack,
                               RetryScheduled, Resumed, CancelRequested, Completed, Exhausted, ImagesKept>;

// "heal.triggered", ...
[[nodiscard]] std::string_view type_of(const HealEntry& entry);
[[nodiscard]] std::string_view name_of(EndReason reason);
[[nodiscard]] std::optional<EndReason> parse_end_reason(std::string_view text);

}  // namespace autoheal::workflows
