// The keys that sign the ledger in turn: the first one, and each that its predecessor signed. Only the store includes
// this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <vector>

#include "autoheal/store/format/verifier_key.hpp"
#include "autoheal/store/signing/verify_problem.hpp"

namespace autoheal::store {

struct KeyInForce {
  VerifierKey key;
  std::uint64_t since = 0;  // the entry that says so; 0: from the beginning
};

class KeyChain {
 public:
  // Reads the ledger's entries about its keys, and what it names as its key. Where a link does not hold, the chain ends
  // with a problem. Throws SQLite::Exception.
  [[nodiscard]] static KeyChain read(const SQLite::Database& database, const std::string& origin, Problems& problems);

  // For a checkpoint of so many entries; null without any.
  [[nodiscard]] const VerifierKey* key_for(std::uint64_t size) const;
  [[nodiscard]] const std::vector<KeyInForce>& keys() const { return keys_; }
  [[nodiscard]] bool has(const VerifierKey& key) const;
  // The keys of all witnesses that there ever were (witnesses.hpp).
  [[nodiscard]] const std::vector<VerifierKey>& witnesses() const { return witnesses_; }

 private:
  [[nodiscard]] bool follow(const SQLite::Database& database, const std::string& origin, Problems& problems);
  [[nodiscard]] bool add(std::uint64_t seq, std::string_view data, const std::string& origin, Problems& problems);
  std::vector<KeyInForce> keys_;
  std::vector<VerifierKey> witnesses_;
};

}  // namespace autoheal::store
