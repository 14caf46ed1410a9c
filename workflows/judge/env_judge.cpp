#include "autoheal/workflows/judge/env_judge.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>
#include <set>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/workflows/judge/env_scope.hpp"

namespace autoheal::workflows {

namespace {

using JudgeReasons = std::vector<std::string>;

bool is_name_byte(char c) { return ascii::is_letter_or_digit(c) || c == '_'; }

// Where `name` stands in `text` as a whole word, from `from` on; or npos.
std::size_t word_in(std::string_view text, std::string_view name, std::size_t from = 0) {
  for (std::size_t at = text.find(name, from); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || !is_name_byte(text[at - 1])) && (end == text.size() || !is_name_byte(text[end]))) return at;
  }
  return std::string_view::npos;
}

std::string_view slice(std::string_view text, const EnvStatement& one) {
  return text.substr(one.begin, one.end - one.begin);
}

std::string stops_at(std::string_view text, const EnvProblem& problem, EnvReader reader) {
  return fmt::format("{}: {}: {} does not read on from there", env_place(text, problem.at), problem.what,
                     name_of(reader));
}

// The last statement that gives `name` a value, or null.
const EnvStatement* last_of(const EnvReading& reading, std::string_view name) {
  const EnvStatement* found = nullptr;
  for (const EnvStatement& one : reading.statements) {
    if (one.name == name && one.assigns()) found = &one;
  }
  return found;
}

// Where a reader fails, it matters to `name` only if it stands behind that; Docker Compose then reads nothing at all.
bool failure_matters(EnvReader reader, const EnvProblem& problem, std::string_view text, std::string_view name) {
  const bool nothing_is_read = reader == EnvReader::compose || reader == EnvReader::docker;
  return nothing_is_read || word_in(text.substr(problem.at), name) != std::string_view::npos;
}

// ---- where a name could hide from a reader

// Programs that may give any variable a value, whatever their text says.
constexpr std::array<std::string_view, 4> sourcing = {"eval", "source", ".", "alias"};

bool runs_foreign_text(std::string_view program) {
  return std::ranges::any_of(sourcing, [&](std::string_view word) {
    for (std::size_t at = program.find(word); at != std::string_view::npos; at = program.find(word, at + 1)) {
      const bool begins = at == 0 || std::string_view(" \t\n;&|(").find(program[at - 1]) != std::string_view::npos;
      const std::size_t end = at + word.size();
      if (begins && end < program.size() && (program[end] == ' ' || program[end] == '\t')) return true;
    }
    return false;
  });
}

// ${NAME:=value}, ${NAME=value}, $((NAME = 1)), $(... NAME=value ...)
bool assigned_while_expanding(std::string_view text, std::string_view name) {
  for (std::size_t at = word_in(text, name); at != std::string_view::npos; at = word_in(text, name, at + 1)) {
    const std::string_view before = text.substr(0, at), behind = text.substr(at + name.size());
    if (before.ends_with("${") && (behind.starts_with('=') || behind.starts_with(":="))) return true;
    if (before.find("$((") != std::string_view::npos || before.find("$[") != std::string_view::npos) return true;
    const bool in_command = before.find("$(") != std::string_view::npos || before.find('`') != std::string_view::npos;
    if (in_command && (behind.starts_with('=') || behind.starts_with("+="))) return true;
  }
  return false;
}

bool could_hide(const EnvStatement& one, std::string_view text, std::string_view name) {
  const std::string_view written = slice(text, one);
  if (one.form == EnvForm::program || one.form == EnvForm::spaced || one.form == EnvForm::colon)
    return word_in(written, name) != std::string_view::npos || runs_foreign_text(written);
  return !one.value && one.form != EnvForm::bare_name && one.name != name && assigned_while_expanding(written, name);
}

// ---- one judgement

class Judgement {
 public:
  Judgement(std::string_view before, std::string_view after, const EnvDeclaration& declared)
      : before_(before), after_(after), declared_(declared) {
    for (const auto& [name, value] : declared.set) changed_.insert(name);
    changed_.insert(declared.unset.begin(), declared.unset.end());
  }

