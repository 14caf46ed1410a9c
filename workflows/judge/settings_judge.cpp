#include "autoheal/workflows/judge/settings_judge.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "autoheal/workflows/judge/judged_ways.hpp"

namespace autoheal::workflows {

namespace {

using Set = std::map<std::string, std::string>;

constexpr std::size_t most_reasons = 10;

// Both texts side by side, one document of each. Pointers that nobody can declare begin without a slash.
class Comparison {
 public:
  Comparison(const JudgedText& before, const JudgedText& after, const Set& set, std::vector<std::string>& reasons)
      : before_(before), after_(after), set_(set), reasons_(reasons), steps_(before) {}

  void documents(const JudgedText::Document& before, const JudgedText::Document& after) {
    if (before.directives != after.directives) say("the lines that begin with % are not the same");
    values(before.root, after.root, {});
    for (const auto& [pointer, wanted] : set_) {
      if (!met_.contains(pointer)) say(pointer + " is not there");
    }
    if (used_up_) say("the aliases and merges of the file unfold without measure");
  }

 private:
  void say(std::string reason) {
    if (reasons_.size() < most_reasons) reasons_.push_back(std::move(reason));
  }
  static std::string named(const std::string& pointer) { return pointer.empty() ? "the document" : pointer; }

  bool goes_on() {
    used_up_ = used_up_ || !steps_.take();
    return !used_up_ && reasons_.size() < most_reasons;
  }

  bool leads_to_set(const std::string& pointer) const {
    const auto next = set_.lower_bound(pointer + "/");
    return set_.contains(pointer) || (next != set_.end() && next->first.starts_with(pointer + "/"));
  }

  void values(std::size_t before, std::size_t after, const std::string& pointer) {
    if (!goes_on()) return;
    const JudgedNode& was = before_.meant(before);
    if (set_.contains(pointer)) {
      if (was.kind != JudgedKind::scalar) return say(pointer + ": a single value replaces what had values in it");
      return wanted(after, pointer);
    }
    const JudgedNode& is = after_.meant(after);
    if (was.kind == JudgedKind::scalar && is.kind == JudgedKind::map && leads_to_set(pointer) &&
        meaning_of(was, before_.format).kind == JudgedMeaning::Kind::null)
      return maps(nothing_yet(), is, pointer);
    if (was.kind != is.kind) return say(named(pointer) + " is of another kind than before");
    if (was.tag != is.tag) say(named(pointer) + " has another tag than before");
    if (was.kind == JudgedKind::scalar) {
      if (was.text != is.text || was.style != is.style) say(named(pointer) + " is not what it was before");
    } else if (was.kind == JudgedKind::list) {
      lists(was, is, pointer);
    } else {
      maps(was, is, pointer);
    }
  }

  static const JudgedNode& nothing_yet() {
    static const JudgedNode map = [] {
      JudgedNode node;
      node.kind = JudgedKind::map;
      return node;
    }();
    return map;
  }

  void wanted(std::size_t after, const std::string& pointer) {
    met_.insert(pointer);
    const JudgedNode& is = after_.meant(after);
    if (is.kind != JudgedKind::scalar) return say(pointer + " is not a single value");
    const JudgedMeaning meaning = meaning_of(is, after_.format);
    if (means(meaning, set_.at(pointer))) return;
    say(pointer + (meaning.kind == JudgedMeaning::Kind::unclear ? " is not the same for all readers of YAML"
                                                                : " is not the value that was to be set"));
  }

  void lists(const JudgedNode& was, const JudgedNode& is, const std::string& pointer) {
    if (was.items.size() != is.items.size()) return say(named(pointer) + " has more or fewer elements than before");
    for (std::size_t index = 0; index < was.items.size() && goes_on(); ++index)
      values(was.items[index], is.items[index], below(pointer, std::to_string(index)));
  }

