// A key for a ledger, and checkpoints made with it in one line: what the signer of the program does, without its files.
#pragma once

#include <gtest/gtest.h>

#include <random>

#include "autoheal/engine/ports.hpp"
#include "autoheal/store/format/signing_key.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/store/signing/signed_head.hpp"

namespace autoheal::testing {

// The same seed gives the same key.
class SeededRandomness final : public engine::Randomness {
 public:
  explicit SeededRandomness(std::uint64_t seed) : random_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
  }

 private:
  std::mt19937_64 random_;
};

inline store::SigningKey signing_key(const std::string& ledger_id, std::uint64_t seed = 1) {
  SeededRandomness randomness(seed);
  auto key = store::SigningKey::generate(store::origin_of(ledger_id), randomness);
  if (!key) std::abort();
  return std::move(*key);
}

// Signs the present head and remembers it beside the ledger. Returns the note.
inline std::string sign_head(store::SqliteLedger& ledger, const std::filesystem::path& path,
                             const store::SigningKey& key) {
  const store::Checkpoint checkpoint{store::origin_of(ledger.id()), ledger.tree_head()};
  EXPECT_TRUE(store::write_signed_head(path, checkpoint));
  const auto note = store::sign_checkpoint(key, checkpoint.origin, checkpoint.head);
  EXPECT_TRUE(note);
  EXPECT_TRUE(ledger.keep_checkpoint({checkpoint.head.size, *note}));
  EXPECT_TRUE(ledger.set_meta("verifier_key", key.verifier().text()));
  return *note;
}

}  // namespace autoheal::testing
