// A text and the signatures below it (C2SP signed-note), read strictly: canonical base64, no control characters,
// nothing after the last newline. Nothing of the text counts before signers_of has said who signed it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/store/format/signing_key.hpp"
#include "autoheal/store/format/verifier_key.hpp"

namespace autoheal::store {

inline constexpr std::size_t max_note_bytes = 256 * 1024;
inline constexpr std::size_t max_note_signatures = 64;

// One signature line, of whatever kind.
struct NoteSignature {
  std::string key_name;
  std::uint32_t key_id = 0;
  std::string bytes;  // what follows the key id, not empty
  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct SignedNote {
  std::string text;  // with its final newline, which the signatures cover
  std::vector<NoteSignature> signatures;
  friend bool operator==(const SignedNote&, const SignedNote&) = default;
};

// invalid: it is no signed note. Reads exactly what to_text writes.
[[nodiscard]] Result<SignedNote> parse_note(std::string_view note);
[[nodiscard]] std::string to_text(const SignedNote& note);

// The note of `text` with one signature line. invalid: the text is not plain, does not end in a newline or is too long.
[[nodiscard]] Result<std::string> sign_note(std::string_view text, const SigningKey& key);

struct NoteSigner {
  VerifierKey key;
  std::optional<std::uint64_t> cosigned_unix_s;  // when a witness says that it saw the text
};

// Who of `keys` signed, at least one, in the order of `keys`. Signatures of others are ignored. corrupt: one of a known
// key does not verify (then none counts), or none is of a known key.
[[nodiscard]] Result<std::vector<NoteSigner>> signers_of(const SignedNote& note, std::span<const VerifierKey> keys);

// The message that a witness signs: C2SP tlog-cosignature, type 0x04.
[[nodiscard]] std::string cosigned_message(std::uint64_t unix_s, std::string_view text);

}  // namespace autoheal::store
