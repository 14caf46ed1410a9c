#include "autoheal/workflows/testing/simulated_host.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/workflows/plan/release_choice.hpp"
#include "autoheal/workflows/text/glob.hpp"

namespace autoheal::workflows::testing {

namespace {

void tell(const std::function<void()>& hook) {
  if (hook) hook();
}

bool is_as(const Change& change, const TargetFacts& now) {
  const TargetAfter& after = change.after;
  const bool sound_file = now.kind == TargetKind::database && after.kind == TargetKind::file;
  if (now.kind != after.kind && !sound_file) return false;
  if (after.kind == TargetKind::absent) return true;
  if (now.uid != after.uid || now.gid != after.gid) return false;
  if (after.kind == TargetKind::link) return now.link_target == after.link_target;
  const bool in_place = is_in_place(change) && !declares_content(change);
  const bool holds = !in_place && (after.kind == TargetKind::file || after.kind == TargetKind::database);
  return now.mode == after.mode && (!holds || now.digest == after.content);
}

constexpr unsigned page_size = 4096;

bool is_sound(const std::string& content) { return content.starts_with("sqlite:"); }

bool is_state(const EngineSpec& spec, const std::string& path) {
  return std::ranges::find(spec.repair.state, path, &StateRepair::path) != spec.repair.state.end();
}

bool is_as_seen(const Change& change, const TargetFacts& now) {
  TargetFacts seen = change.before;
  seen.ctime_ns = now.ctime_ns;
  if (is_in_place(change) && !declares_content(change)) {  // its writers keep their file
    seen.size = now.size;
    seen.mtime_ns = now.mtime_ns;
    seen.digest = now.digest;
  }
  return now == seen;
}

}  // namespace

void SimulatedHost::write(const std::string& path, std::string content, FileMode mode) {
  const std::lock_guard lock(mutex_);
  files_[path] = {TargetKind::file, std::move(content), mode, 1000, 1000, next_inode_++, next_time_++, {}};
  touched(path);
}

void SimulatedHost::take_over(const std::string& path, SimulatedFile file) {
  const std::lock_guard lock(mutex_);
  next_inode_ = std::max(next_inode_, file.inode + 1);
  next_time_ = std::max(next_time_, file.changed_at + 1);
  files_[path] = std::move(file);
}

void SimulatedHost::set_mode(const std::string& path, FileMode mode) {
  const std::lock_guard lock(mutex_);
  files_.at(path).mode = mode;
  touched(path);
}

void SimulatedHost::make_link(const std::string& path, const std::string& target) {
  const std::lock_guard lock(mutex_);
  files_[path] = {TargetKind::link, {}, 0777, 1000, 1000, next_inode_++, next_time_++, target};
}

void SimulatedHost::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  files_.erase(path);
  touched(path);
}

std::optional<SimulatedFile> SimulatedHost::file(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(path);
  return found == files_.end() ? std::nullopt : std::optional(found->second);
}

std::string SimulatedHost::content(const std::string& path) const {
  return file(path).value_or(SimulatedFile{}).content;
}

std::string SimulatedHost::picture(bool with_inodes) const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [path, file] : files_) {
    text += fmt::format("{} {} {} {}:{} {}{}", path, name_of(file.kind), file.mode, file.uid, file.gid,
                        file.link_target, file.content);
    if (with_inodes) text += fmt::format(" #{}", file.inode);
    text += "\n";
  }
  for (const std::string& service : services.pidfiles_of_running()) text += "runs " + service + "\n";
  return text;
}

void SimulatedHost::install(const std::string& path, Program program) {
  const std::lock_guard lock(mutex_);
  programs_[path] = std::move(program);
}

void SimulatedHost::set_reachable(const std::string& place, bool answers) {
  const std::lock_guard lock(mutex_);
  if (answers) {
    reachable_.insert(place);
  } else {
    reachable_.erase(place);
  }
}

std::vector<std::string> SimulatedHost::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

