// The changes to make, as data, each with what it replaces and what it leaves. A certified plan is the intent of every
// change that can be looked at afterwards; commands and services get an intent of their own before they run.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/plan/observation.hpp"
#include "autoheal/workflows/stored/enum_words.hpp"

namespace autoheal::workflows {

// How a target shall be. For `absent` nothing else counts; for `link` only link_target (and owner); for `database` only
// the content.
struct TargetAfter {
  TargetKind kind = TargetKind::file;
  BlobName content;  // in the vault
  FileMode mode = 0;
  std::uint32_t uid = 0, gid = 0;
  std::string link_target;
  std::string acl = {};          // as in TargetFacts
  std::string default_acl = {};  // of a folder that is made
  friend bool operator==(const TargetAfter&, const TargetAfter&) = default;
};

enum class ChangeKind { files, env, settings, policy, links, release, state };
template <>
inline constexpr auto words_for<ChangeKind> = std::array<NamedValue<ChangeKind>, 7>{{
    {ChangeKind::files, "files"},
    {ChangeKind::env, "env"},
    {ChangeKind::settings, "settings"},
    {ChangeKind::policy, "policy"},
    {ChangeKind::links, "links"},
    {ChangeKind::release, "release"},
    {ChangeKind::state, "state"},
}};

// A change that can be looked at: a file, its mode or owner, a link, a database, a folder. `before.kind == absent`: it
// is new.
struct Change {
  ChangeKind kind = ChangeKind::files;
  TargetFacts before;
  TargetAfter after;
  std::optional<ProgramRun> validate;  // runs on the staged file
  std::vector<std::string> named;  // which values change (env names, JSON pointers), never the values; the release or
                                   // snapshot that is taken
  bool in_turn = false;            // not before the change before it, and not without it
  bool alone = false;              // not while any process has the target open
  bool used_by_service = false;    // what changes in it afterwards is the doing of a service that this plan handles
  Duration timeout{0};             // of a database: how long a lock of others is waited for
  friend bool operator==(const Change&, const Change&) = default;
};

// Whether the change keeps inode and content, and only sets mode, owner and access list.
[[nodiscard]] bool is_in_place(const Change& change);
// Whether what the file holds is part of what was declared; else it may change meanwhile, as a log does.
[[nodiscard]] bool declares_content(const Change& change);

enum class ActKind {
  command,
  build,
  platform,
  service_check,
  service_start,
  service_restart,
  service_reload,
  service_stop,
};
template <>
inline constexpr auto words_for<ActKind> = std::array<NamedValue<ActKind>, 8>{{
    {ActKind::command, "command"},
    {ActKind::build, "build"},
    {ActKind::platform, "platform"},
    {ActKind::service_check, "service.check"},
    {ActKind::service_start, "service.start"},
    {ActKind::service_restart, "service.restart"},
    {ActKind::service_reload, "service.reload"},
    {ActKind::service_stop, "service.stop"},
}};

// Something that leaves no state we could compare: done with intent and outcome.
struct Act {
  ActKind kind = ActKind::command;
  ProgramRun run;
  std::optional<ProgramRun> undo;  // a started service: its stop
  std::optional<ProgramRun> capture;
  std::optional<ProgramRun> stop_first;  // a restart made of stop and start: runs before `run`
  bool repeatable = false;               // services and builds are
  bool may_fail = false;                 // a stop of what may not run at all: nobody knows
  std::size_t after_changes = 0;         // how many changes come before it
  std::string engine;                    // whose service it is, where that is another engine
  std::optional<HttpCall> call;          // of a platform: instead of `run`
  std::optional<HttpCall> undo_call;
  std::vector<std::string> outputs;         // of a build: globs
  std::string sha256;                       // of a build's only output, or empty
  std::vector<TargetFacts> outputs_before;  // what they match, with the folders that hold it
  friend bool operator==(const Act&, const Act&) = default;
};

// Changes are numbered from 1 in order: all of `changes`, then all of `acts`. Acts are in the order in which they are
// done, each after as many changes as it says.
struct Plan {
  std::vector<Change> changes;
  std::vector<Act> acts;
  friend bool operator==(const Plan&, const Plan&) = default;
  [[nodiscard]] bool empty() const { return changes.empty() && acts.empty(); }
  [[nodiscard]] std::size_t size() const { return changes.size() + acts.size(); }
};

// A plan and the new contents it refers to; they are durable in the vault before the plan is recorded.
struct PlannedRepair {
  Plan plan;
  Contents new_contents;  // name -> bytes; names as BlobStore::name_of would give them
};

enum class ChangeStatus {
  done,            // applied now
  found_done,      // the target already was as planned
  target_changed,  // the target was not what the plan saw: left alone
  refused,         // the role does not allow it, or the staged file did not validate
  failed,
  unknown,      // an act whose outcome a crash swallowed
  skipped,      // an earlier one failed
  not_started,  // an act for which the machine had no room: nothing was tried
};
template <>
inline constexpr auto words_for<ChangeStatus> = std::array<NamedValue<ChangeStatus>, 8>{{
    {ChangeStatus::done, "done"},
    {ChangeStatus::found_done, "found_done"},
    {ChangeStatus::target_changed, "target_changed"},
    {ChangeStatus::refused, "refused"},
    {ChangeStatus::failed, "failed"},
    {ChangeStatus::unknown, "unknown"},
    {ChangeStatus::skipped, "skipped"},
    {ChangeStatus::not_started, "not_started"},
}};

struct ChangeOutcome {
  unsigned number = 0;
  ChangeStatus status = ChangeStatus::done;
  std::string message;             // why, without secrets
  int exit_code = 0;               // acts
  Duration took{0};                // acts
  std::string program_sha256;      // acts
  BlobName output;                 // acts, and a `validate` that refused: what it printed
  TargetFacts left;                // changes: the target as it was left, compared again before the verdict
  std::vector<TargetFacts> built;  // builds: the outputs as they were left
  std::string role;                // the principal's, as asked right before the change
  std::string printed = {};        // by a `validate` that refused, secrets and all: never recorded
  friend bool operator==(const ChangeOutcome&, const ChangeOutcome&) = default;
};

enum class UndoStatus { restored, undone, irreversible, foreign, failed };
template <>
inline constexpr auto words_for<UndoStatus> = std::array<NamedValue<UndoStatus>, 5>{{
    {UndoStatus::restored, "restored"},
    {UndoStatus::undone, "undone"},
    {UndoStatus::irreversible, "irreversible"},
    {UndoStatus::foreign, "foreign"},
    {UndoStatus::failed, "failed"},
}};

struct UndoOutcome {
  unsigned number = 0;
  UndoStatus status = UndoStatus::restored;
  std::string message;
  friend bool operator==(const UndoOutcome&, const UndoOutcome&) = default;
};

[[nodiscard]] std::string_view name_of(ChangeKind kind);
[[nodiscard]] std::string_view name_of(ActKind kind);
[[nodiscard]] std::string_view name_of(ChangeStatus status);
[[nodiscard]] std::string_view name_of(UndoStatus status);
[[nodiscard]] std::string_view name_of(TargetKind kind);
[[nodiscard]] std::string in_words(TargetKind kind);  // "a folder"

}  // namespace autoheal::workflows
