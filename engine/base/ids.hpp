// Ordered 16-byte ids (UUIDv7, RFC 9562): random ones cost a store three to five times the writes.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace autoheal {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

// Lower-case, 36 characters.
[[nodiscard]] std::string to_string(const Uuid& id);
void append_uuid(std::string& text, const Uuid& id);
// Accepts only the canonical lower-case form that to_string writes.
[[nodiscard]] std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace autoheal
