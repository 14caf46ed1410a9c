// Plans and what came of them as they are stored: the one list of members of each of their structs.
#pragma once

#include <tuple>

#include "autoheal/workflows/plan/observation_fields.hpp"
#include "autoheal/workflows/plan/plan.hpp"
#include "autoheal/workflows/spec/program_fields.hpp"
#include "autoheal/workflows/stored/stored_field.hpp"

namespace autoheal::workflows {

constexpr bool leaves_something(const TargetAfter& after) { return after.kind != TargetKind::absent; }

template <>
inline constexpr auto stored_fields<TargetAfter> = std::tuple{
    always<&TargetAfter::kind>("kind"),
    written_if<leaves_something>(std::tuple{
        unless_default<&TargetAfter::content>("content"),
        unless_default<&TargetAfter::link_target>("link_target"),
        or_nothing<&TargetAfter::mode>("mode"),
        or_nothing<&TargetAfter::uid>("uid"),
        or_nothing<&TargetAfter::gid>("gid"),
        unless_default<&TargetAfter::acl>("acl"),
        unless_default<&TargetAfter::default_acl>("default_acl"),
    }),
};

template <>
inline constexpr auto stored_fields<Change> = std::tuple{
    always<&Change::kind>("kind"),
    always<&Change::before>("before"),
    always<&Change::after>("after"),
    unless_default<&Change::validate>("validate"),
    unless_default<&Change::named>("named"),
    unless_default<&Change::in_turn>("in_turn"),
    unless_default<&Change::alone>("alone"),
    unless_default<&Change::used_by_service>("used_by_service"),
    unless_default<&Change::timeout>("timeout_us"),
};

constexpr bool is_of_machine(const Act& act) { return !act.call; }

template <>
inline constexpr auto stored_fields<Act> = std::tuple{
    always<&Act::kind>("kind"),
    unless_default<&Act::call>("call"),
    written_if<is_of_machine>(std::tuple{
        or_nothing<&Act::run>("run"),
    }),
    unless_default<&Act::undo_call>("undo_call"),
    unless_default<&Act::undo>("undo"),
    unless_default<&Act::capture>("capture"),
    unless_default<&Act::stop_first>("stop_first"),
    unless_default<&Act::repeatable>("repeatable"),
    unless_default<&Act::may_fail>("may_fail"),
    unless_default<&Act::after_changes>("after_changes"),
    unless_default<&Act::engine>("engine"),
    unless_default<&Act::sha256>("sha256"),
    unless_default<&Act::outputs>("outputs"),
    unless_default<&Act::outputs_before>("outputs_before"),
};

// An act says where it stands among the changes only if it is not after all of them.
struct ActsOfPlan {
  static void write(JsonWriter& out, const Plan& plan, const Plan&) {
    if (plan.acts.empty()) return;
    Act usual;
    usual.after_changes = plan.changes.size();
    out.key("acts").begin_array();
    for (const Act& act : plan.acts) {
      out.begin_object();
      write_members(out, act, usual);
      out.end_object();
    }
    out.end_array();
  }
  static void read(const EntryJson& in, Plan& plan) {
    const auto acts = in.find("acts");
    if (!acts) return;
    for (const EntryJson one : *acts) {
      Act& act = plan.acts.emplace_back();
      act.after_changes = plan.changes.size();
      read_members(one, act);
    }
  }
};

template <>
inline constexpr auto stored_fields<Plan> = std::tuple{unless_default<&Plan::changes>("changes"), ActsOfPlan{}};

constexpr bool left_something(const ChangeOutcome& outcome) { return !outcome.left.path.empty(); }

constexpr bool ran(const ChangeOutcome& outcome) { return !outcome.program_sha256.empty(); }
template <>
inline constexpr auto stored_fields<ChangeOutcome> = std::tuple{
    always<&ChangeOutcome::number>("number"),
    always<&ChangeOutcome::status>("status"),
    unless_default<&ChangeOutcome::message>("message"),
    unless_default<&ChangeOutcome::role>("role"),
    written_if<ran>(std::tuple{
        or_nothing<&ChangeOutcome::exit_code>("exit"),
        or_nothing<&ChangeOutcome::took>("took_us"),
        unless_default<&ChangeOutcome::program_sha256>("program_sha256"),
    }),
    unless_default<&ChangeOutcome::output>("output"),
    written_if<left_something>(std::tuple{
        unless_default<&ChangeOutcome::left>("left"),
    }),
    unless_default<&ChangeOutcome::built>("built"),
};

template <>
inline constexpr auto stored_fields<UndoOutcome> = std::tuple{
    always<&UndoOutcome::number>("number"),
    always<&UndoOutcome::status>("status"),
    unless_default<&UndoOutcome::message>("message"),
};

}  // namespace autoheal::workflows
