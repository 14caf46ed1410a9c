// Settings in JSON and YAML files: after an edit two other readers see the value at its pointer and nothing else new.
// json or yaml, pointer, value and the file, as parts.
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "tests/fuzz/property.hpp"
#include "workflows/settings_edit.hpp"

namespace {

using namespace autoheal;
using fuzz::require;
using nlohmann::json;

void check_json(std::string_view before, const std::string& after, const std::string& pointer, const json& wanted) {
  json document = json::parse(before);
  document[json::json_pointer(pointer)] = wanted;
  require(json::parse(after) == document, "the value at the pointer changes, and only it", after);
}

void check_yaml(const std::string& after, const std::string& pointer, const json& wanted) {
  YAML::Node node = YAML::Load(after);
  for (const std::string& token : *workflows::pointer_tokens(pointer)) {
    YAML::Node next;
    if (node.IsSequence()) next.reset(node[std::stoul(token)]);
    for (const auto& item : node) {  // of equal keys the last one counts
      if (node.IsMap() && item.first.Scalar() == token) next.reset(item.second);
    }
    node.reset(next);
  }
  if (wanted.is_null()) return require(node.IsNull() || node.IsScalar(), "the value at the pointer is nothing", after);
  require(node.IsScalar(), "at the pointer stands a single value", after);
  if (wanted.is_string())
    require(node.Scalar() == wanted.get<std::string>(), "the value at the pointer is as wanted", after);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text_of(data, size);
  const auto format =
      fuzz::take_part(rest) == "yaml" ? workflows::SettingsFormat::yaml : workflows::SettingsFormat::json;
  const std::string pointer(fuzz::take_part(rest)), scalar(fuzz::take_part(rest));
  const auto edited = workflows::set_setting(rest, format, pointer, scalar);
  if (!edited) {
    require(!edited.error().message.empty(), "a refusal has a sentence");
    return 0;
  }
  const json wanted = json::parse(scalar);
  if (format == workflows::SettingsFormat::json) check_json(rest, *edited, pointer, wanted);
  if (format == workflows::SettingsFormat::yaml) check_yaml(*edited, pointer, wanted);
  require(workflows::set_setting(*edited, format, pointer, scalar) == *edited, "what is right stays to the byte",
          *edited);
  return 0;
}
