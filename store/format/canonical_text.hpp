// Bytes and numbers as text with exactly one spelling each: what is signed and handed to strangers must not have two
// forms that both pass. Used by all public formats (keys, notes, checkpoints, proofs). Pure; nothing here throws.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "autoheal/store/format/merkle_tree.hpp"

namespace autoheal::store {

// RFC 4648 section 4, padded. Reading gives nothing for any text that to_base64 would not write.
[[nodiscard]] std::string to_base64(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
[[nodiscard]] std::optional<Hash> hash_from_base64(std::string_view text);

// Two lower-case digits a byte.
[[nodiscard]] std::string bytes_to_hex(std::string_view bytes);
[[nodiscard]] std::optional<std::string> bytes_from_hex(std::string_view text);
[[nodiscard]] std::optional<Hash> hash_from_hex(std::string_view text);

// A tree size or an index: decimal, no sign, no leading zeros, below 2^63.
[[nodiscard]] std::optional<std::uint64_t> number_from_decimal(std::string_view text);

// Valid UTF-8 without control characters (C0, DEL, C1) other than newline.
[[nodiscard]] bool is_plain_text(std::string_view text);
// Plain, not empty, at most 255 bytes, without `+` and without any white space of Unicode.
[[nodiscard]] bool is_key_name(std::string_view text);

// The bytes themselves, not their value as text. The view lives as long as `bytes`.
[[nodiscard]] inline std::string_view view_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace autoheal::store
