// Names and texts that the ledger's signatures stand on.
#pragma once

#include <string>
#include <string_view>

namespace autoheal::store {

// "autoheal/<ledger id>": the origin of a ledger's checkpoints, and the name of its key.
[[nodiscard]] inline std::string origin_of(std::string_view ledger_id) { return "autoheal/" + std::string(ledger_id); }

// What the old key signs when another takes over.
[[nodiscard]] inline std::string rotation_text(const std::string& origin, const std::string& old_key,
                                               const std::string& new_key) {
  return "autoheal key rotation\n" + origin + "\n" + old_key + "\n" + new_key + "\n";
}

}  // namespace autoheal::store