TargetFacts SimulatedHost::facts(const EngineSpec& spec, const std::string& path) const {
  TargetFacts facts;
  facts.path = path;
  const auto found = files_.find(path);
  if (found == files_.end()) return facts;
  const SimulatedFile& file = found->second;
  facts.kind = file.kind;
  facts.mode = file.mode;
  facts.uid = file.uid;
  facts.gid = file.gid;
  facts.device = 1;
  facts.inode = file.inode;
  facts.size = file.content.size();
  facts.links = 1;
  facts.mtime_ns = facts.ctime_ns = file.changed_at;
  facts.link_target = file.link_target;
  if (file.kind == TargetKind::file) facts.digest = blobs_.name_of(file.content, naming_of_target(spec, path));
  if (file.kind == TargetKind::file && is_state(spec, path) && is_sound(file.content)) {
    facts.kind = TargetKind::database;
    facts.size = facts.links = 0;
    facts.mtime_ns = facts.ctime_ns = 0;
  }
  return facts;
}

std::vector<TargetFacts> SimulatedHost::matching(const EngineSpec& spec, const std::vector<std::string>& globs) const {
  std::map<std::string, TargetFacts> found;
  for (const std::string& glob : globs) {
    if (!is_glob(glob)) found[glob] = facts(spec, glob);
    for (const auto& [path, file] : files_) {
      if (glob_matches(glob, path)) found[path] = facts(spec, path);
    }
  }
  std::vector<TargetFacts> all;
  for (auto& [path, one] : found) all.push_back(std::move(one));
  return all;
}

Result<void> SimulatedHost::observe_outputs(const EngineSpec& spec, const ObserveRequest& request, Observation& seen) {
  for (const auto& globs : request.outputs) {
    seen.outputs.push_back(matching(spec, globs));
    for (const TargetFacts& facts : seen.outputs.back()) {
      if (facts.kind != TargetKind::file) continue;
      AUTOHEAL_TRY(blobs_.put(files_.at(facts.path).content, naming_of_target(spec, facts.path)));
    }
  }
  return {};
}

void SimulatedHost::observe_releases(const EngineSpec& spec, const ObserveRequest& request, Observation& seen) const {
  for (const ReleaseRepair& repair : request.releases) {
    ReleasesFacts& facts = seen.releases[repair.link];
    const auto known = releases.find(repair.releases);
    if (known == releases.end()) continue;
    for (const auto& [name, problem] : known->second) facts.names.push_back(name);
    std::optional<std::string> failing;
    if (const auto link = files_.find(repair.link); link != files_.end()) {
      if (const auto linked = linked_release(repair, spec.root, link->second.link_target)) failing = linked->name;
    }
    for (const std::string& name : releases_within_reach(repair, facts.names, failing, request.attempt)) {
      const std::string& problem = known->second.at(name);
      facts.checked.push_back({name, problem.empty(), problem, sha256_name(name)});
    }
  }
}

Result<void> SimulatedHost::observe_states(const ObserveRequest& request, Observation& seen) {
  for (const StateRepair& state : request.states) {
    StateFacts& facts = seen.states[state.path];
    facts.page_size = page_size;
    for (const Snapshot& snapshot : snapshots[state.snapshot]) {
      auto content = blobs_.put(snapshot.content, engine::BlobNaming::plain);
      AUTOHEAL_TRY(content);
      facts.snapshots.push_back({snapshot.name, is_sound(snapshot.content) ? "" : "is damaged", std::move(*content),
                                 snapshot.age, page_size, 0});
    }
    if (const auto file = files_.find(state.path); file != files_.end()) {
      if (!is_sound(file->second.content)) facts.damage = "file is not a database";
      AUTOHEAL_TRY(blobs_.put(file->second.content, engine::BlobNaming::plain));
    }
  }
  return {};
}

Result<Observation> SimulatedHost::observe(const EngineSpec& spec, const ObserveRequest& request) {
  const std::lock_guard lock(mutex_);
  Observation seen;
  std::map<std::string, TargetFacts> targets;
  for (const auto& target : request.targets) {
    std::vector<std::string> paths = {target.path};
    for (const auto& [path, file] : files_) {
      if (!target.recursive) break;  // a machine of many engines is not walked for one
      if (path.starts_with(target.path + "/")) paths.push_back(path);
    }
    for (const std::string& path : paths) {
      targets[path] = facts(spec, path);
      if (!target.keep_content || targets[path].kind != TargetKind::file) continue;
      auto name = blobs_.put(files_.at(path).content, naming_of_target(spec, path));
      AUTOHEAL_TRY(name);
      seen.contents[path] = *name;
    }
  }
  for (const StateRepair& state : request.states) {
    for (const char* ending : {"", "-wal", "-shm"}) targets[state.path + ending] = facts(spec, state.path + ending);
  }
  AUTOHEAL_TRY(observe_outputs(spec, request, seen));
  observe_releases(spec, request, seen);
  AUTOHEAL_TRY(observe_states(request, seen));
  for (auto& [path, one] : targets) seen.targets.push_back(std::move(one));
  for (const std::string& owner : request.owners) {
    if (const auto known = known_owners.find(owner); known != known_owners.end()) seen.owners.insert(*known);
  }
  for (const auto& [key, path] : request.secrets) {
    const auto secret = secret_files.find(path);
    if (secret == secret_files.end()) return failure(ErrorKind::not_found, path + " cannot be read");
    auto name = blobs_.put(secret->second, engine::BlobNaming::keyed);
    AUTOHEAL_TRY(name);
    seen.secrets[key] = *name;
  }
  return seen;
}

