// The values that a reader finds in a .env file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autoheal::workflows {

enum class EnvReader { shell, systemd, compose, python_dotenv, npm_dotenv, node, docker, expand };

inline constexpr EnvReader all_env_readers[] = {EnvReader::shell,         EnvReader::systemd,    EnvReader::compose,
                                                EnvReader::python_dotenv, EnvReader::npm_dotenv, EnvReader::node,
                                                EnvReader::docker,        EnvReader::expand};

enum class EnvForm {
  assignment,  // NAME=value
  exported,    // export NAME=value
  spaced,      // NAME = value: to a shell a program to run
  colon,       // NAME: value
  bare_name,   // export NAME, or NAME alone: no value of its own
  appended,    // NAME+=value
  program,     // a shell runs something
  unreadable,  // this reader skips it
};

// One thing that a reader found, and where. A line with several assignments has several.
struct EnvStatement {
  std::size_t begin = 0, end = 0;
  EnvForm form = EnvForm::assignment;
  std::string name;                  // as this reader has it; empty if nothing is assigned
  std::optional<std::string> value;  // nothing: it is known only when it is read (it expands, or may not happen)
  bool comment_behind = false;       // on the same line
  [[nodiscard]] bool assigns() const { return !name.empty() && form != EnvForm::bare_name; }
};

// Whole lines that a reader takes together: a statement over several lines, several on one line, a comment, a blank
// line.
struct EnvUnit {
  std::size_t begin = 0, end = 0;
  friend bool operator==(const EnvUnit&, const EnvUnit&) = default;
};

// From here on the reader fails, or what it does cannot be told.
struct EnvProblem {
  std::size_t at = 0;
  std::string what;
  bool of_another_language = false;  // evidently not written for this reader
};

struct EnvReading {
  std::vector<EnvStatement> statements;  // in order
  std::vector<EnvUnit> units;            // all of the text, in order
  std::optional<EnvProblem> problem;
};

}  // namespace autoheal::workflows
