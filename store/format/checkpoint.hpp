// A signed tree head (C2SP tlog-checkpoint): three lines that say which ledger, how many entries and under which root,
// signed as a note. A person who keeps one can prove later that nothing before it was changed.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/store/format/merkle_tree.hpp"
#include "autoheal/store/format/signed_note.hpp"

namespace autoheal::store {

struct Checkpoint {
  std::string origin;  // names the ledger; equal to the name of its key
  TreeHead head;       // a size below 2^63
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The text that is signed. Extension lines are neither written nor read.
[[nodiscard]] std::string checkpoint_body(const Checkpoint& checkpoint);
// invalid: another spelling, or size 0 under a root that is not the empty tree's.
[[nodiscard]] Result<Checkpoint> parse_checkpoint_body(std::string_view body);

// The signed note. invalid: `origin` is not the name of the key, which then belongs to another ledger, or the size is
// 2^63 or more. That size and root are durable before the note leaves is up to the caller.
[[nodiscard]] Result<std::string> sign_checkpoint(const SigningKey& key, std::string_view origin, const TreeHead& head);

// Opens a checkpoint that the log signed. `keys` are those of the log and of witnesses; a witness alone is not enough.
// corrupt: a known signature does not verify, or no signature is by a key of type 0x01 whose name is the origin.
// invalid: it is not a checkpoint.
[[nodiscard]] Result<Checkpoint> open_checkpoint(std::string_view note, std::span<const VerifierKey> keys);

}  // namespace autoheal::store