  JudgeReasons run() {
    const IsDeclared is_declared = [this](std::string_view name) { return changed_.contains(name); };
    readers_ = env_readers_of(before_, declared_.dialect, is_declared);
    if (readers_.empty()) return {"no program that reads .env files reads this one as it is" + dialect_hint()};
    for (const std::string_view text : {before_, after_}) {
      if (auto problem = unreadable_bytes(text, readers_); !problem.empty()) return {std::move(problem)};
    }
    then_ = read_env_by(readers_, before_);
    now_ = read_env_by(readers_, after_);
    if (!bounds_agree(then_, before_, true) || !bounds_agree(now_, after_, false)) return std::move(reasons_);
    names_are_as_declared();
    nothing_hides();
    if (before_ != after_) all_else_is_as_it_was();
    return std::move(reasons_);
  }

 private:
  void because(std::string reason) {
    if (std::ranges::find(reasons_, reason) == reasons_.end()) reasons_.push_back(std::move(reason));
  }

  // A reader that fails on `before` may fail on what is replaced; on `after` none may. Where nothing changes, what the
  // names mean to each reader is all that counts.
  bool bounds_agree(const EnvReadings& readings, std::string_view text, bool may_fail) {
    const std::pair<const EnvReader, EnvReading>* first = nullptr;
    for (const auto& one : readings) {
      const auto& [reader, reading] = one;
      if (reading.problem && before_ == after_) {
        if (!names_are_read_before(reader, *reading.problem)) return false;
        if (first == nullptr) first = &one;
        continue;
      }
      if (reading.problem && (!may_fail || !on_declared_line(reading.problem->at))) {
        because(stops_at(text, *reading.problem, reader) + hint());
        return false;
      }
      if (reading.problem) continue;
      if (first == nullptr) {
        first = &one;
      } else if (const auto differs = disagreement(first->second, reading); differs && before_ != after_) {
        because(fmt::format("{}: {} and {} do not agree where the statement ends that begins here{}",
                            env_place(text, differs->first), name_of(first->first), name_of(reader), hint()));
        return false;
      }
    }
    if (first == nullptr) because("nothing of it can be read as it is");
    return first != nullptr;
  }

  bool names_are_read_before(EnvReader reader, const EnvProblem& problem) {
    std::set<std::string, std::less<>> names = changed_;
    names.insert(declared_.require.begin(), declared_.require.end());
    const bool matters = std::ranges::any_of(
        names, [&](const std::string& name) { return failure_matters(reader, problem, before_, name); });
    if (matters) because(stops_at(before_, problem, reader) + hint());
    return !matters;
  }

  // The line of a failure is one that the edit replaces, by what a reader that does not fail makes of it.
  [[nodiscard]] bool on_declared_line(std::size_t at) const {
    for (const auto& [reader, reading] : then_) {
      if (reading.problem) continue;
      const auto behind = std::ranges::upper_bound(reading.units, at, {}, &EnvUnit::begin);
      return behind != reading.units.begin() &&
             touched(reading.units, then_).contains(static_cast<std::size_t>(behind - reading.units.begin()) - 1);
    }
    return false;
  }

  static std::optional<std::pair<std::size_t, std::size_t>> disagreement(const EnvReading& one,
                                                                         const EnvReading& other) {
    const auto [left, right] = std::ranges::mismatch(one.units, other.units);
    if (left == one.units.end() || right == other.units.end()) return std::nullopt;
    return std::pair(std::min(left->begin, right->begin), std::min(left->end, right->end));
  }

  // The `units` that hold, for any reader, a statement about a name of the edit, with those names.
  [[nodiscard]] std::map<std::size_t, std::set<std::string>> touched(const std::vector<EnvUnit>& units,
                                                                     const EnvReadings& readings) const {
    std::map<std::size_t, std::set<std::string>> found;
    for (const auto& [reader, reading] : readings) {
      for (const EnvStatement& one : reading.statements) {
        const std::string_view name = meant_name(one.name);
        if (!changed_.contains(name)) continue;
        const auto behind = std::ranges::upper_bound(units, one.begin, {}, &EnvUnit::begin);
        if (behind != units.begin()) found[static_cast<std::size_t>(behind - units.begin()) - 1].emplace(name);
      }
    }
    return found;
  }

  // ---- what is declared

