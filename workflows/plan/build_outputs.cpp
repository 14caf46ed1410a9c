#include "autoheal/workflows/plan/build_outputs.hpp"

#include <algorithm>
#include <map>
#include <ranges>

#include "autoheal/workflows/text/glob.hpp"

namespace autoheal::workflows {

std::string problem_of_build(const Act& build, const std::vector<TargetFacts>& built) {
  for (const std::string& pattern : build.outputs) {
    const bool made = std::ranges::any_of(built, [&](const TargetFacts& facts) {
      return (facts.kind == TargetKind::file || facts.kind == TargetKind::link) && glob_matches(pattern, facts.path);
    });
    if (!made) return "it ended well, but left no " + pattern;
  }
  if (build.sha256.empty()) return {};
  const auto output = std::ranges::find(built, build.outputs.front(), &TargetFacts::path);
  if (output != built.end() && output->digest == "sha256:" + build.sha256) return {};
  return build.outputs.front() + " has another content than `sha256` says";
}

BuildUndo undo_of_build(const std::vector<TargetFacts>& before, const std::vector<TargetFacts>& built) {
  std::map<std::string, std::pair<TargetFacts, TargetFacts>> both;
  const auto absent = [](const std::string& path) {
    TargetFacts facts;
    facts.path = path;
    return facts;
  };
  for (const TargetFacts& facts : before) both[facts.path] = {facts, absent(facts.path)};
  for (const TargetFacts& facts : built) {
    const auto [pair, fresh] = both.try_emplace(facts.path, absent(facts.path), facts);
    if (!fresh) pair->second.second = facts;
  }
  // Undone from the last to the first: what is new goes, deepest first; then what is gone comes back, folders first.
  std::vector<std::pair<TargetFacts, TargetFacts>> ordered;
  const auto is_gone = [](const auto& pair) { return pair.second.kind == TargetKind::absent; };
  for (const auto& [path, pair] : both | std::views::reverse) {
    if (is_gone(pair)) ordered.push_back(pair);
  }
  for (const auto& [path, pair] : both) {
    if (!is_gone(pair)) ordered.push_back(pair);
  }
  BuildUndo undo;
  for (auto& [was, is] : ordered) {
    Change change;
    change.before = std::move(was);
    change.after = {is.kind, is.digest, is.mode, is.uid, is.gid, is.link_target};
    ChangeOutcome outcome;
    outcome.number = static_cast<unsigned>(undo.changes.size() + 1);
    outcome.left = std::move(is);
    undo.changes.push_back(std::move(change));
    undo.outcomes.push_back(std::move(outcome));
  }
  return undo;
}

}  // namespace autoheal::workflows
