// A bearer token: the text that its holder keeps, and the record that the daemon keeps, from which nobody can make the
// text. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/engine/ports.hpp"
#include "autoheal/workflows/spec/roles.hpp"

namespace autoheal::cli {

struct TokenRecord {
  std::string id;                                // 16 hex digits
  std::string digest;                            // SHA-256 of the whole text, as hex; empty where it is not known
  std::string principal;                         // whose token it is
  workflows::Role role = workflows::Role::none;  // at most; less where the principal has less by now
  std::string creator;                           // who had it made
  Timestamp created{}, expires{};                // valid from the one up to the other
  std::vector<std::string> engines;              // only these; empty: all
  friend bool operator==(const TokenRecord&, const TokenRecord&) = default;
};

struct NewToken {
  std::string text;  // ahl_<id>_<43 letters of base64url: 256 bits>; shown once, stored nowhere
  std::string id, digest;
};
[[nodiscard]] NewToken new_token(engine::Randomness& randomness);

// The id in the text of a token; empty: it does not have the form of one. Says nothing of whether it is valid.
[[nodiscard]] std::optional<std::string> id_in_token(std::string_view text);
[[nodiscard]] bool is_token_id(std::string_view text);
// Something in the text looks like a token, in whatever surroundings, percent-encoded or not.
[[nodiscard]] bool holds_token(std::string_view text);

[[nodiscard]] std::string digest_of_token(std::string_view text);

}  // namespace autoheal::cli