  void names_are_as_declared() {
    for (const auto& [reader, reading] : now_) {
      for (const auto& [name, value] : declared_.set) is_set(reader, reading, name, value);
      for (const std::string& name : declared_.require) is_there(reader, reading, name);
    }
    // Gone is gone: for readers that the file is not meant for, too.
    const auto others = declared_.dialect.empty()
                            ? std::vector(std::begin(all_env_readers), std::begin(all_env_readers) + 6)
                            : readers_;
    for (const EnvReader reader : others) {
      const EnvReading reading = read_env_as(reader, after_);
      for (const std::string& name : declared_.unset) {
        is_gone(reader, reading, name);
        if (reader == EnvReader::shell && reading.problem) is_gone_behind(*reading.problem, name);
      }
    }
  }

  void is_set(EnvReader reader, const EnvReading& reading, const std::string& name, const std::string& value) {
    const EnvStatement* last = last_of(reading, name);
    if (last == nullptr) return because(fmt::format("{} is not set for {}{}", name, name_of(reader), hint()));
    const std::string place = env_place(after_, last->begin);
    if (!last->value)
      return because(
          fmt::format("{}: what {} is for {} is known only when it is read{}", place, name, name_of(reader), hint()));
    if (*last->value != value)
      because(fmt::format("{}: {} reads another value for {} than what is declared{}", place, name_of(reader), name,
                          hint()));
  }

  void is_there(EnvReader reader, const EnvReading& reading, const std::string& name) {
    if (last_of(reading, name) == nullptr)
      because(fmt::format("{} is required and not set for {}{}", name, name_of(reader), hint()));
  }

  // Where our model of all shells stops, one of them may read on.
  void is_gone_behind(const EnvProblem& problem, const std::string& name) {
    for (std::size_t begin = problem.at; begin < after_.size();
         begin = std::min(after_.find('\n', begin), after_.size()) + 1) {
      std::string_view line = meant_name(after_.substr(begin, after_.find('\n', begin) - begin));
      if (!line.starts_with(name)) continue;
      line.remove_prefix(name.size());
      if (line.starts_with("+=") || line.starts_with('='))
        return because(fmt::format("{}: {} may still be set for a shell{}", env_place(after_, begin), name, hint()));
    }
  }

  void is_gone(EnvReader reader, const EnvReading& reading, const std::string& name) {
    for (const EnvStatement& one : reading.statements) {
      if (one.assigns() && meant_name(one.name) == name)
        return because(
            fmt::format("{}: {} is still set for {}{}", env_place(after_, one.begin), name, name_of(reader), hint()));
    }
  }

  void nothing_hides() {
    const auto shell = now_.find(EnvReader::shell);
    if (shell == now_.end()) return;
    const auto look_for = [&](const std::string& name, const char* what, std::size_t from) {
      for (const EnvStatement& one : shell->second.statements) {
        if (one.begin < from || !could_hide(one, after_, name)) continue;
        return because(
            fmt::format("{}: a shell runs something here that may {} {}; set it by `NAME=value` alone, or declare "
                        "the `dialect` of another reader",
                        env_place(after_, one.begin), what, name));
      }
    };
    for (const auto& [name, value] : declared_.set) {
      const EnvStatement* last = last_of(shell->second, name);
      look_for(name, "change", last == nullptr ? 0 : last->begin);
    }
    for (const std::string& name : declared_.unset) look_for(name, "set", 0);
    for (const std::string& name : declared_.require) {
      const EnvStatement* last = last_of(shell->second, name);
      look_for(name, "unset", last == nullptr ? 0 : last->begin);
    }
  }

  // ---- what is not

  // A statement that nobody asked for, as a reader has it. A name that a reader made of several lines (`joined`) stands
  // for what it was meant to be; other names that no environment can have are nobody's.
  std::vector<std::string> other_statements(const EnvReading& reading, std::string_view text,
                                            const std::set<std::string>& joined) const {
    std::vector<std::string> found;
    for (const EnvStatement& one : reading.statements) {
      const std::string name(joined.contains(one.name) ? meant_name(one.name) : std::string_view(one.name));
      if (!could_be_a_name(name) || changed_.contains(name)) continue;
      found.push_back(name + '\0' + (one.value ? "=" + *one.value : std::string(slice(text, one))));
    }
    return found;
  }

  static bool could_be_a_name(std::string_view name) {
    if (name.empty() || ascii::is_digit(name.front())) return false;
    return std::ranges::all_of(name, [](char c) { return is_name_byte(c) || c == '.' || c == '-'; });
  }

