#include "tools/config/describe_fields.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "tools/config/type_words.hpp"

namespace autoheal::config {

namespace {

using Json = nlohmann::ordered_json;

Json schema_of(const Shape& shape);

Json text_like(std::string_view expression) { return {{"type", "string"}, {"pattern", expression}}; }

Json bounded(const Field& field) {
  Json json = {{"type", "integer"}};
  if (field.maximum != 0) {
    json["minimum"] = field.minimum;
    json["maximum"] = field.maximum;
  }
  return json;
}

Json duration_schema(const Field& field) {
  Json seconds = {{"type", "number"}, {"minimum", static_cast<double>(field.minimum) / 1e6}};
  if (field.maximum != 0) seconds["maximum"] = static_cast<double>(field.maximum) / 1e6;
  return {{"anyOf", Json::array({text_like(R"(^[0-9]+(\.[0-9]{1,6})?(ms|s|m|h)?$)"), seconds})}};
}

Json type_schema(const Field& field) {
  constexpr std::string_view below_root =
      R"(^(?!/)(?!(.*/)?\.\.(/|$))(?!(.*/)?\.autoheal(/|$))(?!(.*/)?[^/]{256})[^\u0000-\u001f\u007f]+$)";
  switch (field.type) {
    case FieldType::text:
      if (!field.choices.empty())
        return {{"enum", std::vector<std::string>(field.choices.begin(), field.choices.end())}};
      return {{"type", "string"}};
    case FieldType::word:
      return text_like(R"(^[^\s/]{1,255}$)");
    case FieldType::argument:
      return {{"type", Json::array({"string", "number", "boolean"})}};
    case FieldType::boolean:
      return {{"type", "boolean"}};
    case FieldType::integer:
      return bounded(field);
    case FieldType::duration:
      return duration_schema(field);
    case FieldType::size:
      return {{"anyOf", Json::array({text_like(R"(^[0-9]+([KMGT]iB)?$)"), bounded(field)})}};
    case FieldType::mode:
      return text_like("^[0-7]{3,5}$");
    case FieldType::owner:
      return text_like(R"(^[^:\s/]+:[^:\s/]+$)");
    case FieldType::target:
    case FieldType::pattern:
      return text_like(below_root);
    case FieldType::source:
      return {{"type", "string"}, {"minLength", 1}};
    case FieldType::regex:
      return {{"type", "string"}, {"format", "regex"}};
    case FieldType::url:
      return text_like(R"(^https?://\S*$)");
    case FieldType::digest:
      return text_like("^[0-9a-f]{64}$");
    case FieldType::value:
      return {{"type", Json::array({"string", "number", "boolean", "null"})}};
    case FieldType::env_value: {
      const Json from = {{"type", "object"},
                         {"properties", {{"from", {{"type", "string"}, {"minLength", 1}}}}},
                         {"required", Json::array({"from"})},
                         {"additionalProperties", false}};
      return {{"anyOf", Json::array({Json{{"type", Json::array({"string", "number"})}}, from})}};
    }
    case FieldType::object:
      return schema_of(*field.shape);
    case FieldType::map:
      break;
  }
  const Field& inner = field.shape->fields.front();
  Json value = type_schema(inner);
  if (inner.list) value = {{"type", "array"}, {"items", value}};
  if (inner.list && inner.type == FieldType::argument) value["minItems"] = 1;
  return {{"type", "object"}, {"additionalProperties", value}};
}

Json schema_of(const Field& field) {
  Json json = type_schema(field);
  if (field.list) json = {{"type", "array"}, {"items", json}};
  if (field.list && field.type == FieldType::argument) json["minItems"] = 1;
  if (field.or_else != nullptr) json = {{"anyOf", Json::array({json, schema_of(*field.or_else)})}};
  const std::string fallback = field.fallback.text();
  json["description"] = std::string(field.help) + (fallback.empty() ? "" : fmt::format(" (default: {})", fallback));
  return json;
}

Json schema_of(const Shape& shape) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Field& field : shape.fields) {
    properties[std::string(field.name)] = schema_of(field);
    if (field.required) required.push_back(field.name);
  }
  Json json = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) json["required"] = required;
  for (const std::string_view name : shape.exactly_one_of) json["oneOf"].push_back({{"required", Json::array({name})}});
  return json;
}

void describe(const Shape& shape, const std::string& indent, std::string& out) {
  for (const Field& field : shape.fields) {
    if (field.name == "*") continue;
    std::string type(words_of(field.type).in_help);
    if (!field.choices.empty()) {
      type.clear();
      for (const std::string_view choice : field.choices) type += (type.empty() ? "" : "|") + std::string(choice);
    }
    if (field.list) type = type.empty() ? "list" : "list of " + type;
    if (field.or_else != nullptr && field.or_else->shape != field.shape) type += " or group";
    out += fmt::format("{}{}:{}", indent, field.name, type.empty() ? "" : " <" + type + ">");
    out += "  # " + std::string(field.help);
    if (field.required) out += "; required";
    if (const std::string fallback = field.fallback.text(); !fallback.empty()) out += "; default: " + fallback;
    out += "\n";
    const Shape* inner = field.or_else != nullptr && field.shape == nullptr ? field.or_else->shape : field.shape;
    if (inner != nullptr && field.type != FieldType::map) describe(*inner, indent + "  ", out);
  }
}

}  // namespace

std::string json_schema() {
  Json json = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "autoheal.yaml"}};
  json.update(schema_of(file_shape()));
  return json.dump(2);
}

std::string field_reference() {
  std::string out;
  describe(file_shape(), "", out);
  return out;
}

}  // namespace autoheal::config