std::vector<ChangeOutcome> SimulatedHost::apply(const EngineSpec& spec, std::span<const Change> changes,
                                                unsigned first_number, const EffectMark& mark) {
  tell(hooks.before_apply);
  std::vector<ChangeOutcome> outcomes;
  {
    const std::lock_guard lock(mutex_);
    for (const Change& change : changes) {
      outcomes.push_back(apply_one(spec, change, mark));
      outcomes.back().number = first_number++;
    }
  }
  tell(hooks.after_apply);
  return outcomes;
}

ChangeOutcome SimulatedHost::apply_one(const EngineSpec& spec, const Change& change, const EffectMark& mark) {
  ChangeOutcome outcome;
  const std::string& path = change.before.path;
  const TargetFacts now = facts(spec, path);
  if (is_as(change, now) && displaced_.contains(mark + " " + path)) {
    outcome.status = ChangeStatus::found_done;
    outcome.left = now;
    return outcome;
  }
  if (!is_as_seen(change, now)) {
    outcome.status = ChangeStatus::target_changed;
    outcome.message = path + " was changed by somebody else";
    return outcome;
  }
  if (auto held_up = held_up_by_writer(spec, change)) return *held_up;
  SimulatedFile left{change.after.kind, {},           change.after.mode,       change.after.uid, change.after.gid,
                     next_inode_++,     next_time_++, change.after.link_target};
  const auto before = files_.find(path);
  const bool in_place = is_in_place(change);
  if (in_place) {
    left = before->second;
    left.mode = change.after.mode;
    left.uid = change.after.uid;
    left.gid = change.after.gid;
  }
  const bool database = change.after.kind == TargetKind::database;
  if (database) left.kind = TargetKind::file;
  if (!in_place && (change.after.kind == TargetKind::file || database)) {
    if (change.after.content == change.before.digest) {
      left.content = files_.at(path).content;
    } else if (auto content = blobs_.get(change.after.content)) {
      left.content = std::move(*content);
    } else {
      outcome.status = ChangeStatus::failed;
      outcome.message = content.error().message;
      return outcome;
    }
  }
  Displaced& displaced = displaced_[mark + " " + path];
  displaced = {{}, left, {}, naming_of_target(spec, path), in_place};
  if (before != files_.end()) {
    displaced.before = before->second;
    displaced.content = before->second.content;
  }
  if (change.after.kind == TargetKind::absent) {
    files_.erase(path);
  } else {
    files_[path] = left;
  }
  touched(path);
  log_.push_back(fmt::format("apply {} {}", mark, path));
  outcome.left = facts(spec, path);
  return outcome;
}

std::vector<UndoOutcome> SimulatedHost::restore(const EngineSpec& spec, std::span<const Change> changes,
                                                unsigned first_number, std::span<const ChangeOutcome> told,
                                                const EffectMark& mark) {
  tell(hooks.before_restore);
  const std::lock_guard lock(mutex_);
  std::vector<UndoOutcome> outcomes(changes.size());
  for (std::size_t index = changes.size(); index-- > 0;) {
    const unsigned number = first_number + static_cast<unsigned>(index);
    const auto outcome = std::ranges::find(told, number, &ChangeOutcome::number);
    outcomes[index] = restore_one(spec, changes[index], outcome == told.end() ? nullptr : &*outcome, mark);
    outcomes[index].number = number;
  }
  return outcomes;
}

