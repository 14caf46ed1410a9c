#include "autoheal/replay/text/plan_text.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "autoheal/workflows/plan/plan_secrets.hpp"

namespace autoheal::replay {

using namespace workflows;  // every line below reads its values

std::string short_digest(const std::string& name) {
  const auto colon = name.find(':');
  return colon == std::string::npos ? name.substr(0, 12) : name.substr(0, colon + 13);
}

std::string octal(FileMode mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", mode);
  return text;
}

namespace {

std::string readable(const std::string& text) { return stands_for_secret(text) ? "***" : text; }

std::string command_line(const ProgramRun& run) {
  std::string line;
  for (const auto& argument : run.argv) line += (line.empty() ? "" : " ") + readable(argument);
  return line;
}

std::string in_place_of(const TargetFacts& before) {
  return before.kind == TargetKind::other ? " (in place of something that is no file)"
                                          : fmt::format(" (in place of a {})", name_of(before.kind));
}

}  // namespace

std::string line_of(const Change& change) {
  const TargetFacts& before = change.before;
  const TargetAfter& after = change.after;
  if (after.kind == TargetKind::absent) return "remove " + before.path;
  if (change.kind == ChangeKind::state && !change.named.empty()) {
    const std::string how =
        before.kind == TargetKind::database || after.kind == TargetKind::folder ? "restore " : "swap ";
    return fmt::format("{}{} from {}: {}{}", how, before.path, change.named.front(), short_digest(after.content),
                       before.digest.empty() ? "" : " for " + short_digest(before.digest));
  }
  if (after.kind == TargetKind::link) {
    return fmt::format("link {} -> {}{}", before.path, after.link_target,
                       before.kind == TargetKind::link     ? fmt::format(" (was {})", before.link_target)
                       : before.kind == TargetKind::absent ? " (new)"
                                                           : in_place_of(before));
  }
  std::string text = std::string(name_of(change.kind)) + " " + before.path;
  if (before.kind == TargetKind::absent)
    return fmt::format("{}{}{})", text, after.kind == TargetKind::folder ? " (new folder, " : " (new, ",
                       octal(after.mode));
  if (before.kind != after.kind && change.kind != ChangeKind::state) text += in_place_of(before);
  if (before.digest != after.content) {
    text += fmt::format(": {} -> {}", short_digest(before.digest), short_digest(after.content));
  }
  if (before.mode != after.mode) text += fmt::format(", mode {} -> {}", octal(before.mode), octal(after.mode));
  if (before.uid != after.uid || before.gid != after.gid) {
    text += fmt::format(", owner {}:{} -> {}:{}", before.uid, before.gid, after.uid, after.gid);
  }
  if (before.acl != after.acl && before.kind == after.kind)
    text += fmt::format(", access list {} -> {}", before.acl.empty() ? "none" : before.acl,
                        after.acl.empty() ? "none" : after.acl);
  if (!change.named.empty()) {
    text += " (";
    for (const auto& name : change.named) text += (text.ends_with('(') ? "" : ", ") + name;
    text += ")";
  }
  return text;
}

std::string line_of(const Act& act) {
  std::string text(name_of(act.kind));
  text += " " + (act.call ? act.call->method + " " + readable(act.call->url) : command_line(act.run));
  return act.engine.empty() ? text : fmt::format("{} (of {})", text, act.engine);
}

std::vector<std::string> lines_of(const Plan& plan) {
  std::vector<std::string> lines;
  for (const Change& change : plan.changes) lines.push_back(line_of(change));
  for (const Act& act : plan.acts) lines.push_back(line_of(act));
  return lines;
}

}  // namespace autoheal::replay
