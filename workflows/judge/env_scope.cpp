#include "autoheal/workflows/judge/env_scope.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace autoheal::workflows {

namespace {

constexpr std::string_view unread_mark = "\xEF\xBB\xBF";

std::vector<EnvReader> readers_of_dialect(const std::string& dialect) {
  if (dialect == "shell") return {EnvReader::shell};
  if (dialect == "systemd") return {EnvReader::systemd};
  if (dialect == "compose") return {EnvReader::compose};
  if (dialect == "dotenv") return {EnvReader::python_dotenv, EnvReader::npm_dotenv, EnvReader::node};
  if (dialect == "docker") return {EnvReader::docker};
  if (dialect == "expand") return {EnvReader::expand};
  return {};
}

// Readers that the text rules out.
class AgainstReaders {
 public:
  AgainstReaders(std::string_view text, const IsDeclared& is_declared, const EnvReadings& readings)
      : text_(text), is_declared_(is_declared), readings_(readings) {}

  std::set<EnvReader> against() {
    if (text_.find("\r\n") != std::string_view::npos) not_for({EnvReader::shell});
    if (text_.starts_with(unread_mark) && !in_declared(unread_mark.size())) not_for({EnvReader::node});
    for (const EnvReader reader : {EnvReader::shell, EnvReader::compose, EnvReader::npm_dotenv}) forms_seen_by(reader);
    comments_behind();
    problems();
    return std::move(against_);
  }

 private:
  void not_for(std::initializer_list<EnvReader> readers) { against_.insert(readers); }
  [[nodiscard]] bool declared(const EnvStatement& one) const {
    return !one.name.empty() && is_declared_(meant_name(one.name));
  }

  void forms_seen_by(EnvReader reader) {
    for (const EnvStatement& one : readings_.at(reader).statements) {
      if (one.form == EnvForm::exported) not_for({EnvReader::systemd});
      if (one.form == EnvForm::bare_name && reader == EnvReader::shell)
        not_for({EnvReader::systemd, EnvReader::python_dotenv, EnvReader::node});
      if (one.name.empty() || declared(one)) continue;
      if (one.form == EnvForm::spaced) not_for({EnvReader::shell});
      if (one.form == EnvForm::colon)
        not_for({EnvReader::shell, EnvReader::systemd, EnvReader::python_dotenv, EnvReader::node});
    }
  }

  void comments_behind() {
    for (const EnvReader reader : {EnvReader::compose, EnvReader::python_dotenv}) {
      for (const EnvStatement& one : readings_.at(reader).statements) {
        if (one.comment_behind && one.assigns() && !declared(one)) not_for({EnvReader::systemd});
      }
    }
  }

  void problems() {
    for (const EnvReader reader : {EnvReader::shell, EnvReader::compose}) {
      const auto& problem = readings_.at(reader).problem;
      if (problem && problem->of_another_language && !in_declared(problem->at)) not_for({reader});
    }
  }

  // On a line of a statement that the edit is about, for a reader that reads it.
  [[nodiscard]] bool in_declared(std::size_t at) const {
    for (const EnvReader reader : {EnvReader::npm_dotenv, EnvReader::python_dotenv, EnvReader::systemd}) {
      const EnvReading& reading = readings_.at(reader);
      const auto unit =
          std::ranges::find_if(reading.units, [&](const EnvUnit& one) { return one.begin <= at && at < one.end; });
      if (unit == reading.units.end()) continue;
      const bool found = std::ranges::any_of(reading.statements, [&](const EnvStatement& one) {
        return one.begin >= unit->begin && one.begin < unit->end && declared(one);
      });
      if (found) return true;
    }
    return false;
  }

  std::string_view text_;
  const IsDeclared& is_declared_;
  const EnvReadings& readings_;
  std::set<EnvReader> against_;
};

// Where a byte that belongs to no character stands, or npos.
std::size_t invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || at + length > text.size()) return at;
    for (std::size_t more = 1; more < length; ++more) {
      const auto byte = static_cast<unsigned char>(text[at + more]);
      unsigned low = 0x80, high = 0xBF;
      if (more == 1 && lead == 0xE0) low = 0xA0;
      if (more == 1 && lead == 0xED) high = 0x9F;
      if (more == 1 && lead == 0xF0) low = 0x90;
      if (more == 1 && lead == 0xF4) high = 0x8F;
      if (byte < low || byte > high) return at;
    }
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace

std::vector<EnvReader> env_readers_of(std::string_view text, const std::string& dialect,
                                      const IsDeclared& is_declared) {
  if (auto declared = readers_of_dialect(dialect); !declared.empty()) return declared;
  std::vector<EnvReader> readers = {EnvReader::shell,         EnvReader::systemd,    EnvReader::compose,
                                    EnvReader::python_dotenv, EnvReader::npm_dotenv, EnvReader::node};
  const EnvReadings readings = read_env_by(readers, text);
  const auto against = AgainstReaders(text, is_declared, readings).against();
  std::erase_if(readers, [&](EnvReader reader) { return against.contains(reader); });
  return readers;
}

EnvReadings read_env_by(const std::vector<EnvReader>& readers, std::string_view text) {
  EnvReadings readings;
  for (const EnvReader reader : readers) readings.emplace(reader, read_env_as(reader, text));
  return readings;
}

std::string env_place(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  return fmt::format("line {}, column {}", std::ranges::count(before, '\n') + 1, column + 1);
}

std::string unreadable_bytes(std::string_view text, const std::vector<EnvReader>& readers) {
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos)
    return env_place(text, at) + ": a zero byte, which no reader of .env files accepts as it is";
  for (const EnvReader reader : readers) {
    if (reader == EnvReader::shell || reader == EnvReader::compose) continue;
    const std::size_t at = invalid_utf8(text);
    if (at == std::string_view::npos) break;
    return fmt::format(
        "{}: a byte that is no UTF-8, so that {} does not read the file as it is; write it in UTF-8, or "
        "declare `dialect: shell` or `dialect: compose`",
        env_place(text, at), name_of(reader));
  }
  return {};
}

std::string_view meant_name(std::string_view name) {
  if (const std::size_t line = name.rfind('\n'); line != std::string_view::npos) name.remove_prefix(line + 1);
  if (name.starts_with(unread_mark)) name.remove_prefix(unread_mark.size());
  const auto trim = [&] {
    while (!name.empty() && (name.front() == ' ' || name.front() == '\t')) name.remove_prefix(1);
  };
  trim();
  if (name.starts_with("export ") || name.starts_with("export\t")) {
    name.remove_prefix(7);
    trim();
  }
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
  return name;
}

std::string dialect_hint() {
  return "; if only one of them reads this file, declare it (`dialect: shell`, `systemd`, `compose` or `dotenv`)";
}

}  // namespace autoheal::workflows
