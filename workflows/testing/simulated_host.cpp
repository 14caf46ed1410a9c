#include "workflows/testing/simulated_host.hpp"

#include <algorithm>

#include "engine/digest.hpp"
#include "workflows/env_file.hpp"
#include "workflows/glob.hpp"
#include "workflows/security_rules.hpp"

namespace autoheal::workflows::testing {

namespace {

void call(const std::function<void()>& hook) {
  if (hook) hook();
}

bool is_as(const TargetFacts& now, const TargetAfter& after) {
  if (now.kind != after.kind) return false;
  if (after.kind == TargetKind::absent) return true;
  if (now.uid != after.uid || now.gid != after.gid) return false;
  if (after.kind == TargetKind::link) return now.link_target == after.link_target;
  return now.mode == after.mode && (after.kind != TargetKind::file || now.digest == after.content);
}

bool is_as_seen(const TargetFacts& now, TargetFacts seen) {
  seen.ctime_ns = now.ctime_ns;
  return now == seen;
}

}  // namespace

void SimulatedHost::write(const std::string& path, std::string content, FileMode mode) {
  const std::lock_guard lock(mutex_);
  files_[path] = {TargetKind::file, std::move(content), mode, 1000, 1000, next_inode_++, next_time_++, {}};
}

void SimulatedHost::make_link(const std::string& path, const std::string& target) {
  const std::lock_guard lock(mutex_);
  files_[path] = {TargetKind::link, {}, 0777, 1000, 1000, next_inode_++, next_time_++, target};
}

void SimulatedHost::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  files_.erase(path);
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
    text += path + " " + std::string(name_of(file.kind)) + " " + std::to_string(file.mode) + " " +
            std::to_string(file.uid) + ":" + std::to_string(file.gid) + " " + file.link_target + file.content;
    if (with_inodes) text += " #" + std::to_string(file.inode);
    text += "\n";
  }
  for (const std::string& service : services_) text += "runs " + service + "\n";
  return text;
}

void SimulatedHost::install(const std::string& path, Program program) {
  const std::lock_guard lock(mutex_);
  programs_[path] = std::move(program);
}

void SimulatedHost::set_service(const std::string& pidfile, bool runs) {
  const std::lock_guard lock(mutex_);
  if (runs) {
    services_.insert(pidfile);
  } else {
    services_.erase(pidfile);
  }
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
  return facts;
}

Result<Observation> SimulatedHost::observe(const EngineSpec& spec, const ObserveRequest& request) {
  const std::lock_guard lock(mutex_);
  Observation seen;
  std::map<std::string, TargetFacts> targets;
  for (const auto& target : request.targets) {
    std::vector<std::string> paths = {target.path};
    for (const auto& [path, file] : files_) {
      if (target.recursive && path.starts_with(target.path + "/")) paths.push_back(path);
    }
    for (const std::string& path : paths) {
      targets[path] = facts(spec, path);
      if (!target.keep_content || targets[path].kind != TargetKind::file) continue;
      auto name = blobs_.put(files_.at(path).content, naming_of_target(spec, path));
      if (!name) return std::unexpected(name.error());
      seen.contents[path] = *name;
    }
  }
  for (auto& [path, one] : targets) seen.targets.push_back(std::move(one));
  for (const std::string& owner : request.owners) {
    if (const auto known = known_owners.find(owner); known != known_owners.end()) seen.owners.insert(*known);
  }
  for (const auto& [key, path] : request.secrets) {
    const auto secret = secret_files.find(path);
    if (secret == secret_files.end()) return failure(ErrorKind::not_found, path + " cannot be read");
    auto name = blobs_.put(secret->second, engine::BlobNaming::keyed);
    if (!name) return std::unexpected(name.error());
    seen.secrets[key] = *name;
  }
  return seen;
}

std::vector<ChangeOutcome> SimulatedHost::apply(const EngineSpec& spec, std::span<const Change> changes,
                                                unsigned first_number, const EffectMark& mark) {
  call(hooks.before_apply);
  std::vector<ChangeOutcome> outcomes;
  {
    const std::lock_guard lock(mutex_);
    for (const Change& change : changes) {
      outcomes.push_back(apply_one(spec, change, mark));
      outcomes.back().number = first_number++;
    }
  }
  call(hooks.after_apply);
  return outcomes;
}

