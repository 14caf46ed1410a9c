#include "tools/config/ledger_place.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "tools/config/source_file.hpp"
#include "tools/config/yaml_tree.hpp"

namespace autoheal::config {

namespace {

constexpr std::string_view default_place = "var/ledger.db";
constexpr std::string_view key = "ledger";

// Empty: none.
std::string ledger_in(const std::string& file, const std::string& text) {
  std::vector<Problem> problems;
  const Node top = parse_yaml(file, text, problems);
  const Node* found = problems.empty() ? top.find(key) : nullptr;
  return found != nullptr && found->kind == NodeKind::scalar ? found->text : std::string();
}

// A key of the top begins its line, so that it is found whatever the lines around it are.
std::string ledger_line_in(const std::string& file, std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    while (line.ends_with('\r')) line.pop_back();
    if (line.starts_with(key)) {
      if (auto found = ledger_in(file, line); !found.empty()) return found;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

}  // namespace

std::vector<std::string> places_of_ledger(const std::string& file) {
  const auto path = std::filesystem::absolute(file).lexically_normal();
  const auto absolute = [&](std::string_view place) {
    return (path.parent_path() / place).lexically_normal().string();
  };
  std::vector<std::string> places;
  if (const auto text = read_source_file(path.string())) {
    std::string named = ledger_in(path.string(), *text);
    if (named.empty()) named = ledger_line_in(path.string(), *text);
    if (!named.empty()) places.push_back(absolute(named));
  }
  places.push_back(absolute(default_place));
  return places;
}

}  // namespace autoheal::config
