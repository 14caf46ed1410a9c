#include "tools/config/read_context.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "autoheal/engine/base/durations.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/system_error.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "tools/config/open_file.hpp"
#include "tools/config/texts/scalars.hpp"

namespace autoheal::config {

namespace {

constexpr std::array<std::string_view, 6> search_path = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                                         "/usr/bin",        "/sbin",          "/bin"};

}  // namespace

void ReadContext::wrong(const Node& node, const std::string& path, std::string message) {
  problems.push_back({file.string(), node.line, node.column, path, std::move(message)});
}

void ReadContext::warn(const Node& node, const std::string& path, const std::string& message) {
  warnings.push_back(to_text({file.string(), node.line, node.column, path, message}));
}

std::string ReadContext::absolute(const std::string& source) const {
  return (file.parent_path() / source).lexically_normal().string();
}

std::string ReadContext::program(const Node& node, const std::string& path) {
  if (node.text.find('/') != std::string::npos) return absolute(node.text);
  if (!looks_at_files) return "/usr/bin/" + node.text;
  for (const std::string_view folder : search_path) {
    const std::string candidate = std::string(folder) + "/" + node.text;
    struct stat found{};
    if (::stat(candidate.c_str(), &found) == 0 && S_ISREG(found.st_mode) && (found.st_mode & 0111U) != 0)
      return candidate;
  }
  wrong(
      node, path,
      fmt::format("there is no program \"{}\" in the system's folders; expected an installed program, or a path with /",
                  node.text));
  return node.text;
}

engine::BlobName ReadContext::baseline(const Node& node, const std::string& path) {
  const std::string source = absolute(node.text);
  if (const auto known = baselines.find(source); known != baselines.end()) return known->second;
  if (!looks_at_files) {
    wrong(node, path,
          fmt::format("baseline {} is none of the configuration in force; an uploaded configuration reads no file",
                      source));
    return baselines[source] = "";
  }
  const UniqueFd opened = open_to_read(source);
  struct stat facts{};
  if (!opened || ::fstat(opened.get(), &facts) != 0) {
    wrong(node, path, fmt::format("baseline {} cannot be read ({}), expected a file", source, system_words(errno)));
  } else if (!S_ISREG(facts.st_mode)) {
    wrong(node, path, fmt::format("baseline {} is not a regular file", source));
  } else if (auto content = read_whole(opened.get(), largest_baseline_bytes); !content) {
    wrong(node, path, fmt::format("baseline {} is larger than vault.max_blob, or cannot be read", source));
  } else {
    baseline_modes[source] = facts.st_mode & 07777U;
    return baselines[source] = ports.keep_baseline(std::move(*content));
  }
  return baselines[source] = "";
}

std::optional<workflows::FileMode> ReadContext::mode_of_baseline(const Node& node) const {
  constexpr workflows::FileMode of_a_new_file = 0644;
  const auto known = baseline_modes.find(absolute(node.text));
  if (known == baseline_modes.end() || (known->second & of_a_new_file) == of_a_new_file) return std::nullopt;
  return known->second;
}

void read(const Node& map, std::string_view key, std::string& into) {
  if (const Node* node = map.find(key)) into = node->text;
}

void read(const Node& map, std::string_view key, bool& into) {
  if (const Node* node = map.find(key)) into = node->text[0] == 't' || node->text[0] == 'T';
}

void read(const Node& map, std::string_view key, unsigned& into) {
  if (const Node* node = map.find(key)) into = parse_number<unsigned>(node->text).value_or(into);
}

void read(const Node& map, std::string_view key, Duration& into) {
  if (const Node* node = map.find(key)) into = parse_duration(node->text).value_or(into);
}

void read(const Node& map, std::string_view key, std::optional<workflows::FileMode>& into) {
  if (const Node* node = map.find(key)) into = parse_mode(node->text);
}

void read(const Node& map, std::string_view key, std::vector<std::string>& into) {
  if (map.find(key) == nullptr) return;
  into.clear();
  for (const Node& item : list_at(map, key)) into.push_back(item.text);
}

void read(const Node& map, std::string_view key, std::map<std::string, std::string>& into) {
  const Node* node = map.find(key);
  if (node == nullptr) return;
  for (std::size_t index = 0; index < node->keys.size(); ++index)
    into[node->keys[index].text] = node->items[index].text;
}

const std::vector<Node>& list_at(const Node& map, std::string_view key) {
  static const std::vector<Node> none;
  const Node* node = map.find(key);
  return node == nullptr ? none : node->items;
}

std::vector<const Node*> groups_at(const Node& map, std::string_view key) {
  std::vector<const Node*> groups;
  const Node* found = map.find(key);
  if (found != nullptr && found->kind == NodeKind::map) return {found};
  for (const Node& item : list_at(map, key)) groups.push_back(&item);
  return groups;
}

}  // namespace autoheal::config
