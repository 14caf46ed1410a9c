#include "autoheal/workflows/judge/judged_ways.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "autoheal/engine/base/numbers.hpp"

namespace autoheal::workflows {

namespace {

constexpr int deepest_judged_merge = 64;

std::vector<std::string> names_of(std::string_view pointer) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < pointer.size(); ++at) {
    if (pointer[at] == '/') {
      names.emplace_back();
    } else if (!names.empty() && pointer.substr(at).starts_with("~1")) {
      names.back() += '/';
      ++at;
    } else if (!names.empty()) {
      names.back() += pointer[at];
      if (pointer.substr(at).starts_with("~0")) ++at;
    }
  }
  return names;
}

bool collect(const JudgedText& text, const JudgedNode& map, std::set<std::string>& known,
             std::vector<JudgedMember>& into, JudgedSteps& steps, int depth);

bool collect_all(const JudgedText& text, const JudgedNode& map, std::set<std::string>& known,
                 std::vector<JudgedMember>& into, JudgedSteps& steps, int depth) {
  if (map.kind != JudgedKind::map) return true;
  if (!steps.take(map.entries.size())) return false;
  for (const JudgedNode::Entry& entry : map.entries) {
    const JudgedNode& key = text.meant(entry.key);
    if (key.kind != JudgedKind::scalar || is_judged_merge(text, entry)) continue;
    if (known.insert(key.text).second) into.push_back({key.text, entry.value});
  }
  return collect(text, map, known, into, steps, depth);
}

bool collect(const JudgedText& text, const JudgedNode& map, std::set<std::string>& known,
             std::vector<JudgedMember>& into, JudgedSteps& steps, int depth) {
  if (depth > deepest_judged_merge) return false;
  for (const JudgedNode::Entry& entry : map.entries) {
    if (!is_judged_merge(text, entry)) continue;
    const JudgedNode& from = text.meant(entry.value);
    if (!collect_all(text, from, known, into, steps, depth + 1)) return false;
    for (const std::size_t item : from.items) {
      if (!collect_all(text, text.meant(item), known, into, steps, depth + 1)) return false;
    }
  }
  return true;
}

std::optional<std::size_t> item_of(const JudgedNode& list, const std::string& name) {
  const auto index = parse_number<std::size_t>(name);
  if (!index || (name.size() > 1 && name[0] == '0')) return std::nullopt;
  return *index < list.items.size() ? std::optional(list.items[*index]) : std::nullopt;
}

using Found = Result<std::optional<std::size_t>>;

Found member_of(const JudgedText& text, const JudgedNode& map, const std::string& name, JudgedSteps& steps) {
  std::optional<std::size_t> found;
  for (const JudgedNode::Entry& entry : map.entries) {
    const JudgedNode& key = text.meant(entry.key);
    if (key.kind != JudgedKind::scalar || key.text != name || is_judged_merge(text, entry)) continue;
    if (found && text.format == SettingsFormat::yaml)
      return failure(ErrorKind::invalid,
                     "\"" + name + "\" stands twice in one map, and readers differ on which counts");
    found = entry.value;
  }
  if (found) return found;
  const auto merged = merged_members(text, map, steps);
  if (!merged) return failure(ErrorKind::invalid, "the aliases and merges of the file unfold without measure");
  const auto member = std::ranges::find(*merged, name, &JudgedMember::name);
  if (member == merged->end()) return std::nullopt;
  return member->value;
}

Found node_at(const JudgedText& text, std::size_t root, const std::vector<std::string>& names, JudgedSteps& steps) {
  std::size_t at = root;
  for (const std::string& name : names) {
    const JudgedNode& here = text.meant(at);
    Found next = here.kind == JudgedKind::map ? member_of(text, here, name, steps) : Found(item_of(here, name));
    if (!next || !*next) return next;
    at = **next;
  }
  return at;
}

bool is_written(const JudgedText& text, std::size_t root) {
  const JudgedNode& node = text.nodes[root];
  return node.kind != JudgedKind::scalar || node.style != 'p' || !node.text.empty() || !node.tag.empty();
}

}  // namespace

std::string below(const std::string& pointer, std::string_view name) {
  std::string out = pointer + "/";
  for (const char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

bool is_judged_merge(const JudgedText& text, const JudgedNode::Entry& entry) {
  const JudgedNode& key = text.nodes[entry.key];
  if (text.format != SettingsFormat::yaml || key.kind != JudgedKind::scalar) return false;
  const bool says_so =
      key.tag == "tag:yaml.org,2002:merge" || (key.tag.empty() && key.style == 'p' && key.text == "<<");
  const JudgedNode& from = text.meant(entry.value);
  const auto is_map = [&text](std::size_t item) { return text.meant(item).kind == JudgedKind::map; };
  return says_so && (from.kind == JudgedKind::map ||
                     (from.kind == JudgedKind::list && !from.items.empty() && std::ranges::all_of(from.items, is_map)));
}

std::optional<std::vector<JudgedMember>> merged_members(const JudgedText& text, const JudgedNode& map,
                                                        JudgedSteps& steps) {
  std::vector<JudgedMember> members;
  if (std::ranges::none_of(map.entries, [&](const auto& entry) { return is_judged_merge(text, entry); }))
    return members;
  std::set<std::string> known;
  for (const JudgedNode::Entry& entry : map.entries) {
    const JudgedNode& key = text.meant(entry.key);
    if (key.kind == JudgedKind::scalar && !is_judged_merge(text, entry)) known.insert(key.text);
  }
  if (!steps.take(map.entries.size()) || !collect(text, map, known, members, steps, 0)) return std::nullopt;
  return members;
}

Result<JudgedPlace> judged_place(const JudgedText& text, std::string_view pointer) {
  JudgedSteps steps(text);
  const std::vector<std::string> names = names_of(pointer);
  std::vector<std::string> above = names;
  if (!above.empty()) above.pop_back();
  std::vector<std::size_t> written, meant;
  for (std::size_t index = 0; index < text.documents.size(); ++index) {
    if (is_written(text, text.documents[index].root)) written.push_back(index);
  }
  if (written.empty()) return failure(ErrorKind::invalid, "there is no document with anything in it");
  if (written.size() > 1) {
    for (const std::size_t index : written) {
      const Found parent = node_at(text, text.documents[index].root, above, steps);
      AUTOHEAL_TRY(parent);
      if (*parent && text.meant(**parent).kind != JudgedKind::scalar) meant.push_back(index);
    }
    if (meant.size() != 1) {
      return failure(ErrorKind::invalid, fmt::format("{} documents stand in the file, and {} of them could be meant",
                                                     written.size(), meant.size()));
    }
  }
  JudgedPlace place{written.size() == 1 ? written.front() : meant.front(), std::nullopt};
  const Found node = node_at(text, text.documents[place.document].root, names, steps);
  AUTOHEAL_TRY(node);
  place.node = *node;
  return place;
}

}  // namespace autoheal::workflows
