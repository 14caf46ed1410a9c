#include "tools/autoheal/access/token_table.hpp"

#include <openssl/crypto.h>

namespace autoheal::cli {

namespace {

// A wall clock that was set back by less does not take a token away.
constexpr Duration clock_tolerance = std::chrono::minutes(1);

bool is_its_time(const TokenRecord& token, Timestamp now) {
  return now < token.expires && now >= token.created - clock_tolerance;
}

}  // namespace

TokenTable::TokenTable(const std::vector<TokenRecord>& tokens) {
  for (const TokenRecord& one : tokens) tokens_.emplace(one.id, one);
}

const TokenRecord* TokenTable::find(std::string_view text, Timestamp now) const {
  static const std::string of_nothing(64, '-');
  const auto id = id_in_token(text);
  const auto found = id ? tokens_.find(*id) : tokens_.end();
  const std::string digest = digest_of_token(text);
  const std::string& expected = found == tokens_.end() ? of_nothing : found->second.digest;
  const bool has_size = expected.size() == digest.size();
  const bool is_same = CRYPTO_memcmp(digest.data(), (has_size ? expected : of_nothing).data(), digest.size()) == 0;
  return is_same && is_its_time(found->second, now) ? &found->second : nullptr;
}

const TokenRecord* TokenTable::still(const std::string& id, Timestamp now) const {
  const auto found = tokens_.find(id);
  return found != tokens_.end() && is_its_time(found->second, now) ? &found->second : nullptr;
}

}  // namespace autoheal::cli
