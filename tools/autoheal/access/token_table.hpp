// The tokens that are valid now, for those who are asked with one. Immutable, so that any thread may look.
#pragma once

#include <map>
#include <memory>

#include "tools/autoheal/access/token.hpp"

namespace autoheal::cli {

class TokenTable {
 public:
  TokenTable() = default;
  explicit TokenTable(const std::vector<TokenRecord>& tokens);

  // The record of the token with this text; null: there is none, it is another, or it is not its time. The work is the
  // same for every text of one length: digests are compared in constant time, with one that nothing has where no
  // record is found.
  [[nodiscard]] const TokenRecord* find(std::string_view text, Timestamp now) const;
  // One that was found before, by its id: null where it was revoked or has expired since.
  [[nodiscard]] const TokenRecord* still(const std::string& id, Timestamp now) const;

 private:
  std::map<std::string, TokenRecord, std::less<>> tokens_;  // by id
};
using TokenTablePtr = std::shared_ptr<const TokenTable>;

}  // namespace autoheal::cli
