#include "autoheal/workflows/edit/wanted_scalar.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/quoted_text.hpp"
#include "autoheal/workflows/edit/json_places.hpp"

namespace autoheal::workflows {

namespace {

bool has_only(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

// 12, 1_000, 1,000, 0x1F, 0o17, 0b1, 1:30:00: without a sign, lower case.
bool is_like_integer(std::string_view text) {
  if (text.starts_with("0x")) return has_only(text.substr(2), "0123456789abcdef_");
  if (text.starts_with("0o") || text.starts_with("0b")) return has_only(text.substr(2), "01234567_");
  return has_only(text, "0123456789_,:");
}

// 1.5, .5, 1., 1e5, 1.5e+3, 1:30.5: without a sign, lower case.
bool is_like_float(std::string_view text) {
  const auto exponent = text.find('e');
  const std::string_view mantissa = text.substr(0, exponent);
  if (std::ranges::count(mantissa, '.') > 1 || !has_only(mantissa, "0123456789_,.:")) return false;
  if (exponent == std::string_view::npos) return true;
  std::string_view power = text.substr(exponent + 1);
  if (power.starts_with('+') || power.starts_with('-')) power.remove_prefix(1);
  return has_only(power, "0123456789_");
}

// 2026-11-29, with or without a time of day behind it.
bool is_like_date(std::string_view text) {
  return text.size() >= 8 && std::ranges::all_of(text.substr(0, 4), ascii::is_digit) && text[4] == '-' &&
         ascii::is_digit(text[5]) && has_only(text, "0123456789-:.+tz \t");
}

// U+0080 to U+009F, the line ends of Unicode, byte-order marks and what is no character: escaped, since readers differ.
bool is_delicate(std::string_view character) {
  if (character.size() == 2) return character[0] == '\xc2' && static_cast<unsigned char>(character[1]) <= 0xa0;
  if (character.size() != 3) return false;
  return character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9" || character == "\xef\xbb\xbf" ||
         character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf";
}

void append_unicode_escape(std::string& out, unsigned code) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += digits[(code >> shift) & 15U];
}

void append_unicode_escape(std::string& out, std::string_view character) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(character[at]); };
  append_unicode_escape(out, character.size() == 2
                                 ? ((byte(0) & 0x1fU) << 6U) | (byte(1) & 0x3fU)
                                 : ((byte(0) & 0x0fU) << 12U) | ((byte(1) & 0x3fU) << 6U) | (byte(2) & 0x3fU));
}

bool has_only_plain_characters(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = std::max<std::size_t>(1, utf8_sequence_at(text, at));
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x20 || first == 0x7f || is_delicate(text.substr(at, bytes))) return false;
    at += bytes;
  }
  return true;
}

// Numbers that YAML 1.1 and 1.2 both take for that number: an exponent needs a point before it and a sign.
bool is_number_everywhere(std::string_view text) {
  const auto exponent = text.find_first_of("eE");
  if (exponent == std::string_view::npos) return true;
  return text.find('.') < exponent && exponent + 1 < text.size() && !ascii::is_digit(text[exponent + 1]);
}

std::string with_point_and_sign(std::string_view number) {
  const auto exponent = number.find_first_of("eE");
  std::string out(number.substr(0, exponent));
  if (out.find('.') == std::string::npos) out += ".0";
  out += number[exponent];
  if (ascii::is_digit(number[exponent + 1])) out += '+';
  return out + std::string(number.substr(exponent + 1));
}

}  // namespace

Result<WantedScalar> wanted_scalar(std::string_view json_text) {
  const auto found = find_json(json_text, {});
  if (!found || found->steps.empty() || found->steps.back().is_container())
    return failure(ErrorKind::invalid, "the value is not a JSON scalar");
  const JsonStep& value = found->steps.back();
  const std::string_view raw = json_text.substr(value.begin, value.end - value.begin);
  if (raw.size() != json_text.size()) return failure(ErrorKind::invalid, "more than a JSON scalar stands there");
  if (value.kind == JsonStep::Kind::text)
    return WantedScalar{WantedScalar::Kind::text, json_string(raw), std::string(raw)};
  const auto kind = value.kind == JsonStep::Kind::number ? WantedScalar::Kind::number
                    : raw == "null"                      ? WantedScalar::Kind::null
                                                         : WantedScalar::Kind::boolean;
  return WantedScalar{kind, std::string(raw), std::string(raw)};
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = std::max<std::size_t>(1, utf8_sequence_at(text, at));
    const std::string_view character = text.substr(at, bytes);
    const auto first = static_cast<unsigned char>(character[0]);
    at += bytes;
    if (first == '"' || first == '\\') {
      out += '\\';
      out += character;
    } else if (first == '\n' || first == '\t' || first == '\r') {
      out += first == '\n' ? "\\n" : first == '\t' ? "\\t" : "\\r";
    } else if (first < 0x20 || first == 0x7f) {
      append_unicode_escape(out, first);
    } else if (is_delicate(character)) {
      append_unicode_escape(out, character);
    } else {
      out += character;
    }
  }
  return out + '"';
}

bool looks_special(std::string_view text) {
  static constexpr std::array<std::string_view, 13> words = {"",   "~",   "null", "true", "false", "yes", "no",
                                                             "on", "off", "y",    "n",    "<<",    "="};
  const std::string small = ascii::lowered(std::string(text));
  if (std::ranges::find(words, small) != words.end()) return true;
  std::string_view rest = small;
  if (is_like_date(rest)) return true;
  if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
  if (rest.starts_with(".inf") || rest.starts_with(".nan")) return rest.size() == 4;
  if (rest.empty() || !(ascii::is_digit(rest[0]) || rest[0] == '.')) return false;
  return is_like_integer(rest) || is_like_float(rest);
}

bool is_safe_plain(std::string_view text, bool in_flow) {
  if (text.empty() || !(ascii::is_letter(text[0]) || text[0] == '/' || text[0] == '_') || looks_special(text))
    return false;
  const auto harmless = [&](char c) {
    return ascii::is_letter(c) || ascii::is_digit(c) || std::string_view("_./+@-").contains(c) ||
           (c == ':' && !in_flow);
  };
  return std::ranges::all_of(text, harmless) && text.back() != ':';
}

Result<std::string> as_yaml(const WantedScalar& wanted, char old_quote, bool in_flow) {
  if (wanted.kind == WantedScalar::Kind::number && !is_number_everywhere(wanted.text)) {
    return failure(ErrorKind::invalid, wanted.text + " is a number for some readers of YAML and text for others",
                   "write " + with_point_and_sign(wanted.text) +
                       ", which is a number for all of them, or put it in quotes if it is meant as text");
  }
  if (wanted.kind != WantedScalar::Kind::text) return wanted.text;
  if (old_quote == '\'' && has_only_plain_characters(wanted.text)) {
    std::string out = "'";
    for (const char c : wanted.text) out += c == '\'' ? "''" : std::string(1, c);
    return out + "'";
  }
  if (old_quote == 0 && is_safe_plain(wanted.text, in_flow)) return wanted.text;
  return double_quoted(wanted.text);
}

}  // namespace autoheal::workflows
