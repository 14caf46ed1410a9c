// One target and its slots in the staging folder, with the few moves that apply and restore are made of. Each move is
// one system call, so that a crash leaves a state that the next run can read.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "tools/host/change/staging_folder.hpp"
#include "tools/host/facts/file_quiet.hpp"
#include "tools/host/facts/target_facts.hpp"

namespace autoheal::host {

class DatabaseClient;

struct StagingTools {
  engine::BlobStore& blobs;
  const OwnFiles& own;
  std::function<workflows::RunOutcome(const workflows::RunRequest&)> run;  // for `validate`
  std::function<void(std::string_view step)>
      at_step;                                // a test's hook after each step; it may throw to simulate a crash
  bool exchange_supported = true;             // false: a test of the way without RENAME_EXCHANGE
  const DatabaseClient* databases = nullptr;  // where databases can be changed
  workflows::OpenWriters open_writers = workflows::OpenWriters::swap;
  std::function<std::int64_t()> now_ns = wall_clock_ns;  // that ctimes are held against
};

// Not thread-safe; one per change.
class ChangeSite {
 public:
  // not_found: the target's folder is not there.
  [[nodiscard]] static Result<ChangeSite> open(const RootFolder& root, const StagingTools& tools, const Change& change,
                                               unsigned number, const EffectMark& mark);

  [[nodiscard]] const Change& change() const { return *change_; }
  [[nodiscard]] const StagingTools& tools() const { return *tools_; }
  [[nodiscard]] const EffectMark& mark() const { return mark_; }
  [[nodiscard]] const RootFolder& root() const { return *root_; }
  [[nodiscard]] int folder() const { return place_.folder.get(); }
  [[nodiscard]] const std::string& name() const { return place_.name; }  // in that folder
  [[nodiscard]] int staging() const { return staging_.get(); }
  [[nodiscard]] std::string name_of(Slot slot) const { return names_[slot]; }
  [[nodiscard]] std::string path_of(Slot slot) const;  // absolute

  [[nodiscard]] Result<TargetFacts> target() const;
  [[nodiscard]] Result<TargetFacts> slot(Slot slot) const;  // absent if there is no staging folder
  // The target, open for reading; closed (-1) where it is no file.
  [[nodiscard]] UniqueFd open_target() const;
  [[nodiscard]] Result<void> need_staging();

  // The new file under the target's own name, alone in a folder, for a program that goes by names; absolute.
  [[nodiscard]] Result<std::string> show_for_check();
  // Back to where it was; the folder goes, with whatever the program left in it.
  [[nodiscard]] Result<void> end_check();

  // False: this file system cannot exchange.
  [[nodiscard]] Result<bool> exchange(Slot slot);
  [[nodiscard]] Result<void> move_in(Slot slot);          // changed: something is at the target
  [[nodiscard]] Result<void> move_out(Slot slot);         // changed: nothing is at the target any more
  [[nodiscard]] Result<void> replace_by(Slot slot);       // plain rename over the target
  [[nodiscard]] Result<void> link_target_as(Slot slot);   // one more name for the target's inode
  [[nodiscard]] Result<void> rename(Slot from, Slot to);  // busy: `to` is `kept` and taken
  [[nodiscard]] Result<void> drop(Slot slot);             // free when it is absent
  [[nodiscard]] Result<void> remove_empty_folder();       // the target; one that is not empty stays
  [[nodiscard]] Result<void> sync() const;                // the target's folder

  // If the change must be alone: busy if any process has the target, or the file in the slot, open.
  [[nodiscard]] Result<void> nobody_has_target_open() const;
  [[nodiscard]] Result<void> nobody_has_open(Slot slot) const;

  // Content is not replaced under somebody who writes: changed, refused or busy by the engine's rule, with who does.
  [[nodiscard]] Result<void> nobody_writes_target(bool in_use = false) const;

  // Tells by inode that a new target is ours, since nothing was displaced for it.
  [[nodiscard]] Result<void> note_made(const TargetFacts& staged);
  [[nodiscard]] bool is_made(const TargetFacts& target) const;

  void step(std::string_view name) const {
    if (tools_->at_step) tools_->at_step(name);
  }

 private:
  ChangeSite(const RootFolder& root, const StagingTools& tools, const Change& change, SlotNames names, Place place,
             EffectMark mark)
      : root_(&root),
        tools_(&tools),
        change_(&change),
        names_(std::move(names)),
        place_(std::move(place)),
        mark_(std::move(mark)) {}
  [[nodiscard]] Look look() const;
  [[nodiscard]] std::unexpected<Error> failed(const std::string& what, int error_number) const;

  const RootFolder* root_;
  const StagingTools* tools_;
  const Change* change_;
  SlotNames names_;
  Place place_;
  EffectMark mark_;
  UniqueFd staging_;
};

}  // namespace autoheal::host
