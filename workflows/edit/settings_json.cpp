#include "autoheal/workflows/edit/settings_json.hpp"

#include <algorithm>

#include "autoheal/workflows/edit/json_places.hpp"

namespace autoheal::workflows {

namespace {

bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view leading_blanks(std::string_view text) {
  return text.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(text, is_json_space) - text.begin()));
}

bool has_line_end(std::string_view text) { return text.find_first_of("\r\n") != std::string_view::npos; }

// The indentation of the first line that has one; two spaces where none has.
std::string indentation_step(std::string_view text) {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    const std::string_view line = text.substr(at + 1);
    const auto end = std::min(line.find_first_not_of(" \t"), line.size());
    if (end > 0 && end < line.size() && !is_json_space(line[end])) return std::string(line.substr(0, end));
  }
  return "  ";
}

// The blanks between the comma and a new member: as before the last one.
std::string gap_before_member(std::string_view text, const JsonStep& object) {
  std::string gap(leading_blanks(text.substr(object.gap_begin)));
  if (object.members > 1 || has_line_end(gap)) return gap;
  const bool is_compact = object.gap_begin + gap.size() == object.key_begin && gap.empty() &&
                          text.substr(object.key_end, object.value_begin - object.key_end) == ":";
  return is_compact ? "" : " ";
}

std::string colon_of(std::string_view text, const JsonStep& object) {
  std::string colon(text.substr(object.key_end, object.value_begin - object.key_end));
  return has_line_end(colon) ? ": " : colon;
}

std::string with_first_member(std::string_view text, const JsonStep& object, const std::string& member) {
  std::string out(text);
  const std::string_view inside = text.substr(object.begin + 1, object.end - object.begin - 2);
  const auto line = inside.find_last_of('\n');
  if (line == std::string_view::npos) {
    out.insert(object.begin + 1, inside.empty() ? member : " " + member);
    return out;
  }
  const std::string line_end = inside.substr(0, line).ends_with('\r') ? "\r\n" : "\n";
  const std::string closing(inside.substr(line + 1));
  out.replace(object.begin + 1, inside.size(),
              line_end + closing + indentation_step(text) + member + line_end + closing);
  return out;
}

std::string with_member(std::string_view text, const JsonStep& object, const std::string& name,
                        std::string_view value) {
  const std::string key = double_quoted(name);
  if (object.members == 0) return with_first_member(text, object, key + ": " + std::string(value));
  std::string out(text);
  out.insert(object.last_end,
             "," + gap_before_member(text, object) + key + colon_of(text, object) + std::string(value));
  return out;
}

Error missing_json(const JsonStep& last, const std::string& token) {
  switch (last.kind) {
    case JsonStep::Kind::object:
      return {ErrorKind::invalid, "there is no \"" + token + "\" on the way to it",
              "only the last name may be missing; restore the whole file with `files`"};
    case JsonStep::Kind::list:
      return {ErrorKind::invalid, "the list has no element " + token, "its elements are counted from 0"};
    default:
      return {ErrorKind::invalid, "\"" + token + "\" would lie below a single value", {}};
  }
}

}  // namespace

Result<std::string> set_json_setting(std::string_view text, const std::vector<std::string>& tokens,
                                     const WantedScalar& wanted) {
  const auto way = find_json(text, tokens);
  AUTOHEAL_TRY(way);
  const JsonStep& last = way->steps.back();
  const std::size_t found = way->steps.size() - 1;
  if (found < tokens.size()) {
    const bool is_last = found + 1 == tokens.size();
    if (found > 0 && is_last && text.substr(last.begin, last.end - last.begin) == "null")
      return std::string(text).replace(last.begin, 4, "{" + double_quoted(tokens.back()) + ": " + wanted.as_json + "}");
    if (last.kind != JsonStep::Kind::object || !is_last) return std::unexpected(missing_json(last, tokens[found]));
    return with_member(text, last, tokens.back(), wanted.as_json);
  }
  if (last.is_container()) {
    return failure(ErrorKind::invalid,
                   last.kind == JsonStep::Kind::object ? "an object stands there, and a single value would replace all "
                                                         "of it"
                                                       : "a list stands there, and a single value would replace all of "
                                                         "it",
                   "name a value within it, or restore the whole file with `files`");
  }
  const std::string_view raw = text.substr(last.begin, last.end - last.begin);
  const bool as_wanted = last.kind == JsonStep::Kind::text
                             ? wanted.kind == WantedScalar::Kind::text && json_string(raw) == wanted.text
                             : raw == wanted.as_json;
  std::string changed(text);
  if (!as_wanted) changed.replace(last.begin, last.end - last.begin, wanted.as_json);
  return changed;
}

}  // namespace autoheal::workflows
