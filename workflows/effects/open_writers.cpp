#include "autoheal/workflows/effects/open_writers.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "autoheal/workflows/spec/visit_spec.hpp"

namespace autoheal::workflows {

namespace {

void add_probed(const EngineSpec& spec, std::set<std::string>& paths) {
  for_each_probe(spec, [&paths](const Probe& probe) {
    if (const auto* env = std::get_if<EnvProbe>(&probe.what)) paths.insert(env->file);
    const auto* file = std::get_if<FileProbe>(&probe.what);
    // One that compares mode and owner alone does not read it: a log may be written to all the time.
    const bool reads =
        file != nullptr && (!file->baseline.empty() || !file->sha256.empty() || (!file->mode && file->owner.empty()));
    if (reads) paths.insert(file->path);
  });
}

std::string sentence_of(const FileInWriting& file) {
  if (file.state == Writing::changed) return file.path + " was changed while it was tested";
  if (file.state == Writing::settling) return file.path + " was emptied or moved away a moment ago";
  return file.path + " is being written" + (file.who.empty() ? "" : " by " + file.who);
}

}  // namespace

Writing writing_of(const WritingFacts& facts, OpenWriters rule, const WritingQuestion& question) {
  if (facts.open && (rule == OpenWriters::wait || facts.unchanged < quiet_after)) return Writing::yes;
  const bool may_come = facts.there ? facts.empty && !facts.open : question.gone_too;
  if (may_come && facts.unchanged < empty_settles_after) return Writing::settling;
  return facts.there && facts.unchanged < question.changed_within ? Writing::changed : Writing::no;
}

std::string sentence_of(const std::vector<FileInWriting>& files) {
  if (files.empty()) return {};
  const auto known = std::ranges::find(files, Writing::yes, &FileInWriting::state);
  const std::string first = sentence_of(known == files.end() ? files.front() : *known);
  return files.size() == 1 ? first : fmt::format("{}, and {} more", first, files.size() - 1);
}

Writing state_of(const std::vector<FileInWriting>& files) {
  Writing state = Writing::no;
  for (const FileInWriting& file : files) state = std::max(state, file.state);
  return state;
}

bool waited_enough(Writing state, Duration waited) {
  switch (state) {
    case Writing::no:
      return true;
    case Writing::changed:
      return waited >= longest_wait_for_writers;
    case Writing::settling:
      return waited >= quiet_after;
    case Writing::yes:
      return false;
  }
  return false;
}

std::vector<std::string> paths_with_content(const EngineSpec& spec) {
  std::set<std::string> paths;
  add_probed(spec, paths);
  for (const FileRepair& file : spec.repair.files) {
    if (!file.baseline.empty()) paths.insert(file.path);
  }
  for (const EnvRepair& env : spec.repair.env) paths.insert(env.file);
  for (const SettingsRepair& settings : spec.repair.settings) paths.insert(settings.file);
  for (const PolicyRepair& policy : spec.repair.policy) {
    if (!policy.forbid.empty()) paths.insert(policy.path);
  }
  return {paths.begin(), paths.end()};
}

}  // namespace autoheal::workflows