  void all_else_is_as_it_was() {
    for (const EnvReader reader : readers_) {
      if (then_.at(reader).problem) continue;
      std::set<std::string_view> assigned;
      for (const EnvStatement& one : then_.at(reader).statements) {
        if (one.assigns()) assigned.insert(one.name);
      }
      std::set<std::string> joined;
      for (const EnvStatement& one : then_.at(reader).statements) {
        const bool known = assigned.contains(meant_name(one.name));
        if (!known) joined.insert(one.name);  // else another assignment would count from now on
      }
      const auto then = other_statements(then_.at(reader), before_, joined);
      const auto now = other_statements(now_.at(reader), after_, joined);
      const auto [left, right] = std::ranges::mismatch(then, now);
      if (left == then.end() && right == now.end()) continue;
      const std::string& which = left != then.end() ? *left : *right;
      because(fmt::format("for {} the edit would change {}, too{}", name_of(reader), which.substr(0, which.find('\0')),
                          hint()));
    }
    const Kept then = kept(then_, before_), now = kept(now_, after_);
    lines_are_kept(then, now);
    places_are_kept(then, now);
  }

  // The lines that an edit has no business with, and how many of them come before the last that has a name.
  struct Kept {
    std::vector<std::pair<std::size_t, std::string>> lines;
    std::map<std::string, std::size_t> before_last;
    std::vector<std::string_view> touched;  // the others
  };

  Kept kept(const EnvReadings& readings, std::string_view text) const {
    Kept found;
    const auto reference = std::ranges::find_if(readings, [](const auto& one) { return !one.second.problem; });
    const std::vector<EnvUnit>& units = reference->second.units;
    const auto of_the_edit = touched(units, readings);
    for (std::size_t index = 0; index < units.size(); ++index) {
      const std::string_view bytes = text.substr(units[index].begin, units[index].end - units[index].begin);
      const auto names = of_the_edit.find(index);
      if (names == of_the_edit.end()) {
        found.lines.emplace_back(units[index].begin, bytes);
        continue;
      }
      found.touched.push_back(bytes);
      for (const std::string& name : names->second) found.before_last[name] = found.lines.size();
    }
    return found;
  }

  // The same bytes; a last line may have got its line end, a comment behind a value a line of its own, and of a line
  // with several assignments some may be left.
  void lines_are_kept(const Kept& then, const Kept& now) {
    auto line = now.lines.begin();
    for (const auto& [at, bytes] : then.lines) {
      while (line != now.lines.end() && line->second != bytes && comes_of(line->second, then.touched)) ++line;
      const bool ended = line != now.lines.end() && at + bytes.size() == before_.size() &&
                         line->second.starts_with(bytes) &&
                         std::string_view("\r\n").find(line->second.substr(bytes.size())) != std::string_view::npos;
      if (line == now.lines.end() || (line->second != bytes && !ended))
        return because(env_place(before_, at) + ": the edit would change a line that it has no business with");
      ++line;
    }
    for (; line != now.lines.end(); ++line) {
      if (!comes_of(line->second, then.touched))
        because(env_place(after_, line->first) + ": the edit would add a line that nobody declared");
    }
  }

  static bool comes_of(std::string_view line, const std::vector<std::string_view>& touched) {
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    return std::ranges::any_of(touched, [&](std::string_view bytes) {
      if (line.starts_with('#')) return bytes.find(line) != std::string_view::npos;
      return !line.empty() && is_left_of(line, bytes);
    });
  }

  // All its bytes are in `bytes`, in order. Their meaning is compared statement by statement.
  static bool is_left_of(std::string_view line, std::string_view bytes) {
    std::size_t at = 0;
    for (const char c : bytes) at += at < line.size() && line[at] == c ? 1 : 0;
    return at == line.size();
  }

  // An assignment stays where it was between the others, which may refer to it; a new one comes last.
  void places_are_kept(const Kept& then, const Kept& now) {
    for (const auto& [name, value] : declared_.set) {
      const auto was = then.before_last.find(name), is = now.before_last.find(name);
      if (is == now.before_last.end()) continue;
      const auto moved = [&](std::size_t count) {
        return static_cast<std::size_t>(
            std::count_if(now.lines.begin(), now.lines.begin() + static_cast<std::ptrdiff_t>(count),
                          [&](const auto& line) { return comes_of(line.second, then.touched); }));
      };
      const std::size_t wanted = was == then.before_last.end() ? then.lines.size() : was->second;
      if (is->second != wanted && is->second - moved(is->second) != wanted)
        because("the edit would move " + name + " to another place between the other statements");
    }
  }

