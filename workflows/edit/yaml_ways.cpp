#include "autoheal/workflows/edit/yaml_ways.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <span>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/workflows/text/settings_format.hpp"
#include "autoheal/workflows/text/text_places.hpp"

namespace autoheal::workflows {

namespace {

constexpr int deepest_merges = 64;
constexpr std::size_t most_places = 1'000;

std::optional<std::size_t> merged(const YamlStream& stream, const YamlNode& map, const std::string& name, int depth);

std::optional<std::size_t> own_or_merged(const YamlStream& stream, const YamlNode& map, const std::string& name,
                                         int depth) {
  if (map.kind != YamlKind::map) return std::nullopt;
  const auto own = own_entries(stream, map, name);
  return own.empty() ? merged(stream, map, name, depth) : own.back().value;
}

std::optional<std::size_t> merged(const YamlStream& stream, const YamlNode& map, const std::string& name, int depth) {
  if (depth > deepest_merges) return std::nullopt;
  for (const YamlEntry& entry : map.entries) {
    if (!is_merge_key(stream[entry.key])) continue;
    const YamlNode& from = stream.meant(entry.value);
    if (const auto found = own_or_merged(stream, from, name, depth + 1)) return found;
    for (const std::size_t item : from.items) {
      if (const auto found = own_or_merged(stream, stream.meant(item), name, depth + 1)) return found;
    }
  }
  return std::nullopt;
}

// The node that tokens lead to, through aliases and merges.
std::optional<std::size_t> seen_at(const YamlStream& stream, std::size_t root, std::span<const std::string> tokens) {
  std::size_t at = root;
  for (const std::string& token : tokens) {
    const YamlNode& here = stream.meant(at);
    const auto next = here.kind == YamlKind::list ? list_item(here, token) : own_or_merged(stream, here, token, 0);
    if (!next) return std::nullopt;
    at = *next;
  }
  return at;
}

bool is_collection(const YamlNode& node) { return node.kind == YamlKind::map || node.kind == YamlKind::list; }

std::string pointer_of(const Tokens& tokens) {
  std::string pointer;
  for (const std::string& token : tokens) {
    pointer += '/';
    for (const char c : token) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return pointer;
}

// One step of a way through the file; of a merge it has no name of its own.
struct WayStep {
  std::string token;
  std::size_t merges_into = 0;  // the map, where this is a merge
  bool is_merge = false;
};
using WaySteps = std::vector<WayStep>;

class WaysTo {
 public:
  explicit WaysTo(const YamlStream& stream) : stream_(stream) {}

  // All ways that lead to a node; nothing if there are too many.
  std::optional<std::vector<WaySteps>> of(std::size_t node, int depth = 0) {
    if (depth > 2 * deepest_settings || ++asked_ > 20 * most_places) return std::nullopt;
    std::vector<WaySteps> ways;
    if (stream_[node].parent == node) {
      ways.emplace_back();
    } else if (const auto step = step_to(node)) {
      auto above = of(stream_[node].parent, depth + 1);
      if (!above) return std::nullopt;
      for (WaySteps& way : *above) {
        way.push_back(*step);
        ways.push_back(std::move(way));
      }
    }
    if (stream_[node].anchor.empty() || stream_[node].kind == YamlKind::alias) return ways;
    for (std::size_t alias = node + 1; alias < stream_.nodes.size(); ++alias) {
      if (stream_[alias].kind != YamlKind::alias || stream_[alias].target != node) continue;
      auto more = of(alias, depth + 1);
      if (!more || ways.size() + more->size() > most_places) return std::nullopt;
      std::ranges::move(*more, std::back_inserter(ways));
    }
    return ways;
  }

  // The pointer that a way comes to; nothing if a map has the merged name itself.
  std::optional<Tokens> pointer(const WaySteps& way) const {
    Tokens tokens;
    for (std::size_t at = 0; at < way.size(); ++at) {
      if (!way[at].is_merge) {
        tokens.push_back(way[at].token);
        continue;
      }
      if (at + 1 == way.size()) return std::nullopt;
      if (!own_entries(stream_, stream_[way[at].merges_into], way[at + 1].token).empty()) return std::nullopt;
    }
    return tokens;
  }

 private:
  // From its parent; nothing for a key.
  std::optional<WayStep> step_to(std::size_t node) const {
    const std::size_t above = stream_[node].parent;
    const YamlNode& parent = stream_[above];
    for (std::size_t index = 0; index < parent.items.size(); ++index) {
      if (parent.items[index] != node) continue;
      const bool is_merge_list = is_value_of_merge(above);
      return WayStep{std::to_string(index), is_merge_list ? stream_[above].parent : 0, is_merge_list};
    }
    for (const YamlEntry& entry : parent.entries) {
      if (entry.value != node) continue;
      const YamlNode& key = stream_[entry.key];
      return WayStep{stream_.meant(entry.key).text, above, is_merge_key(key)};
    }
    return std::nullopt;
  }

  bool is_value_of_merge(std::size_t node) const {
    return std::ranges::any_of(stream_[stream_[node].parent].entries, [&](const YamlEntry& entry) {
      return entry.value == node && is_merge_key(stream_[entry.key]);
    });
  }

  const YamlStream& stream_;
  std::size_t asked_ = 0;
};

}  // namespace

bool is_merge_key(const YamlNode& key) {
  return key.kind == YamlKind::scalar && key.style == 'p' && key.text == "<<" && key.tag.empty();
}

std::vector<YamlEntry> own_entries(const YamlStream& stream, const YamlNode& map, const std::string& name) {
  std::vector<YamlEntry> found;
  for (const YamlEntry& entry : map.entries) {
    const YamlNode& key = stream.meant(entry.key);
    if (key.kind == YamlKind::scalar && key.text == name && !is_merge_key(stream[entry.key])) found.push_back(entry);
  }
  return found;
}

std::optional<std::size_t> merged_value(const YamlStream& stream, const YamlNode& map, const std::string& name) {
  return merged(stream, map, name, 0);
}

std::optional<std::size_t> list_item(const YamlNode& list, const std::string& token) {
  const auto index = parse_number<std::size_t>(token);
  const bool is_index = index && (token.size() == 1 || token[0] != '0');
  if (!is_index || *index >= list.items.size()) return std::nullopt;
  return list.items[*index];
}

Result<std::size_t> document_of(std::string_view text, const YamlStream& stream, const Tokens& tokens) {
  std::vector<std::size_t> written, meant;
  for (const std::size_t root : stream.documents) {
    if (stream[root].style != 'e') written.push_back(root);
  }
  if (written.empty()) {
    return failure(ErrorKind::invalid, "the file is empty, so it has no value that could be set",
                   "restore the whole file with `files`");
  }
  if (written.size() == 1) return written.front();
  const std::span<const std::string> above(tokens.data(), tokens.size() - 1);
  for (const std::size_t root : written) {
    const auto parent = seen_at(stream, root, above);
    if (parent && is_collection(stream.meant(*parent))) meant.push_back(root);
  }
  if (meant.size() == 1) return meant.front();
  const std::string what = above.empty() ? "a top level" : "a " + pointer_of({above.begin(), above.end()});
  std::string where;
  for (const std::size_t root : meant) where += (where.empty() ? " (" : "; ") + place_in(text, stream[root].begin);
  if (!where.empty()) where += ")";
  const std::string those = meant.empty() ? "none of them has" : fmt::format("{} of them have", meant.size());
  return failure(ErrorKind::invalid,
                 fmt::format("the file holds {} documents, and {} {}{}, so it is not clear which one is meant",
                             written.size(), those, what, where),
                 "keep the documents in files of their own, or restore the whole file with `files`");
}

Result<void> check_other_places(std::string_view text, const YamlStream& stream, const std::vector<std::size_t>& way,
                                const Tokens& tokens, const DeclaredSettings& declared) {
  const WantedScalar& wanted = declared.at(tokens);
  const auto anchored = std::ranges::find_if(way, [&](std::size_t node) { return !stream[node].anchor.empty(); });
  if (anchored == way.end()) return {};
  const std::string name = "&" + stream[*anchored].anchor + " (" + place_in(text, stream[*anchored].begin) + ")";
  WaysTo places(stream);
  auto ways = places.of(way.back());
  if (!ways) {
    return failure(ErrorKind::invalid, "it stands in " + name + ", which is repeated in too many places to tell them",
                   "write the values out");
  }
  for (WaySteps& steps : *ways) {
    for (std::size_t more = way.size() - 1; more < tokens.size(); ++more) steps.push_back({tokens[more], 0, false});
    const auto other = places.pointer(steps);
    if (!other || *other == tokens) continue;
    const auto known = declared.find(*other);
    if (known != declared.end() && known->second.kind == wanted.kind && known->second.text == wanted.text) continue;
    return failure(
        ErrorKind::invalid,
        fmt::format("it stands in {}, which {} repeats, so that one would change, too", name, pointer_of(*other)),
        fmt::format("declare {} with the same value beside it, or write its value out", pointer_of(*other)));
  }
  return {};
}

}  // namespace autoheal::workflows
