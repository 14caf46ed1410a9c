#include <re2/re2.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "autoheal/workflows/judge/judged_text.hpp"

namespace autoheal::workflows {

namespace {

using Meant = JudgedMeaning::Kind;

constexpr std::string_view yaml_tags = "tag:yaml.org,2002:";

bool is_whole(std::string_view text, const RE2& expression) {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), expression);
}

const RE2& null_everywhere() {
  static const RE2 expression("|~|null|Null|NULL");
  return expression;
}
const RE2& true_everywhere() {
  static const RE2 expression("true|True|TRUE");
  return expression;
}
const RE2& false_everywhere() {
  static const RE2 expression("false|False|FALSE");
  return expression;
}
// An exponent has a point before it and a sign: YAML 1.1 takes 1e5 for text.
const RE2& number_everywhere() {
  static const RE2 expression(R"(-?(0|[1-9][0-9]*)(\.[0-9]+([eE][-+][0-9]+)?)?)");
  return expression;
}
// Whatever a reader of YAML 1.1, of 1.2, or one with habits of its own takes for something else than text.
const RE2& special_somewhere() {
  static const RE2 expression(
      R"((?i:y|yes|n|no|on|off|true|false|null|~|))"
      R"(|<<|=)"
      R"(|[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?[0-9][0-9_,]*)"
      R"(|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)"
      R"(|[-+]?([0-9][0-9_,]*)?\.[0-9_]*([eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_,]*[eE][-+]?[0-9]+)"
      R"(|[-+]?\.(?i:inf|nan))"
      R"(|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})"
      R"((([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:?[0-9]{2})?))?)?)");
  return expression;
}

JudgedMeaning plain_meaning(const std::string& text) {
  if (is_whole(text, null_everywhere())) return {Meant::null, {}};
  if (is_whole(text, true_everywhere())) return {Meant::boolean, "true"};
  if (is_whole(text, false_everywhere())) return {Meant::boolean, "false"};
  if (is_whole(text, number_everywhere())) return {Meant::number, text};
  return {is_whole(text, special_somewhere()) ? Meant::unclear : Meant::text, text};
}

// A tag of YAML itself says which of the meanings counts.
JudgedMeaning tagged_meaning(const JudgedNode& scalar, std::string_view type) {
  if (type == "str") return {Meant::text, scalar.text};
  const JudgedMeaning plain = plain_meaning(scalar.text);
  const bool fits =
      scalar.style == 'p' &&
      ((type == "null" && plain.kind == Meant::null) || (type == "bool" && plain.kind == Meant::boolean) ||
       (type == "int" && plain.kind == Meant::number && !plain.text.contains('.')) ||
       (type == "float" && plain.kind == Meant::number && plain.text.contains('.')));
  return fits ? plain : JudgedMeaning{Meant::unclear, scalar.text};
}

}  // namespace

JudgedMeaning meaning_of(const JudgedNode& scalar, SettingsFormat format) {
  if (format == SettingsFormat::json) {
    if (scalar.style == '"') return {Meant::text, scalar.text};
    if (scalar.text == "null") return {Meant::null, {}};
    const bool is_boolean = scalar.text == "true" || scalar.text == "false";
    return {is_boolean ? Meant::boolean : Meant::number, scalar.text};
  }
  if (scalar.tag.starts_with(yaml_tags)) return tagged_meaning(scalar, std::string_view(scalar.tag).substr(18));
  if (!scalar.tag.empty() && scalar.tag != "!") return {Meant::custom, scalar.text};
  if (scalar.style != 'p' || scalar.tag == "!") return {Meant::text, scalar.text};
  return plain_meaning(scalar.text);
}

bool means(const JudgedMeaning& meaning, std::string_view wanted) {
  if (wanted == "null") return meaning.kind == Meant::null;
  if (wanted == "true" || wanted == "false") return meaning.kind == Meant::boolean && meaning.text == wanted;
  if (!wanted.starts_with('"')) return meaning.kind == Meant::number && meaning.text == wanted;
  const auto text = nlohmann::json::parse(wanted, nullptr, false);
  return meaning.kind == Meant::text && text.is_string() && text.get_ref<const std::string&>() == meaning.text;
}

}  // namespace autoheal::workflows