// Restores from the observation an output that a build wrote and no change of a plan displaced.
UndoOutcome SimulatedHost::restore_output(const EngineSpec& spec, const Change& change, const ChangeOutcome& outcome) {
  const std::string& path = change.before.path;
  const TargetFacts now = facts(spec, path);
  if (now == change.before) return {};
  if (now != outcome.left) return {0, UndoStatus::foreign, path + " was edited by somebody else since"};
  if (change.before.kind == TargetKind::absent) {
    files_.erase(path);
    return {};
  }
  const TargetFacts& was = change.before;
  SimulatedFile file{was.kind, {}, was.mode, was.uid, was.gid, next_inode_++, next_time_++, was.link_target};
  if (was.kind == TargetKind::file) file.content = blobs_.get(was.digest).value_or("lost");
  files_[path] = std::move(file);
  return {};
}

UndoOutcome SimulatedHost::restore_one(const EngineSpec& spec, const Change& change, const ChangeOutcome* outcome,
                                       const EffectMark& mark) {
  const std::string& path = change.before.path;
  const auto displaced = displaced_.find(mark + " " + path);
  if (displaced == displaced_.end()) {
    const bool told = outcome != nullptr && outcome->status == ChangeStatus::done;
    return told ? restore_output(spec, change, *outcome) : UndoOutcome{0, UndoStatus::restored, "was not changed"};
  }
  const auto now = files_.find(path);
  const bool absent = now == files_.end();
  const bool same_inode = !absent && now->second.inode == displaced->second.left.inode;
  if (displaced->second.in_place && same_inode && !declares_content(change)) {  // its writers keep their file
    const SimulatedFile& before = *displaced->second.before;
    now->second.mode = before.mode;
    now->second.uid = before.uid;
    now->second.gid = before.gid;
    displaced_.erase(displaced);
    log_.push_back("restore " + path);
    return {};
  }
  const bool ours = absent ? displaced->second.left.kind == TargetKind::absent : now->second == displaced->second.left;
  if (!ours && !change.used_by_service)
    return {0, UndoStatus::foreign, path + " was edited by somebody else since; it is left as it is"};
  if (displaced->second.before) {
    files_[path] = *displaced->second.before;
  } else {
    files_.erase(path);
  }
  touched(path);
  displaced_.erase(displaced);
  log_.push_back("restore " + path);
  return {};
}

CallOutcome SimulatedHost::call(const HttpCall& call, const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    log_.push_back(fmt::format("call {} {} {}", key, call.method, call.url));
  }
  if (answer) return answer(call, key);
  CallOutcome outcome;
  outcome.message = "connection refused";
  return outcome;
}

Result<std::vector<TargetFacts>> SimulatedHost::outputs(const EngineSpec& spec, const std::vector<std::string>& globs) {
  const std::lock_guard lock(mutex_);
  return matching(spec, globs);
}

ReleaseFacts SimulatedHost::check_release(const EngineSpec&, const ReleaseRepair& repair, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto known = releases.find(repair.releases);
  if (known == releases.end() || !known->second.contains(name)) return {name, false, "is missing", {}};
  const std::string& problem = known->second.at(name);
  return {name, problem.empty(), problem, sha256_name(name)};
}

RunOutcome SimulatedHost::run(const RunRequest& request) {
  Program program;
  if (!request.run.unit.empty() && services.knows(request.run.unit))
    return give_order ? give_order(request) : order_unit(request.run);
  {
    const std::lock_guard lock(mutex_);
    const auto found = programs_.find(request.run.argv.front());
    if (found != programs_.end()) program = found->second;
    log_.push_back(fmt::format("run {} {}", request.mark, request.run.argv.front()));
  }
  if (!program) {
    RunOutcome missing;
    missing.message = request.run.argv.front() + " is not installed";
    return missing;
  }
  RunOutcome outcome = program(request);
  outcome.started = !outcome.no_room;
  if (outcome.program_sha256.empty()) outcome.program_sha256 = sha256_name(request.run.argv.front());
  return outcome;
}

Result<std::vector<TargetFacts>> SimulatedHost::look(const EngineSpec& spec, const std::vector<std::string>& paths) {
  tell(hooks.before_look);
  const std::lock_guard lock(mutex_);
  std::vector<TargetFacts> seen;
  for (const std::string& path : paths) seen.push_back(facts(spec, path));
  return seen;
}

Result<std::string> SimulatedHost::read(const EngineSpec&, const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(path);
  if (found == files_.end() || found->second.kind != TargetKind::file)
    return failure(ErrorKind::not_found, path + " is missing or no file");
  return found->second.content;
}

std::size_t SimulatedHost::end_marked(const EffectMark&) { return 0; }

}  // namespace autoheal::workflows::testing
