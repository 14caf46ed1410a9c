// The options of `replay`, and the ways to look into the past that it offers, one function each; the exit code comes
// back.
#pragma once

#include "autoheal/replay/record/heals_at.hpp"
#include "tools/autoheal/session/replayed_past.hpp"

namespace autoheal::cli {

struct ReplayOptions {
  std::string heal;
  bool all = false, step = false;
  std::string at, since, with_config;
  std::vector<std::string> what_if, keys;
  std::string export_file, import_file, reproduce;
  bool with_secrets = false;
};

int replay_one_at(const Session& session, const ReplayOptions& options, const Past& past);        // HEAL --at
int replay_all_at(const Session& session, const ReplayOptions& options, const Past& past);        // --all --at
int replay_step_by_step(const Session& session, const ReplayOptions& options, const Past& past);  // HEAL --step
int replay_what_if(const Session& session, const ReplayOptions& options, const Past& past);       // HEAL --what-if
int replay_back_test(const Session& session, const ReplayOptions& options, const Past& past);     // --all --with

int replay_import(const Session& session, const ReplayOptions& options);  // --import

// Decides the heal again and says what came of it.
int replay_and_tell(Console& console, const ReplayableHeal& heal);
// Heals it once more in the folder `written`, and says how both courses compare. `runs_programs`: those that the
// configuration marks as reproducible.
int reproduce_and_tell(Console& console, const ReplayableHeal& heal, const std::string& written, bool runs_programs);

// A sequence number or a time. invalid: neither.
[[nodiscard]] Result<replay::Moment> moment_of(const std::string& written);
// The index of the newest entry at that moment. not_found: the heal had not begun.
[[nodiscard]] Result<std::size_t> place_at(const replay::RecordedHeal& heal, const replay::Moment& moment);

}  // namespace autoheal::cli
