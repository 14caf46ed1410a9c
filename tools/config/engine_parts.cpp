#include "tools/config/engine_parts.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "autoheal/workflows/edit/env_file.hpp"
#include "autoheal/workflows/edit/settings_edit.hpp"
#include "autoheal/workflows/edit/wanted_scalar.hpp"
#include "autoheal/workflows/spec/engine_fields.hpp"
#include "autoheal/workflows/text/line_expressions.hpp"
#include "tools/config/access_list_field.hpp"
#include "tools/config/texts/scalars.hpp"

namespace autoheal::config {

namespace {

using namespace workflows;  // every line below makes one of its values

std::string json_of(const Node& scalar) {
  switch (type_of(scalar)) {
    case ScalarType::null:
      return "null";
    case ScalarType::boolean:
      return scalar.text[0] == 't' || scalar.text[0] == 'T' ? "true" : "false";
    case ScalarType::number:
      if (wanted_scalar(scalar.text)) return scalar.text;
      break;
    case ScalarType::text:
      break;
  }
  return nlohmann::json(scalar.text).dump();
}

}  // namespace

std::optional<ProgramRun> EngineParts::program(const Node& map, std::string_view key, const std::string& path) const {
  const Node* list = map.find(key);
  if (list == nullptr) return std::nullopt;
  ProgramRun run;
  run.cwd = spec.root;
  for (const Node& item : list->items) run.argv.push_back(item.text);
  run.argv.front() = context.program(list->items.front(), join(path, std::string(key)));
  if (const Node* cwd = map.find("cwd")) run.cwd = context.absolute(cwd->text);
  read_fields(map, run);
  return run;
}

std::optional<std::string> EngineParts::acl(const Node& node, const std::string& path,
                                            const std::optional<FileMode>& mode, bool at_most) const {
  auto entries = access_list_at(node);
  if (!entries || !mode) return entries;
  if (const std::string problem = mask_problem(*entries, *mode, at_most); !problem.empty())
    context.wrong(*node.find("acl"), join(path, "acl"), problem);
  return entries;
}

void EngineParts::try_expressions(const Node& map, const std::string& path) const {
  const auto& items = list_at(map, "forbid");
  for (std::size_t index = 0; index < items.size(); ++index) {
    const ExpressionCheck check = check_line_expression(items[index].text);
    const std::string here = at(join(path, "forbid"), index);
    const std::string named = "\"" + items[index].text + "\": ";
    if (!check.problem.empty()) context.wrong(items[index], here, named + check.problem);
    for (const std::string& warning : check.warnings) context.warn(items[index], here, named + warning);
  }
}

void EngineParts::check_env_name(const Node& node, const std::string& path) const {
  if (!is_env_name(node.text))
    context.wrong(node, path, fmt::format("\"{}\" is not a name, expected letters, digits and _", node.text));
}

void EngineParts::check_settings_file(const Node& node, const std::string& path, const std::string& file) const {
  if (!file.ends_with(".json") && !file.ends_with(".yaml") && !file.ends_with(".yml")) {
    context.wrong(*node.find("file"), join(path, "file"),
                  fmt::format("\"{}\" is neither .json nor .yaml nor .yml, expected one of them", file));
  }
}

void EngineParts::check_pointer(const Node& pointer, const std::string& path) const {
  if (const auto tokens = pointer_tokens(pointer.text); !tokens)
    context.wrong(pointer, path, tokens.error().message + ", expected one such as /server/port");
}

std::vector<std::pair<std::string, std::string>> EngineParts::setting_values(const Node& map,
                                                                             const std::string& path) const {
  std::vector<std::pair<std::string, std::string>> values;
  for (std::size_t index = 0; index < map.keys.size(); ++index) {
    check_pointer(map.keys[index], path);
    const Node& value = map.items[index];
    values.emplace_back(map.keys[index].text, json_of(value));
    if (value.plain && values.back().second.starts_with('"') && looks_special(value.text))
      context.warn(value, join(path, map.keys[index].text),
                   value.text + " is taken for a text; put it in quotes, or write true, false or a decimal number");
  }
  return values;
}

}  // namespace autoheal::config
