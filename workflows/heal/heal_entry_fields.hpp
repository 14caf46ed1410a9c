// Entries of a heal as they are stored: the name of each kind and the one list of its members. The only place that
// knows the keys of heal.* data. Each entry of an attempt names it at the end, after what the entry itself is about.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

#include "autoheal/workflows/heal/by_codec.hpp"
#include "autoheal/workflows/heal/heal_entry.hpp"
#include "autoheal/workflows/heal/workflow_version.hpp"
#include "autoheal/workflows/plan/evidence_fields.hpp"
#include "autoheal/workflows/plan/observation_fields.hpp"
#include "autoheal/workflows/plan/plan_fields.hpp"
#include "autoheal/workflows/plan/strategy.hpp"
#include "autoheal/workflows/stored/stored_field.hpp"

namespace autoheal::workflows {

template <>
inline constexpr std::array<std::string_view, 23> kinds_of<HealEntry> = {
    "heal.triggered",
    "heal.trigger_joined",
    "heal.repair_started",
    "heal.plan_recorded",
    "heal.plan_certified",
    "heal.plan_refused",
    "heal.change_intended",
    "heal.change_applied",
    "heal.repair_finished",
    "heal.repair_failed",
    "heal.certification_started",
    "heal.certified",
    "heal.certification_refused",
    "heal.rollback_started",
    "heal.undo_intended",
    "heal.undo_applied",
    "heal.rolled_back",
    "heal.retry_scheduled",
    "heal.resumed",
    "heal.cancel_requested",
    "heal.completed",
    "heal.exhausted",
    "heal.images_kept",
};
static_assert(kinds_of<HealEntry>.size() == std::variant_size_v<HealEntry>);

struct AsStrategy {
  static void write(JsonWriter& out, Strategy strategy) { out.value(name_of(strategy)); }
  static void read(const EntryJson& in, Strategy& strategy) {
    const auto known = known_value<Strategy>(words_for<Strategy>, in.text());
    if (!known) throw std::invalid_argument("\"" + in.get<std::string>() + "\" is not a strategy");
    strategy = *known;
  }
};
// The value itself: that states share it is not stored.
struct AsShared {
  template <class T>
  static void write(JsonWriter& out, const Shared<T>& shared) {
    StoredJson::write(out, *shared);
  }
  template <class T>
  static void read(const EntryJson& in, Shared<T>& shared) {
    T value;
    StoredJson::read(in, value);
    shared = std::move(value);
  }
};
template <>
struct StoredWord<EndReason> {
  static std::string_view of(EndReason reason) { return name_of(reason); }
  static EndReason read(std::string_view word) {
    if (const auto reason = parse_end_reason(word)) return *reason;
    throw std::invalid_argument("\"" + std::string(word) + "\" is not a reason to end");
  }
};

template <>
inline constexpr auto stored_fields<Refusal> = std::tuple{
    always<&Refusal::criterion>("criterion"),
    always<&Refusal::reason>("reason"),
};

template <>
inline constexpr auto stored_fields<Triggered> = std::tuple{
    always<&Triggered::version, WorkflowVersion>("workflow"),
    always<&Triggered::strategy, AsStrategy>("strategy"),
    always<&Triggered::max_retries>("max_retries"),
    always<&Triggered::retry_delay>("retry_delay_us"),
    always<&Triggered::configuration>("configuration"),
    unless_default<&Triggered::error>("error"),
    unless_default<&Triggered::waits>("waits"),
    unless_default<&Triggered::needs>("needs"),
    always<&Triggered::began>("at"),
    StoredBy<&Triggered::by>{},
    always<&Triggered::engine>("engine"),
};
template <>
inline constexpr auto stored_fields<TriggerJoined> = std::tuple{
    unless_default<&TriggerJoined::error>("error"),
    StoredBy<&TriggerJoined::by>{},
};

template <>
inline constexpr auto stored_fields<RepairStarted> = std::tuple{always<&RepairStarted::attempt>("attempt")};
template <>
inline constexpr auto stored_fields<PlanRecorded> = std::tuple{
    always<&PlanRecorded::observation, AsShared>("observation"),
    always<&PlanRecorded::plan, AsShared>("plan"),
    unless_default<&PlanRecorded::may_change>("may_change"),
    unless_default<&PlanRecorded::adopted_baseline>("adopted_baseline"),
    always<&PlanRecorded::attempt>("attempt"),
};
template <>
inline constexpr auto stored_fields<PlanCertified> = std::tuple{
    always<&PlanCertified::plan_digest>("plan_digest"),
    always<&PlanCertified::attempt>("attempt"),
};
template <>
inline constexpr auto stored_fields<PlanRefused> = std::tuple{
    always<&PlanRefused::refusals>("refusals"),
    always<&PlanRefused::attempt>("attempt"),
};

template <>
inline constexpr auto stored_fields<ChangeIntended> = std::tuple{
    always<&ChangeIntended::number>("number"),
    unless_default<&ChangeIntended::captured>("captured"),
    always<&ChangeIntended::attempt>("attempt"),
};
template <>
inline constexpr auto stored_fields<ChangeApplied> = std::tuple{
    always<&ChangeApplied::outcomes>("changes"),
    always<&ChangeApplied::attempt>("attempt"),
};

// Only written: it follows from the strategy. The contract fixes these two keys and their order at the head of the
// entry.
struct StoredAction {
  static void write(JsonWriter& out, const RepairFinished& entry, const RepairFinished&) {
    out.field("action", action_of(entry.strategy));
  }
  static void read(const EntryJson&, RepairFinished&) {}
};
template <>
inline constexpr auto stored_fields<RepairFinished> = std::tuple{
    always<&RepairFinished::strategy, AsStrategy>("strategy"),
    StoredAction{},
    always<&RepairFinished::outcomes>("changes"),
    always<&RepairFinished::attempt>("attempt"),
};
template <>
inline constexpr auto stored_fields<RepairFailed> = std::tuple{
    always<&RepairFailed::cause>("cause"),
    always<&RepairFailed::message>("message"),
    always<&RepairFailed::outcomes>("changes"),
    unless_default<&RepairFailed::last_lines>("last_lines"),
    unless_default<&RepairFailed::observation>("observation"),
    always<&RepairFailed::attempt>("attempt"),
};

template <>
inline constexpr auto stored_fields<CertificationStarted> =
    std::tuple{always<&CertificationStarted::attempt>("attempt")};
template <>
inline constexpr auto stored_fields<Certified> = std::tuple{
    always<&Certified::configuration>("configuration"),
    unless_default<&Certified::adopted_baseline>("adopted_baseline"),
    always<&Certified::plan_digest>("plan_digest"),
    always<&Certified::program_version>("autoheal_version"),
    always<&Certified::program_sha256>("autoheal_sha256"),
    always<&Certified::evidence>("evidence"),
    always<&Certified::attempt>("attempt"),
};
template <>
inline constexpr auto stored_fields<CertificationRefused> = std::tuple{
    always<&CertificationRefused::refusals>("refusals"),
    always<&CertificationRefused::evidence>("evidence"),
    unless_default<&CertificationRefused::adopted_baseline>("adopted_baseline"),
    unless_default<&CertificationRefused::last_lines>("last_lines"),
    always<&CertificationRefused::attempt>("attempt"),
};

template <>
inline constexpr auto stored_fields<RollbackStarted> = std::tuple{
    unless_default<&RollbackStarted::again>("again"),
    StoredBy<&RollbackStarted::by>{},
    always<&RollbackStarted::attempt>("attempt"),
};
template <>
inline constexpr auto stored_fields<UndoIntended> = std::tuple{
    always<&UndoIntended::number>("number"),
    always<&UndoIntended::attempt>("attempt"),
};
template <>
inline constexpr auto stored_fields<UndoApplied> = std::tuple{
    always<&UndoApplied::outcomes>("changes"),
    always<&UndoApplied::attempt>("attempt"),
};
template <>
inline constexpr auto stored_fields<RolledBack> = std::tuple{
    always<&RolledBack::outcomes>("changes"),
    always<&RolledBack::attempt>("attempt"),
};

template <>
inline constexpr auto stored_fields<RetryScheduled> = std::tuple{
    always<&RetryScheduled::next_attempt>("next_attempt"),
    always<&RetryScheduled::due>("due"),
    always<&RetryScheduled::delay>("delay_us"),
};

// Both or none.
struct StoredTakeOver {
  static void write(JsonWriter& out, const Resumed& entry, const Resumed&) {
    if (entry.version == 0) return;
    WorkflowVersion::write(out.key("workflow_before"), entry.version_before);
    WorkflowVersion::write(out.key("workflow"), entry.version);
  }
  static void read(const EntryJson& in, Resumed& entry) {
    const auto now = in.find("workflow");
    if (!now) return;
    WorkflowVersion::read(in.at("workflow_before"), entry.version_before);
    WorkflowVersion::read(*now, entry.version);
  }
};
template <>
inline constexpr auto stored_fields<Resumed> = std::tuple{
    always<&Resumed::resumption>("resumption"),
    StoredTakeOver{},
    always<&Resumed::attempt>("attempt"),
};
template <>
inline constexpr auto stored_fields<CancelRequested> = std::tuple{
    always<&CancelRequested::reason>("reason"),
    StoredBy<&CancelRequested::by>{},
};

template <>
inline constexpr auto stored_fields<Completed> = std::tuple{
    always<&Completed::attempts>("attempts"),
    always<&Completed::took>("took_us"),
};
template <>
inline constexpr auto stored_fields<Exhausted> = std::tuple{
    always<&Exhausted::attempts>("attempts"),
    always<&Exhausted::reason>("reason"),
    unless_default<&Exhausted::message>("message"),
    always<&Exhausted::took>("took_us"),
    unless_default<&Exhausted::last_lines>("last_lines"),
};
template <>
inline constexpr auto stored_fields<ImagesKept> = std::tuple{always<&ImagesKept::kept>("kept")};

}  // namespace autoheal::workflows