ChangeOutcome SimulatedHost::apply_one(const EngineSpec& spec, const Change& change, const EffectMark& mark) {
  ChangeOutcome outcome;
  const std::string& path = change.before.path;
  const TargetFacts now = facts(spec, path);
  if (is_as(now, change.after) && displaced_.contains(mark + " " + path)) {
    outcome.status = ChangeStatus::found_done;
    outcome.left = now;
    return outcome;
  }
  if (!is_as_seen(now, change.before)) {
    outcome.status = ChangeStatus::target_changed;
    outcome.message = path + " was changed by somebody else";
    return outcome;
  }
  SimulatedFile left{change.after.kind, {},           change.after.mode,       change.after.uid, change.after.gid,
                     next_inode_++,     next_time_++, change.after.link_target};
  if (change.after.kind == TargetKind::file) {
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
  const auto before = files_.find(path);
  displaced_[mark + " " + path] = {before == files_.end() ? std::nullopt : std::optional(before->second), left};
  if (change.after.kind == TargetKind::absent) {
    files_.erase(path);
  } else {
    files_[path] = left;
  }
  log_.push_back("apply " + mark + " " + path);
  outcome.left = facts(spec, path);
  return outcome;
}

std::vector<UndoOutcome> SimulatedHost::restore(const EngineSpec&, std::span<const Change> changes,
                                                std::span<const ChangeOutcome>, const EffectMark& mark) {
  call(hooks.before_restore);
  const std::lock_guard lock(mutex_);
  std::vector<UndoOutcome> outcomes(changes.size());
  for (std::size_t index = changes.size(); index-- > 0;) {
    outcomes[index] = restore_one(changes[index], mark);
    outcomes[index].number = static_cast<unsigned>(index + 1);
  }
  return outcomes;
}

UndoOutcome SimulatedHost::restore_one(const Change& change, const EffectMark& mark) {
  const std::string& path = change.before.path;
  const auto displaced = displaced_.find(mark + " " + path);
  if (displaced == displaced_.end()) return {0, UndoStatus::restored, "was not changed"};
  const auto now = files_.find(path);
  const bool absent = now == files_.end();
  const bool ours = absent ? displaced->second.left.kind == TargetKind::absent : now->second == displaced->second.left;
  if (!ours) return {0, UndoStatus::foreign, path + " was edited by somebody else since; it is left as it is"};
  if (displaced->second.before) {
    files_[path] = *displaced->second.before;
  } else {
    files_.erase(path);
  }
  displaced_.erase(displaced);
  log_.push_back("restore " + path);
  return {};
}

std::vector<std::string> SimulatedHost::settle(const EngineSpec&, const EffectMark& heal_mark) {
  const std::lock_guard lock(mutex_);
  std::erase_if(displaced_, [&](const auto& item) { return item.first.starts_with(heal_mark); });
  return {};
}

RunOutcome SimulatedHost::run(const RunRequest& request) {
  Program program;
  {
    const std::lock_guard lock(mutex_);
    const auto found = programs_.find(request.run.argv.front());
    if (found != programs_.end()) program = found->second;
    log_.push_back("run " + request.mark + " " + request.run.argv.front());
  }
  if (!program) {
    RunOutcome missing;
    missing.message = request.run.argv.front() + " is not installed";
    return missing;
  }
  RunOutcome outcome = program(request);
  outcome.started = true;
  if (outcome.program_sha256.empty()) outcome.program_sha256 = sha256_name(request.run.argv.front());
  return outcome;
}

std::string SimulatedHost::judge(const EngineSpec& spec, const Probe& probe, const EffectMark& mark,
                                 ProbeVerdict& verdict) {
  verdict = ProbeVerdict::fail;
  if (const auto* file = std::get_if<FileProbe>(&probe.what)) {
    const std::lock_guard lock(mutex_);
    const TargetFacts now = facts(spec, file->path);
    if (now.kind != TargetKind::file) return file->path + " is missing";
    if (!file->baseline.empty() && now.digest != file->baseline)
      return file->path + " differs from " + file->baseline_path;
    if (file->mode && now.mode != *file->mode) return file->path + " has another mode";
  } else if (const auto* env = std::get_if<EnvProbe>(&probe.what)) {
    const auto values = read_env(content(env->file));
    for (const std::string& name : env->require) {
      if (!values.contains(name)) return env->file + ": " + name + " is missing";
    }
    for (const auto& [name, value] : env->equals) {
      if (!values.contains(name) || values.at(name) != value) return env->file + ": " + name + " has another value";
    }
  } else if (const auto* process = std::get_if<ProcessProbe>(&probe.what)) {
    if (!process_runs(spec, process->pidfile)) return "the process of " + process->pidfile + " does not run";
  } else if (const auto* tcp = std::get_if<TcpProbe>(&probe.what)) {
    const std::lock_guard lock(mutex_);
    if (!reachable_.contains(tcp->host + ":" + std::to_string(tcp->port))) return tcp->host + " refused the connection";
  } else if (const auto* http = std::get_if<HttpProbe>(&probe.what)) {
    const std::lock_guard lock(mutex_);
    if (!reachable_.contains(http->url)) return http->url + " does not answer";
  } else {
    const auto* command = std::get_if<CommandProbe>(&probe.what);
    const ProgramRun& run_of = command != nullptr ? command->run : std::get<PluginProbe>(probe.what).run;
    const RunOutcome ran = run({run_of, mark});
    if (!ran.started || ran.exit_code != 0)
      return ran.message.empty() ? "exit status " + std::to_string(ran.exit_code) : ran.message;
  }
  verdict = ProbeVerdict::pass;
  return {};
}

ProbeResult SimulatedHost::probe(const EngineSpec& spec, const Probe& probe, const EffectMark& mark) {
  ProbeResult result;
  result.name = probe.name;
  result.heal = probe.heal;
  result.message = judge(spec, probe, mark, result.verdict);
  return result;
}

bool SimulatedHost::process_runs(const EngineSpec&, const std::string& pidfile) {
  const std::lock_guard lock(mutex_);
  return services_.contains(pidfile);
}

Result<std::vector<HashFinding>> SimulatedHost::hash(const EngineSpec& spec, const HashRequest& request) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> found;
  for (const auto& [path, file] : files_) {
    if (request.globs.empty()) break;  // a machine of many engines is not walked for one
    const bool matched =
        std::ranges::any_of(request.globs, [&](const std::string& glob) { return glob_matches(glob, path); });
    if (matched && file.kind == TargetKind::file) found[path] = facts(spec, path).digest;
  }
  for (const std::string& path : request.paths) found[path] = facts(spec, path).digest;
  std::vector<HashFinding> findings;
  for (auto& [path, digest] : found) findings.push_back({path, std::move(digest)});
  return findings;
}