  [[nodiscard]] std::string hint() const { return declared_.dialect.empty() ? dialect_hint() : ""; }

  std::string_view before_, after_;
  const EnvDeclaration& declared_;
  std::set<std::string, std::less<>> changed_;
  std::vector<EnvReader> readers_;
  EnvReadings then_, now_;
  JudgeReasons reasons_;
};

// ---- a probe

struct Asked {
  std::vector<EnvReader> with, without, unsure;
  std::map<std::string, std::vector<EnvReader>> values;
};

Asked ask(const EnvReadings& readings, const std::string& name) {
  Asked asked;
  for (const auto& [reader, reading] : readings) {
    const EnvStatement* last = last_of(reading, name);
    if (last == nullptr) {
      asked.without.push_back(reader);
    } else if (last->value) {
      asked.with.push_back(reader);
      asked.values[*last->value].push_back(reader);
    } else {
      asked.with.push_back(reader);
      asked.unsure.push_back(reader);
    }
  }
  return asked;
}

// Empty if it is set for all.
std::string set_for_all(const Asked& asked, const std::string& name) {
  if (asked.with.empty()) return name + " is not set";
  if (asked.without.empty()) return {};
  return fmt::format("{} is set for {} and not for {}{}", name, name_of(asked.with.front()),
                     name_of(asked.without.front()), dialect_hint());
}

}  // namespace

std::vector<std::string> judge_env(std::string_view before, std::string_view after, const EnvDeclaration& declared) {
  return Judgement(before, after, declared).run();
}

std::vector<std::string> judge_env_probe(std::string_view text, const std::vector<std::string>& require,
                                         const std::map<std::string, std::string>& equals, const std::string& dialect) {
  const auto readers = env_readers_of(text, dialect, [](std::string_view) { return false; });
  if (readers.empty()) return {"no program that reads .env files reads this one as it is" + dialect_hint()};
  if (auto problem = unreadable_bytes(text, readers); !problem.empty()) return {std::move(problem)};
  const EnvReadings readings = read_env_by(readers, text);
  for (const auto& [reader, reading] : readings) {
    if (!reading.problem) continue;
    const auto matters = [&](const std::string& name) { return failure_matters(reader, *reading.problem, text, name); };
    if (std::ranges::none_of(require, matters) && std::ranges::none_of(std::views::keys(equals), matters)) continue;
    return {stops_at(text, *reading.problem, reader) + (dialect.empty() ? dialect_hint() : "")};
  }
  JudgeReasons reasons;
  const auto look_behind = [&](const std::string& name) {
    const auto shell = readings.find(EnvReader::shell);
    const EnvStatement* last = shell == readings.end() ? nullptr : last_of(shell->second, name);
    if (last == nullptr) return;
    for (const EnvStatement& one : shell->second.statements) {
      if (one.begin <= last->begin || !could_hide(one, text, name)) continue;
      return reasons.push_back(env_place(text, one.begin) + ": a shell runs something here that may change " + name);
    }
  };
  std::ranges::for_each(require, look_behind);
  for (const auto& [name, wanted] : equals) look_behind(name);
  for (const std::string& name : require) {
    if (auto problem = set_for_all(ask(readings, name), name); !problem.empty()) reasons.push_back(std::move(problem));
  }
  for (const auto& [name, wanted] : equals) {
    const Asked asked = ask(readings, name);
    if (auto problem = set_for_all(asked, name); !problem.empty()) {
      reasons.push_back(std::move(problem));
    } else if (asked.values.empty()) {
      reasons.push_back(fmt::format("what {} is, is known only when it is read: it expands", name));
    } else if (asked.values.size() > 1 || !asked.unsure.empty()) {
      const EnvReader one = asked.values.begin()->second.front();
      const EnvReader other = asked.unsure.empty() ? asked.values.rbegin()->second.front() : asked.unsure.front();
      reasons.push_back(
          fmt::format("{} and {} read different values for {}{}", name_of(one), name_of(other), name, dialect_hint()));
    } else if (asked.values.begin()->first != wanted) {
      reasons.push_back(name + " is not as declared");
    }
  }
  return reasons;
}

}  // namespace autoheal::workflows
