// What `show HEAL` leaves in files: evidence for a stranger, a page for people.
#pragma once

#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

// Writes what --evidence and --report ask for; the exit code comes back. Nothing is ever overwritten.
int show_in_files(const Session& session, const Past& past, const std::string& heal);

// Packs the heal with its proofs and contents into `file`, and says what was left out.
[[nodiscard]] Result<void> write_evidence(const Session& session, const Past& past, const std::string& heal,
                                          const std::string& file);

}  // namespace autoheal::cli
