// `<root>/.autoheal/`: where new files wait to be swapped in and displaced ones wait to be kept. Every name in it can
// be worked out from the effect's mark and the change, so that a repetition after a crash finds what was left.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "autoheal/workflows/effects/host.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

using workflows::Change;
using workflows::EffectMark;

// The meaning of one name in the folder.
enum class Slot {
  part,    // being written: worthless
  check,   // a folder that holds the new file under its own name while its `validate` checks it: worthless
  next,    // ready to be swapped in; right after the swap, what was displaced, not yet looked at
  before,  // the before-image: what was displaced and found to be what the plan saw
  undone,  // what the change had left, displaced by its undoing
  made,    // a symlink that tells the inode of a new target, since nothing was displaced for it
  kept,    // somebody's bytes that could not be put back: never removed by Autoheal
};

// The names of one change of one attempt.
class SlotNames {
 public:
  // invalid: a mark that makes too long a name.
  [[nodiscard]] static Result<SlotNames> of(const Change& change, unsigned number, const EffectMark& mark);
  [[nodiscard]] std::string operator[](Slot slot) const;

 private:
  std::string middle_;         // "<mark>.<number>.<plain|keyed>"
  std::string before_digest_;  // hex, or "-" where nothing with a digest is expected
  std::string after_digest_;
};

// The parts of a name that settling needs; empty for a name of another form or of another heal.
struct SlotEntry {
  Slot slot = Slot::part;
  engine::BlobNaming naming = engine::BlobNaming::plain;
  engine::BlobName digest;   // what the file is expected to hold; empty: nothing is
  std::string ledger, heal;  // of which it is; empty if its mark does not say
  unsigned start = 0;        // which start of an attempt of that heal
  unsigned number = 0;       // of the change within its attempt's plan
};
[[nodiscard]] std::optional<SlotEntry> read_slot_name(std::string_view name, const EffectMark& heal_mark);

// The heal's id in a name of this ledger; empty for any other name.
[[nodiscard]] std::optional<std::string> heal_of_slot_name(std::string_view name, std::string_view ledger_id);

// Keyed where the plan's digests are.
[[nodiscard]] engine::BlobNaming naming_of(const Change& change);

// The folder, made (0700) when it is not there. refused: it is not ours alone.
[[nodiscard]] Result<UniqueFd> make_staging_folder(const RootFolder& root);
// not_found if no repair ever needed it.
[[nodiscard]] Result<UniqueFd> open_staging_folder(const RootFolder& root);

}  // namespace autoheal::host
