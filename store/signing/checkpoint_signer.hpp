// Signs the tree's head so that every later change of what came before shows. Never signs two heads that are not
// consistent with one another: what was signed last is remembered outside the database, durable before the signature
// leaves (C2SP tlog-checkpoint).
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "autoheal/engine/ports.hpp"
#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/format/signing_key.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"

namespace autoheal::store {

// "autoheal/<ledger id>": the origin of a ledger's checkpoints, and the name of its key.
[[nodiscard]] std::string origin_of(std::string_view ledger_id);

class CheckpointSigner {
 public:
  // Reads the key, or makes one (0600) for a ledger that never had any, and what was signed last. A half-done change of
  // keys is finished or forgotten. refused: the key is not private; not_found: the ledger has signatures, but its key
  // is gone; corrupt: key, newest checkpoint and ledger do not belong together.
  [[nodiscard]] static Result<std::unique_ptr<CheckpointSigner>> open(const std::filesystem::path& ledger_path,
                                                                      const std::filesystem::path& key_path,
                                                                      SqliteLedger& ledger,
                                                                      engine::Randomness& randomness);

  // The head to sign now; empty if it is signed already. On the ledger's thread. refused: the ledger is behind the
  // signed head or does not extend it; nothing is signed until accept_rollback().
  [[nodiscard]] Result<std::optional<TreeHead>> next(const SqliteLedger& ledger) const;
  // Makes size and root durable, then signs. Blocks for two syncs; any thread, one at a time. Fatal where a sync
  // failed.
  [[nodiscard]] Result<StoredCheckpoint> sign(const TreeHead& head);
  // next(), sign() and keep_checkpoint() in one, on the ledger's thread. Empty if all is signed.
  [[nodiscard]] Result<std::optional<StoredCheckpoint>> sign_now(SqliteLedger& ledger);

  // Nothing that was signed before binds any more; once the entry that says so is durable. On the ledger's thread.
  void accept_rollback();

  // A new key, signed by the old one: first the new key is written beside the old (`<key>.next`), then the caller
  // commits the entry with `note`, then finish_rotation() puts it in place.
  struct Rotation {
    std::string old_key, new_key;  // verifier key lines
    std::string note;              // by the old key
  };
  [[nodiscard]] Result<Rotation> begin_rotation(engine::Randomness& randomness);
  [[nodiscard]] Result<void> finish_rotation(SqliteLedger& ledger);

  [[nodiscard]] VerifierKey verifier() const;
  [[nodiscard]] std::optional<Checkpoint> signed_last() const;

 private:
  CheckpointSigner(std::filesystem::path ledger_path, std::filesystem::path key_path, std::string origin);
  [[nodiscard]] Result<void> take_key(SqliteLedger& ledger, engine::Randomness& randomness);
  [[nodiscard]] Result<void> take_next_key(SqliteLedger& ledger);
  [[nodiscard]] Result<void> take_signed(const SqliteLedger& ledger);
  [[nodiscard]] std::filesystem::path next_key_path() const;

  std::filesystem::path ledger_path_, key_path_;
  std::string origin_;
  mutable std::mutex mutex_;  // guards the next two: signing goes on beside the loop
  std::optional<SigningKey> key_;
  std::optional<Checkpoint> last_;
};

// The text that the old key signs when another takes over.
[[nodiscard]] std::string rotation_text(const std::string& origin, const std::string& old_key,
                                        const std::string& new_key);

}  // namespace autoheal::store