  void maps(const JudgedNode& was, const JudgedNode& is, const std::string& pointer) {
    own_members(was, is, pointer);
    const auto merged_before = merged_members(before_, was, steps_);
    const auto merged_after = merged_members(after_, is, steps_);
    used_up_ = used_up_ || !merged_before || !merged_after;
    if (used_up_) return;
    const auto has_own = [&](const std::string& name) {
      return std::ranges::any_of(is.entries, [&](const JudgedNode::Entry& entry) {
        return !is_judged_merge(after_, entry) && after_.meant(entry.key).text == name;
      });
    };
    for (const JudgedMember& member : *merged_before) {
      const auto now = std::ranges::find(*merged_after, member.name, &JudgedMember::name);
      if (now != merged_after->end()) {
        values(member.value, now->value, below(pointer, member.name));
      } else if (!has_own(member.name)) {
        say(below(pointer, member.name) + " is gone");
      }
    }
    for (const JudgedMember& member : *merged_after) {
      if (std::ranges::find(*merged_before, member.name, &JudgedMember::name) == merged_before->end())
        appeared(member.value, below(pointer, member.name));
    }
  }

  void appeared(std::size_t value, const std::string& pointer) {
    if (set_.contains(pointer)) return wanted(value, pointer);
    say(pointer + " was not there before");
  }

  // Where each name stands for the last time: in JSON that is the one which counts.
  static std::map<std::string, std::size_t> last_of_names(const JudgedText& text, const JudgedNode& map) {
    std::map<std::string, std::size_t> last;
    for (std::size_t index = 0; index < map.entries.size(); ++index) {
      const JudgedNode& key = text.meant(map.entries[index].key);
      if (key.kind == JudgedKind::scalar) last[key.text] = index;
    }
    return last;
  }

  std::string pointer_of(const JudgedText& text, const JudgedNode& map, std::size_t index, const std::string& pointer,
                         const std::map<std::string, std::size_t>& last) {
    const JudgedNode::Entry& entry = map.entries[index];
    const JudgedNode& key = text.meant(entry.key);
    if (key.kind != JudgedKind::scalar) return "(a value under a name that is no text)";
    if (is_judged_merge(text, entry)) return "(a merge in " + named(pointer) + ")";
    std::string here = below(pointer, key.text);
    if (last.at(key.text) == index) return here;
    if (text.format == SettingsFormat::yaml && leads_to_set(here)) say(here + " stands there twice");
    return "(an earlier value of " + here + ")";
  }

  // In their order; what is new among them was set.
  void own_members(const JudgedNode& was, const JudgedNode& is, const std::string& pointer) {
    const auto last_before = last_of_names(before_, was), last_after = last_of_names(after_, is);
    std::size_t old = 0;
    for (std::size_t index = 0; index < is.entries.size() && goes_on(); ++index) {
      const JudgedNode::Entry& now = is.entries[index];
      const std::string here = pointer_of(after_, is, index, pointer, last_after);
      if (old < was.entries.size() && same_key(was.entries[old].key, now.key)) {
        const bool is_merge = is_judged_merge(after_, now);
        if (!is_merge && pointer_of(before_, was, old, pointer, last_before) != here)
          return say(here + " stands there more or less often than before");
        // Merged members are compared by name, in the map that they are merged into.
        if (!is_merge) values(was.entries[old].value, now.value, here);
        ++old;
      } else if (is_judged_merge(after_, now) || last_before.contains(after_.meant(now.key).text)) {
        return say(named(pointer) + ": its members are not those of before");
      } else {
        appeared(now.value, here);
      }
    }
    if (old < was.entries.size() && !used_up_ && reasons_.size() < most_reasons)
      say(pointer_of(before_, was, old, pointer, last_before) + " is gone");
  }

  // As it is written, aliases followed.
  bool same_key(std::size_t before, std::size_t after) {
    if (!goes_on()) return false;
    const JudgedNode &was = before_.meant(before), &is = after_.meant(after);
    if (was.kind != is.kind || was.text != is.text || was.tag != is.tag || was.style != is.style ||
        was.items.size() != is.items.size() || was.entries.size() != is.entries.size())
      return false;
    for (std::size_t index = 0; index < was.items.size(); ++index) {
      if (!same_key(was.items[index], is.items[index])) return false;
    }
    for (std::size_t index = 0; index < was.entries.size(); ++index) {
      if (!same_key(was.entries[index].key, is.entries[index].key) ||
          !same_key(was.entries[index].value, is.entries[index].value))
        return false;
    }
    return true;
  }

