// Models of the programs that read a .env file, one for each kind of reader, so that an edit is judged by what those
// programs make of it. The models share no code with the editor (env_file.hpp), so that the editor does not certify its
// own reading. The rules are those of bash 5.2 and dash (`. file`), systemd 252 (EnvironmentFile=), compose-go 2
// (Docker Compose), python-dotenv 1, the npm package dotenv 16, `node --env-file` 20, and `docker run --env-file`;
// tests/independent holds each model against the real program, where it can be installed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoheal/workflows/judge/env_reading.hpp"

namespace autoheal::workflows {

// In words, for messages: "a shell", "Docker Compose".
[[nodiscard]] std::string_view name_of(EnvReader reader);

[[nodiscard]] EnvReading read_env_as(EnvReader reader, std::string_view text);

// Every name with every value that any reader sees in `text`, whether or not it is the one that counts in the end: what
// may have to be kept secret.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> all_values_in_env(std::string_view text);

}  // namespace autoheal::workflows
