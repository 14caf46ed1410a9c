#include "tools/autoheal/access/token.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "autoheal/engine/base/digest.hpp"

namespace autoheal::cli {

namespace {

constexpr std::string_view token_prefix = "ahl_";
constexpr std::size_t id_bytes = 8, secret_bytes = 32;
constexpr std::size_t id_digits = 2 * id_bytes, secret_letters = 43;
constexpr std::string_view base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool is_hex_digit(char one) { return (one >= '0' && one <= '9') || (one >= 'a' && one <= 'f'); }
bool is_base64url(char one) { return base64url.contains(one); }

// RFC 4648 section 5, without padding.
std::string to_base64url(const std::array<std::uint8_t, secret_bytes>& bytes) {
  std::string text;
  unsigned held = 0, bits = 0;
  for (const std::uint8_t byte : bytes) {
    held = (held << 8U) | byte;
    for (bits += 8; bits >= 6; bits -= 6) text += base64url[(held >> (bits - 6)) & 63U];
  }
  if (bits > 0) text += base64url[(held << (6 - bits)) & 63U];
  return text;
}

template <std::size_t size>
std::string hex_of(const std::array<std::uint8_t, size>& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace

NewToken new_token(engine::Randomness& randomness) {
  std::array<std::uint8_t, id_bytes> id{};
  std::array<std::uint8_t, secret_bytes> secret{};
  randomness.fill(id);
  randomness.fill(secret);
  NewToken made;
  made.id = hex_of(id);
  made.text = std::string(token_prefix) + made.id + "_" + to_base64url(secret);
  made.digest = digest_of_token(made.text);
  return made;
}

bool is_token_id(std::string_view text) { return text.size() == id_digits && std::ranges::all_of(text, is_hex_digit); }

std::optional<std::string> id_in_token(std::string_view text) {
  if (text.size() != token_prefix.size() + id_digits + 1 + secret_letters) return std::nullopt;
  const auto id = text.substr(token_prefix.size(), id_digits);
  const auto secret = text.substr(token_prefix.size() + id_digits + 1);
  if (!text.starts_with(token_prefix) || !is_token_id(id) || text[token_prefix.size() + id_digits] != '_' ||
      !std::ranges::all_of(secret, is_base64url))
    return std::nullopt;
  return std::string(id);
}

bool holds_token(std::string_view text) {
  // "_" is %5F, and no other text of ours looks so.
  return text.contains(token_prefix) || text.contains("ahl%5F") || text.contains("ahl%5f");
}

std::string digest_of_token(std::string_view text) { return to_hex(sha256(text)); }

}  // namespace autoheal::cli