  const JudgedText& before_;
  const JudgedText& after_;
  const Set& set_;
  std::vector<std::string>& reasons_;
  JudgedSteps steps_;
  std::set<std::string> met_;
  bool used_up_ = false;
};

}  // namespace

std::vector<std::string> judge_settings(std::string_view before, std::string_view after, SettingsFormat format,
                                        const std::vector<std::pair<std::string, std::string>>& set) {
  const auto was = judged_text(before, format);
  if (!was) return {"before the edit: " + was.error().message};
  const auto is = judged_text(after, format);
  if (!is) return {"after the edit: " + is.error().message};
  if (was->documents.size() != is->documents.size()) return {"there are more or fewer documents than before"};
  std::vector<std::string> reasons;
  std::vector<Set> sets(was->documents.size());
  for (const auto& [pointer, value] : set) {
    const auto place = judged_place(*was, pointer);
    if (!place) {
      reasons.push_back(pointer + ": " + place.error().message);
    } else {
      sets[place->document][pointer] = value;
    }
  }
  for (std::size_t index = 0; index < sets.size() && reasons.empty(); ++index)
    Comparison(*was, *is, sets[index], reasons).documents(was->documents[index], is->documents[index]);
  return reasons;
}

bool SettingSeen::is(std::string_view wanted) const {
  switch (kind) {
    case Kind::null:
      return means({JudgedMeaning::Kind::null, text}, wanted);
    case Kind::boolean:
      return means({JudgedMeaning::Kind::boolean, text}, wanted);
    case Kind::number:
      return means({JudgedMeaning::Kind::number, text}, wanted);
    case Kind::text:
      return means({JudgedMeaning::Kind::text, text}, wanted);
    default:
      return false;
  }
}

namespace {

SettingSeen seen(const JudgedText& text, const JudgedNode& node) {
  if (node.kind == JudgedKind::list) return {SettingSeen::Kind::list, {}};
  if (node.kind == JudgedKind::map) return {SettingSeen::Kind::object, {}};
  const JudgedMeaning meaning = meaning_of(node, text.format);
  switch (meaning.kind) {
    case JudgedMeaning::Kind::null:
      return {SettingSeen::Kind::null, {}};
    case JudgedMeaning::Kind::boolean:
      return {SettingSeen::Kind::boolean, meaning.text};
    case JudgedMeaning::Kind::number:
      return {SettingSeen::Kind::number, meaning.text};
    case JudgedMeaning::Kind::text:
      return {SettingSeen::Kind::text, meaning.text};
    case JudgedMeaning::Kind::custom:
      return {SettingSeen::Kind::custom, node.tag + " " + meaning.text};
    case JudgedMeaning::Kind::unclear:
      break;
  }
  return {SettingSeen::Kind::unclear, meaning.text};
}

}  // namespace

Result<std::vector<std::optional<SettingSeen>>> read_settings(std::string_view text, SettingsFormat format,
                                                              const std::vector<std::string>& pointers) {
  const auto read = judged_text(text, format);
  AUTOHEAL_TRY(read);
  std::vector<std::optional<SettingSeen>> all;
  for (const std::string& pointer : pointers) {
    const auto place = judged_place(*read, pointer);
    if (!place) return failure(ErrorKind::invalid, pointer + ": " + place.error().message);
    all.push_back(place->node ? std::optional(seen(*read, read->meant(*place->node))) : std::nullopt);
  }
  return all;
}

Result<std::optional<SettingSeen>> read_setting(std::string_view text, SettingsFormat format,
                                                std::string_view pointer) {
  auto all = read_settings(text, format, {std::string(pointer)});
  AUTOHEAL_TRY(all);
  return std::move(all->front());
}

}  // namespace autoheal::workflows
