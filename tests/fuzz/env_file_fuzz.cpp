// .env files: an edit shows its value, and nothing else of the file changes. NAME, VALUE and the file, as parts.
#include <vector>

#include "tests/fuzz/property.hpp"
#include "workflows/env_file.hpp"

namespace {

using namespace autoheal;
using fuzz::require;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

// One line was changed, or one was added behind all others.
bool one_line_differs(std::string_view before, std::string_view after) {
  const auto old_lines = lines_of(before), new_lines = lines_of(after);
  if (new_lines.size() == old_lines.size() + 1)
    return after.starts_with(before) && (before.empty() || after[after.size() - new_lines.back().size() - 1] == '\n');
  std::size_t changed = 0;
  for (std::size_t line = 0; line < old_lines.size() && line < new_lines.size(); ++line)
    changed += old_lines[line] != new_lines[line] ? 1 : 0;
  return old_lines.size() == new_lines.size() && changed <= 1;
}

void check_set(std::string_view text, const std::string& name, const std::string& value) {
  const auto edited = workflows::set_env(text, name, value);
  const bool possible = workflows::is_env_name(name) && value.find('\0') == std::string::npos;
  require(edited.has_value() == possible, "a name and a value without zero bytes can be set, others not");
  if (!edited) return;
  auto wanted = workflows::read_env(text);
  wanted[name] = value;
  require(workflows::read_env(*edited) == wanted, "after an edit the file shows its value and all others", *edited);
  require(one_line_differs(text, *edited), "an edit changes one line", *edited);
  require(workflows::set_env(*edited, name, value) == *edited, "what already is right stays to the byte", *edited);
}

void check_unset(std::string_view text, const std::string& name) {
  const std::string edited = workflows::unset_env(text, name);
  auto wanted = workflows::read_env(text);
  wanted.erase(name);
  require(workflows::read_env(edited) == wanted, "an unset name is gone, and only it", edited);
  require(workflows::unset_env(edited, name) == edited, "there is nothing left to unset", edited);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text_of(data, size);
  const std::string name(fuzz::take_part(rest)), value(fuzz::take_part(rest));
  check_set(rest, name, value);
  check_unset(rest, name);
  return 0;
}
