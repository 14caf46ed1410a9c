#include "autoheal/store/format/canonical_text.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <limits>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::store {

namespace {

constexpr std::size_t longest_base64 = std::size_t{1} << 30;  // OpenSSL counts in int
constexpr std::size_t longest_key_name = 255;
constexpr std::uint64_t largest_number = std::numeric_limits<std::int64_t>::max();

const unsigned char* unsigned_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* unsigned_bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::optional<Hash> as_hash(const std::optional<std::string>& bytes) {
  Hash hash;
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::ranges::transform(*bytes, hash.begin(), [](char byte) { return static_cast<std::uint8_t>(byte); });
  return hash;
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

// `text` is valid UTF-8; moves `at` past the character there.
char32_t next_character(std::string_view text, std::size_t& at) {
  const auto first = static_cast<std::uint8_t>(text[at++]);
  if (first < 0x80) return first;
  int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  char32_t character = first & (0x3FU >> more);
  for (; more > 0; --more) character = character << 6U | (static_cast<std::uint8_t>(text[at++]) & 0x3FU);
  return character;
}

bool is_control(char32_t character) { return character < 0x20 || (character >= 0x7F && character <= 0x9F); }

// Unicode's White_Space property, except what is_control has.
bool is_white_space(char32_t character) {
  constexpr std::array<char32_t, 8> single = {0x20, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
  return std::ranges::find(single, character) != single.end() || (character >= 0x2000 && character <= 0x200A);
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero
  text.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(unsigned_bytes(text), unsigned_bytes(bytes), static_cast<int>(bytes.size()))));
  return text;
}

// OpenSSL skips blanks and reads several spellings; only the one that it writes itself counts. The text may be a
// private key, so the second spelling is wiped.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > longest_base64) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(unsigned_bytes(bytes), unsigned_bytes(text), static_cast<int>(text.size())) !=
      static_cast<int>(bytes.size())) {
    return std::nullopt;
  }
  bytes.resize(bytes.size() - (text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0));
  std::string spelled = to_base64(bytes);
  const bool same = spelled == text;
  OPENSSL_cleanse(spelled.data(), spelled.size());
  if (!same) return std::nullopt;
  return bytes;
}

std::optional<Hash> hash_from_base64(std::string_view text) { return as_hash(from_base64(text)); }

std::string bytes_to_hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    text += digits[static_cast<std::uint8_t>(byte) >> 4U];
    text += digits[static_cast<std::uint8_t>(byte) & 15U];
  }
  return text;
}

std::optional<std::string> bytes_from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const int high = hex_value(text[at]), low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::optional<Hash> hash_from_hex(std::string_view text) {
  if (text.size() != 2 * sizeof(Hash)) return std::nullopt;
  return as_hash(bytes_from_hex(text));
}

std::optional<std::uint64_t> number_from_decimal(std::string_view text) {
  const auto number = parse_number<std::uint64_t>(text);
  const bool has_leading_zero = text.size() > 1 && text.front() == '0';
  return number && *number <= largest_number && !has_leading_zero ? number : std::nullopt;
}

bool is_plain_text(std::string_view text) {
  if (valid_utf8(text) != text) return false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = next_character(text, at);
    if (character != '\n' && is_control(character)) return false;
  }
  return true;
}

bool is_key_name(std::string_view text) {
  if (text.empty() || text.size() > longest_key_name || !is_plain_text(text)) return false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = next_character(text, at);
    if (character == '+' || character == '\n' || is_white_space(character)) return false;
  }
  return true;
}

}  // namespace autoheal::store
