// Files that `show HEAL` writes: evidence for a stranger, a page for people.
#pragma once

#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

struct HealFiles {
  std::string evidence, report;  // where to; empty: not asked for
  bool with_secrets = false;

  [[nodiscard]] bool any() const { return !evidence.empty() || !report.empty(); }
};

// The exit code comes back. Nothing is ever overwritten.
int show_in_files(const Session& session, const Past& past, const std::string& heal, const HealFiles& files);

// Packs the heal with its proofs and contents into `file`, and says what was left out.
[[nodiscard]] Result<void> write_evidence(const Session& session, const Past& past, const std::string& heal,
                                          const std::string& file, bool with_secrets);

// Prints what the heal planned, with the differences, and what came of it; returns the exit code.
int show_changes(const Session& session, const Past& past, const std::string& heal);

}  // namespace autoheal::cli
