#include "autoheal/workflows/judge/env_readers.hpp"

#include <algorithm>
#include <set>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/workflows/judge/env_reader_parts.hpp"

namespace autoheal::workflows {

namespace env_readers {

LoadedText with_newlines(std::string_view text) {
  LoadedText loaded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    loaded.origin.push_back(at);
    if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') ++at;
    loaded.text += text[at] == '\r' ? '\n' : text[at];
  }
  loaded.origin.push_back(text.size());
  return loaded;
}

LoadedText without_carriage_returns(std::string_view text) {
  LoadedText loaded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\r') continue;
    loaded.origin.push_back(at);
    loaded.text += text[at];
  }
  loaded.origin.push_back(text.size());
  return loaded;
}

std::size_t space_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  const char c = text[at];
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  const auto is = [&](std::string_view what) { return text.substr(at, what.size()) == what; };
  if (is("\xC2\x85") || is("\xC2\xA0")) return 2;
  if (is("\xE1\x9A\x80") || is("\xE2\x80\xA8") || is("\xE2\x80\xA9") || is("\xE2\x80\xAF") || is("\xE2\x81\x9F") ||
      is("\xE3\x80\x80"))
    return 3;
  const bool of_some_width = is("\xE2\x80") && at + 2 < text.size() &&
                             static_cast<unsigned char>(text[at + 2]) >= 0x80 &&
                             static_cast<unsigned char>(text[at + 2]) <= 0x8A;
  return of_some_width ? 3 : 0;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed_end(std::string_view text) {
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U) --last;
    if (const std::size_t length = space_at(text, last); length == 0 || last + length != text.size()) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

EnvReading Models::docker(std::string_view text) {
  EnvReading reading;
  std::size_t begin = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  while (begin < text.size()) {
    const std::size_t newline = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, newline - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    std::size_t at = 0;
    while (const std::size_t length = space_at(line, at)) at += length;
    EnvStatement one{begin, begin + line.size(), EnvForm::bare_name, {}, {}, false};
    line.remove_prefix(at);
    begin = newline + 1;
    if (line.empty() || line.front() == '#') continue;
    const std::size_t equals = line.find('=');
    one.name = line.substr(0, equals);
    if (equals != std::string_view::npos) {
      one.form = EnvForm::assignment;
      one.value = line.substr(equals + 1);
    }
    const bool spaced = one.name.find_first_of(" \t") != std::string::npos;
    if (!reading.problem && (spaced || one.name.empty()))
      reading.problem = {one.begin, "docker --env-file accepts no name with blanks, and stops here", false};
    reading.statements.push_back(std::move(one));
  }
  return reading;
}

namespace {

constexpr LineEnds line_ends_of(EnvReader reader) {
  const bool any = reader == EnvReader::systemd || reader == EnvReader::python_dotenv ||
                   reader == EnvReader::npm_dotenv || reader == EnvReader::expand;
  return any ? LineEnds::any : LineEnds::newline;
}

// Behind the line end that follows `at`.
std::size_t next_line(std::string_view text, std::size_t at, LineEnds ends) {
  const std::size_t end = text.find_first_of(ends == LineEnds::any ? "\r\n" : "\n", at);
  if (end == std::string_view::npos) return text.size();
  return text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n' ? end + 2 : end + 1;
}

std::vector<EnvUnit> units_of(std::string_view text, const std::vector<EnvStatement>& statements, LineEnds ends) {
  std::vector<EnvUnit> units;
  auto statement = statements.begin();
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = next_line(text, begin, ends);
    for (; statement != statements.end() && statement->begin < end; ++statement) {
      if (statement->end > end) end = next_line(text, statement->end - 1, ends);
    }
    units.push_back({begin, end});
    begin = end;
  }
  return units;
}

EnvReading model_of(EnvReader reader, std::string_view text) {
  switch (reader) {
    case EnvReader::shell:
      return Models::shell(text);
    case EnvReader::systemd:
      return Models::systemd(text);
    case EnvReader::compose:
      return Models::compose(text);
    case EnvReader::python_dotenv:
      return Models::python_dotenv(text);
    case EnvReader::node:
      return Models::node(text);
    case EnvReader::docker:
      return Models::docker(text);
    case EnvReader::npm_dotenv:
    case EnvReader::expand:
      break;
  }
  EnvReading reading = Models::npm_dotenv(text);
  if (reader == EnvReader::npm_dotenv) return reading;
  for (EnvStatement& one : reading.statements) {
    if (one.value && one.value->find('$') != std::string::npos) one.value.reset();
  }
  return reading;
}

}  // namespace
}  // namespace env_readers

std::string_view name_of(EnvReader reader) {
  switch (reader) {
    case EnvReader::shell:
      return "a shell";
    case EnvReader::systemd:
      return "systemd";
    case EnvReader::compose:
      return "Docker Compose";
    case EnvReader::python_dotenv:
      return "python-dotenv";
    case EnvReader::npm_dotenv:
      return "dotenv of npm";
    case EnvReader::node:
      return "node --env-file";
    case EnvReader::docker:
      return "docker --env-file";
    case EnvReader::expand:
      break;
  }
  return "dotenv-expand";
}

EnvReading read_env_as(EnvReader reader, std::string_view text) {
  EnvReading reading = env_readers::model_of(reader, text);
  reading.units = env_readers::units_of(text, reading.statements, env_readers::line_ends_of(reader));
  return reading;
}

std::vector<std::pair<std::string, std::string>> all_values_in_env(std::string_view text) {
  std::set<std::pair<std::string, std::string>> found;
  for (const EnvReader reader : all_env_readers) {
    for (const EnvStatement& one : read_env_as(reader, text).statements) {
      if (one.name.empty()) continue;
      std::string_view name = one.name;
      if (name.starts_with(env_readers::byte_order_mark)) name.remove_prefix(env_readers::byte_order_mark.size());
      if (one.value) found.emplace(name, *one.value);
      // The text of an expansion is secret as it is written, too.
      const std::string_view whole = text.substr(one.begin, one.end - one.begin);
      if (const std::size_t sign = whole.find_first_of("=:"); !one.value && sign != std::string_view::npos)
        found.emplace(name, whole.substr(sign + 1));
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace autoheal::workflows
