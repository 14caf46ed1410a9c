// A job of the API: a command that may take long, run apart from the daemon, with its result kept for a while.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::cli {

enum class JobState { queued, running, done, failed, cancelled };
[[nodiscard]] std::string_view name_of(JobState state);

// The command and who asked for it.
struct JobWish {
  std::string operation;           // of the API: "verifyLedger"
  std::string principal;           // its name; the command acts for it
  std::vector<std::string> words;  // of the command line, checked
  std::string input;               // on the command's stdin
};

struct Job {
  std::string id;
  JobWish wish;
  JobState state = JobState::queued;
  Timestamp asked_at{};
  std::optional<Timestamp> began_at, ended_at;
  std::uint64_t done = 0, all = 0;  // in the units of the command; 0 of 0: it did not say
  std::optional<int> exit_code;
  std::string result;          // JSON, of a job that is done
  std::optional<Error> error;  // of one that failed
};

// An object; the result only where `with_result`.
[[nodiscard]] std::string to_json(const Job& job, bool with_result);

}  // namespace autoheal::cli
