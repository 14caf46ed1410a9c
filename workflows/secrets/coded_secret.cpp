#include "autoheal/workflows/secrets/coded_secret.hpp"

#include <algorithm>

#include "autoheal/engine/base/ascii.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool is_base64_letter(char c) { return ascii::is_letter_or_digit(c) || std::string_view("+/-_=").contains(c); }

// The base64 letters that `secret` decides alone, where so many bytes of something else come before it.
std::string base64_inside(std::string_view secret, std::size_t before) {
  const std::string bytes = std::string(before, '\0') + std::string(secret);
  std::string coded;
  for (std::size_t bit = 0; bit + 6 <= bytes.size() * 8; bit += 6) {
    const auto byte = [&](std::size_t index) -> unsigned {
      return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0U;
    };
    const unsigned two = (byte(bit / 8) << 8U) | byte(bit / 8 + 1);
    coded += letters[(two >> (10U - bit % 8)) & 63U];
  }
  return coded.substr((before * 8 + 5) / 6);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The byte that `digits` hex digits at `at` stand for, or -1; only one byte's worth: what is beyond ASCII is rare.
int coded_byte(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return -1;
  int value = 0;
  for (std::size_t index = at; index < at + digits; ++index) {
    const int digit = hex_digit(text[index]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value < 256 ? value : -1;
}

// How many bytes at `at` stand for one, and which; (1, itself) where nothing is coded.
std::pair<std::size_t, char> decoded_at(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == '%') {
    if (const int byte = coded_byte(text, at + 1, 2); byte >= 0) return {3, static_cast<char>(byte)};
  }
  if (c != '\\' || at + 1 >= text.size()) return {1, c};
  const char next = text[at + 1];
  if (next == 'u') {
    if (const int byte = coded_byte(text, at + 2, 4); byte >= 0) return {6, static_cast<char>(byte)};
  }
  if (next == 'x') {
    if (const int byte = coded_byte(text, at + 2, 2); byte >= 0) return {4, static_cast<char>(byte)};
  }
  return {2, next == 'n' ? '\n' : next == 't' ? '\t' : next == 'r' ? '\r' : next};
}

void find_all(std::string_view text, std::string_view wanted, const std::vector<std::size_t>* at,
              std::vector<TextRange>& found) {
  for (auto place = text.find(wanted); place != std::string_view::npos; place = text.find(wanted, place + 1)) {
    const std::size_t end = place + wanted.size();
    // The last byte's coding ends where the next one begins.
    found.emplace_back(at != nullptr ? (*at)[place] : place, at != nullptr ? (*at)[end] : end);
  }
}

template <class Letter>
TextView without_line_ends(std::string_view text, const Letter& letter) {
  TextView view;
  view.text.reserve(text.size());
  view.at.reserve(text.size() + 1);
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '\n' || text[index] == '\r') continue;
    view.text += letter(text[index]);
    view.at.push_back(index);
  }
  view.at.push_back(text.size());
  return view;
}

TextRange with_neighbours(std::string_view text, TextRange range) {
  while (range.first > 0 && is_base64_letter(text[range.first - 1])) --range.first;
  while (range.second < text.size() && is_base64_letter(text[range.second])) ++range.second;
  return range;
}

}  // namespace

const TextView& TextViews::plain() {
  if (plain_) return *plain_;
  TextView& view = plain_.emplace();
  if (text_.find_first_of("%\\") == std::string_view::npos) return view;
  for (std::size_t index = 0; index < text_.size();) {
    const auto [length, byte] = decoded_at(text_, index);
    view.text += byte;
    view.at.push_back(index);
    index += length;
  }
  view.at.push_back(text_.size());
  return view;
}

const TextView& TextViews::base64() {
  if (!base64_) base64_ = without_line_ends(text_, [](char c) { return c == '-' ? '+' : c == '_' ? '/' : c; });
  return *base64_;
}

const TextView& TextViews::hex() {
  if (!hex_)
    hex_ = without_line_ends(text_, [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  return *hex_;
}

CodedSecret::CodedSecret(std::string_view secret) : secret_(secret) {
  for (std::size_t before = 0; before < base64_.size(); ++before) base64_[before] = base64_inside(secret, before);
  for (const char c : secret) {
    hex_ += hex_digits[static_cast<unsigned char>(c) >> 4U];
    hex_ += hex_digits[static_cast<unsigned char>(c) & 15U];
  }
  // As forms write a blank.
  if (secret.find(' ') != std::string_view::npos) {
    with_plus_ = secret_;
    std::ranges::replace(with_plus_, ' ', '+');
  }
}

void CodedSecret::find(TextViews& views, std::vector<TextRange>& found) const {
  find_all(views.text(), secret_, nullptr, found);
  find_all(views.plain().text, secret_, &views.plain().at, found);
  if (!with_plus_.empty()) {
    find_all(views.text(), with_plus_, nullptr, found);
    find_all(views.plain().text, with_plus_, &views.plain().at, found);
  }
  find_all(views.hex().text, hex_, &views.hex().at, found);
  const std::size_t known = found.size();
  for (const std::string& coded : base64_) find_all(views.base64().text, coded, &views.base64().at, found);
  for (std::size_t index = known; index < found.size(); ++index)
    found[index] = with_neighbours(views.text(), found[index]);
}

}  // namespace autoheal::workflows
