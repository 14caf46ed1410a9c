// Finds the readers of a .env file and what each makes of it: the first half of judging (the rules are in
// env_judge.hpp).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/workflows/judge/env_readers.hpp"

namespace autoheal::workflows {

using EnvReadings = std::map<EnvReader, EnvReading>;

// True for a name of a statement that an edit is about.
using IsDeclared = std::function<bool(std::string_view name)>;

[[nodiscard]] std::vector<EnvReader> env_readers_of(std::string_view text, const std::string& dialect,
                                                    const IsDeclared& is_declared);

[[nodiscard]] EnvReadings read_env_by(const std::vector<EnvReader>& readers, std::string_view text);

// "line 3, column 7"
[[nodiscard]] std::string env_place(std::string_view text, std::size_t at);

// Why no reader can be asked: a zero byte, bytes that are no UTF-8 where one of the readers wants it; or empty.
[[nodiscard]] std::string unreadable_bytes(std::string_view text, const std::vector<EnvReader>& readers);

// A name as it was meant: without what a reader joined to it.
[[nodiscard]] std::string_view meant_name(std::string_view name);

// "declare `dialect: shell` ...", for readers that do not agree.
[[nodiscard]] std::string dialect_hint();

}  // namespace autoheal::workflows