Result<std::vector<SecurityFinding>> SimulatedHost::scan(const EngineSpec&, const SecuritySpec& policy,
                                                         const std::vector<std::string>& touched) {
  const std::lock_guard lock(mutex_);
  std::vector<SecurityFinding> findings;
  if (policy.paths.empty() && !policy.max_mode && policy.forbid.empty()) return findings;
  for (const auto& [path, file] : files_) {
    const auto below = [&](const std::string& folder) { return path == folder || path.starts_with(folder + "/"); };
    if (std::ranges::none_of(policy.paths, below) && std::ranges::find(touched, path) == touched.end()) continue;
    if (policy.max_mode && mode_within(file.mode, *policy.max_mode, file.kind) != file.mode) {
      findings.push_back({path, "max_mode", "its mode is wider than max_mode allows"});
    }
    if (const auto pattern = forbidden_in(file.content, policy.forbid)) {
      findings.push_back({path, "forbid", "holds what is forbidden: " + *pattern});
    }
  }
  return findings;
}

Result<std::vector<TargetFacts>> SimulatedHost::look(const EngineSpec& spec, const std::vector<std::string>& paths) {
  call(hooks.before_look);
  const std::lock_guard lock(mutex_);
  std::vector<TargetFacts> seen;
  for (const std::string& path : paths) seen.push_back(facts(spec, path));
  return seen;
}

std::size_t SimulatedHost::end_marked(const EffectMark&) { return 0; }

}  // namespace autoheal::workflows::testing
