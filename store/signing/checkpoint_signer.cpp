#include "autoheal/store/signing/checkpoint_signer.hpp"

#include <unistd.h>

#include <fmt/core.h>

#include <cerrno>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/store/file/posix_file.hpp"
#include "autoheal/store/signing/key_file.hpp"
#include "autoheal/store/signing/signed_head.hpp"

namespace autoheal::store {

namespace {

constexpr char verifier_key_name[] = "verifier_key";

std::string shown(const TreeHead& head) { return fmt::format("{} entries", head.size); }

Error behind(const Checkpoint& last, const TreeHead& head) {
  return {ErrorKind::refused,
          fmt::format("the ledger holds {}, but {} were signed before: it was cut off, or put back from an older "
                      "backup. Nothing is signed",
                      shown(head), shown(last.head)),
          "`autoheal ledger verify` tells more; if the backup is meant to be, an Admiral says so: "
          "`autoheal ledger checkpoint --accept-rollback --reason TEXT`"};
}

Error forked(const Checkpoint& last) {
  return {ErrorKind::refused,
          fmt::format("the first {} of the ledger are not those that were signed. Nothing is signed", shown(last.head)),
          "`autoheal ledger verify` tells more. If an older backup was put back on purpose, an Admiral says so: "
          "`autoheal ledger checkpoint --accept-rollback --reason TEXT`"};
}

}  // namespace

std::string origin_of(std::string_view ledger_id) { return "autoheal/" + std::string(ledger_id); }

std::string rotation_text(const std::string& origin, const std::string& old_key, const std::string& new_key) {
  return fmt::format("autoheal key rotation\n{}\n{}\n{}\n", origin, old_key, new_key);
}

CheckpointSigner::CheckpointSigner(std::filesystem::path ledger_path, std::filesystem::path key_path,
                                   std::string origin)
    : ledger_path_(std::move(ledger_path)), key_path_(std::move(key_path)), origin_(std::move(origin)) {}

Result<std::unique_ptr<CheckpointSigner>> CheckpointSigner::open(const std::filesystem::path& ledger_path,
                                                                 const std::filesystem::path& key_path,
                                                                 SqliteLedger& ledger, engine::Randomness& randomness) {
  std::unique_ptr<CheckpointSigner> signer(new CheckpointSigner(ledger_path, key_path, origin_of(ledger.id())));
  AUTOHEAL_TRY(signer->take_next_key(ledger));
  AUTOHEAL_TRY(signer->take_key(ledger, randomness));
  AUTOHEAL_TRY(signer->take_signed(ledger));
  return signer;
}

std::filesystem::path CheckpointSigner::next_key_path() const { return key_path_.string() + ".next"; }

// The ledger itself says whether a change of keys was committed: `meta` names the new one by then, or it never was.
Result<void> CheckpointSigner::take_next_key(SqliteLedger& ledger) {
  auto next = read_key_file(next_key_path(), origin_);
  AUTOHEAL_TRY(next);
  if (!*next) return {};
  const auto rotated = ledger.read_newest("ledger", "ledger.key_rotated");
  AUTOHEAL_TRY(rotated);
  // Key texts hold no character that JSON escapes, so the entry names the new key if it holds its text.
  if (*rotated && (*rotated)->data.contains('"' + (*next)->verifier().text() + '"')) return finish_rotation(ledger);
  if (::unlink(next_key_path().c_str()) != 0 && errno != ENOENT)
    return std::unexpected(system_error("removing " + next_key_path().string()));
  return {};
}

Result<void> CheckpointSigner::take_key(SqliteLedger& ledger, engine::Randomness& randomness) {
  auto key = read_key_file(key_path_, origin_);
  AUTOHEAL_TRY(key);
  const auto known = ledger.meta(verifier_key_name);
  AUTOHEAL_TRY(known);
  if (*key && !known->empty() && (*key)->verifier().text() != *known) {
    return failure(ErrorKind::corrupt,
                   fmt::format("the signing key {} is not the one that the ledger names", key_path_.string()),
                   "restore the key that belongs to it; `autoheal ledger key` prints its public half");
  }
  if (!*key && !known->empty()) {
    return failure(ErrorKind::not_found,
                   fmt::format("the signing key {} is gone, but the ledger has signatures of it", key_path_.string()),
                   "restore it from a backup; nothing is signed until then");
  }
  if (!*key) {
    auto made = SigningKey::generate(origin_, randomness);
    AUTOHEAL_CHECK(made.has_value());  // the name of every ledger is one of a key
    if (auto written = write_key_file(key_path_, *made); !written) return written;
    *key = std::move(*made);
  }
  key_ = std::move(**key);
  return known->empty() ? ledger.set_meta(verifier_key_name, key_->verifier().text()) : Result<void>();
}

// Both the file and the newest checkpoint say what was signed; the larger one counts, whichever was lost.
Result<void> CheckpointSigner::take_signed(const SqliteLedger& ledger) {
  auto last = read_signed_head(ledger_path_);
  AUTOHEAL_TRY(last);
  if (*last && (*last)->origin != origin_) {
    return failure(ErrorKind::corrupt,
                   fmt::format("{}.signed is of {}, not of {}", ledger_path_.string(), (*last)->origin, origin_),
                   "it belongs to another ledger: put back the one that was there");
  }
  last_ = std::move(*last);
  const auto newest = ledger.newest_checkpoint();
  AUTOHEAL_TRY(newest);
  if (!*newest || (last_ && (*newest)->size <= last_->head.size)) return {};
  const VerifierKey keys[] = {key_->verifier()};
  auto opened = open_checkpoint((*newest)->note, keys);
  // One by an earlier key is not read here: the file is then newer than it, or both are missing something anyway.
  if (opened) last_ = std::move(*opened);
  return {};
}

Result<std::optional<TreeHead>> CheckpointSigner::next(const SqliteLedger& ledger) const {
  const TreeHead head = ledger.tree_head();
  const auto last = signed_last();
  if (head.size == 0 && !last) return std::nullopt;
  if (!last) return head;
  if (head.size < last->head.size) return std::unexpected(behind(*last, head));
  const auto then = root_of(ledger.hashes(), last->head.size);
  AUTOHEAL_TRY(then);
  if (*then != last->head.root) return std::unexpected(forked(*last));
  if (head.size == last->head.size) {
    // Signed, unless the process ended between the file and the database.
    const auto newest = ledger.newest_checkpoint();
    AUTOHEAL_TRY(newest);
    if (*newest && (*newest)->size == head.size) return std::nullopt;
  }
  return head;
}

Result<StoredCheckpoint> CheckpointSigner::sign(const TreeHead& head) {
  const std::lock_guard lock(mutex_);
  // A smaller tree never gets here, because next() refuses it.
  AUTOHEAL_CHECK(!last_ || head.size >= last_->head.size);
  const Checkpoint checkpoint{origin_, head};
  AUTOHEAL_TRY(write_signed_head(ledger_path_, checkpoint));
  last_ = checkpoint;
  auto note = sign_checkpoint(*key_, origin_, head);
  AUTOHEAL_CHECK(note.has_value());
  // A signature that leaves is of the head that `<ledger>.signed` holds, and anybody can open it.
  const VerifierKey keys[] = {key_->verifier()};
  AUTOHEAL_CHECK(open_checkpoint(*note, keys) == checkpoint);
  return StoredCheckpoint{head.size, std::move(*note)};
}

Result<std::optional<StoredCheckpoint>> CheckpointSigner::sign_now(SqliteLedger& ledger) {
  const auto head = next(ledger);
  AUTOHEAL_TRY(head);
  if (!*head) return std::nullopt;
  auto checkpoint = sign(**head);
  AUTOHEAL_TRY(checkpoint);
  AUTOHEAL_TRY(ledger.keep_checkpoint(*checkpoint));
  return std::move(*checkpoint);
}

void CheckpointSigner::accept_rollback() {
  const std::lock_guard lock(mutex_);
  last_.reset();
}

Result<CheckpointSigner::Rotation> CheckpointSigner::begin_rotation(engine::Randomness& randomness) {
  auto fresh = SigningKey::generate(origin_, randomness);
  AUTOHEAL_CHECK(fresh.has_value());
  AUTOHEAL_TRY(write_key_file(next_key_path(), *fresh));
  const std::lock_guard lock(mutex_);
  Rotation rotation{key_->verifier().text(), fresh->verifier().text(), {}};
  auto note = sign_note(rotation_text(origin_, rotation.old_key, rotation.new_key), *key_);
  AUTOHEAL_CHECK(note.has_value());
  rotation.note = std::move(*note);
  return rotation;
}

// First the database names the new key, then the file is it: a crash between the two is finished at the next start,
// since `<key>.next` is still there.
Result<void> CheckpointSigner::finish_rotation(SqliteLedger& ledger) {
  auto fresh = read_key_file(next_key_path(), origin_);
  AUTOHEAL_TRY(fresh);
  if (!*fresh) return failure(ErrorKind::not_found, next_key_path().string() + " is gone");
  if (auto named = ledger.set_meta(verifier_key_name, (*fresh)->verifier().text()); !named) return named;
  if (::rename(next_key_path().c_str(), key_path_.c_str()) != 0)
    return std::unexpected(system_error("renaming " + next_key_path().string()));
  if (auto synced = sync_folder_of(key_path_); !synced) return synced;
  const std::lock_guard lock(mutex_);
  key_ = std::move(**fresh);
  return {};
}

VerifierKey CheckpointSigner::verifier() const {
  const std::lock_guard lock(mutex_);
  return key_->verifier();
}

std::optional<Checkpoint> CheckpointSigner::signed_last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace autoheal::store
