#include "autoheal/store/verify/verify_checkpoints.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/json_text.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/store/verify/verify_words.hpp"

namespace autoheal::store {

namespace {

constexpr std::uint64_t checkpoints_per_piece = 256;  // a signature takes about 0.1 ms

// {"size":n,"root":"<hex>"}
std::optional<TreeHead> head_in(std::string_view json) {
  std::vector<JsonMember> members;
  if (json_problem(json, &members)) return std::nullopt;
  const auto size = number_from_decimal(member_of(members, "size"));
  const auto root = hash_from_hex(json_text(member_of(members, "root")));
  if (!size || !root) return std::nullopt;
  return TreeHead{*size, *root};
}

struct AcceptedRollback {
  std::uint64_t entry = 0;
  TreeHead signed_head, present;
};

// Rollbacks that an Admiral accepted after a ledger was restored from a backup.
std::vector<AcceptedRollback> accepted_rollbacks(const SQLite::Database& database) {
  std::vector<AcceptedRollback> found;
  RowQuery rows(database,
                "SELECT seq, data FROM entries WHERE stream = 'ledger' AND type = 'ledger.rollback_accepted' "
                "ORDER BY version");
  while (rows.step()) {
    std::vector<JsonMember> members;
    if (json_problem(rows.bytes(1), &members)) continue;
    const auto signed_head = head_in(member_of(members, "signed")), present = head_in(member_of(members, "present"));
    if (signed_head && present) found.push_back({static_cast<std::uint64_t>(rows.number(0)), *signed_head, *present});
  }
  return found;
}

// Whether the tree leads on from `head`; says so if it does not. `what` begins the sentence.
bool leads_on(const TreeHead& head, const std::string& what, const VerifiedLedger& ledger, const SubtreeHashes& hashes,
              Problems& problems) {
  if (head.size > ledger.size) {
    problems.add(ledger.size + 1,
                 fmt::format("{}: {} has {} entries, the ledger {}. It was cut off, or put back from a backup",
                             missing_entries(ledger.size + 1, head.size), what, head.size, ledger.size));
    return false;
  }
  const auto root = root_of(hashes, head.size);
  throw_unless_damage(root);
  if (root && *root == head.root) return true;
  problems.add(fmt::format("the first {} entries are not those of {}{}", head.size, what,
                           root ? "" : ": " + root.error().message));
  return false;
}

class Piece {
 public:
  Piece(const SQLite::Database& database, const VerifiedLedger& ledger, const KeyChain& keys,
        const SubtreeHashes& hashes)
      : rows_(database, "SELECT size, note FROM checkpoints WHERE size > ? AND size <= ? ORDER BY size LIMIT ?"),
        ledger_(ledger),
        keys_(keys),
        hashes_(hashes),
        origin_(origin_of(ledger.id)) {}

  CheckpointsFound read(std::uint64_t after) {
    rows_.begin(after, ledger_.newest_checkpoint, checkpoints_per_piece);
    while (rows_.step()) inspect(static_cast<std::uint64_t>(rows_.number(0)));
    return std::move(found_);
  }

 private:
  void inspect(std::uint64_t size) {
    ++found_.count;
    const std::string name = fmt::format("the checkpoint of {} entries", size);
    const VerifierKey* key = keys_.key_for(size);
    if (key == nullptr) return found_.problems.add(name + " is signed by no key that the ledger names");
    std::vector<VerifierKey> keys = keys_.witnesses();
    keys.push_back(*key);
    const auto opened = open_checkpoint(rows_.bytes(1), keys);
    if (!opened) return found_.problems.add(fmt::format("{} does not verify: {}", name, opened.error().message));
    if (opened->origin != origin_ || opened->head.size != size)
      return found_.problems.add(fmt::format("{} is one of {} entries of {}", name, opened->head.size, opened->origin));
    const auto root = size <= ledger_.size ? root_of(hashes_, size) : Result<Hash>(Hash{});
    throw_unless_damage(root);
    if (size <= ledger_.size && root && *root != opened->head.root) {
      if (!found_.wrong_size) found_.wrong_size = size;
      return;
    }
    if (leads_on(opened->head, name, ledger_, hashes_, found_.problems)) found_.good_size = size;
  }

  RowQuery rows_;
  const VerifiedLedger& ledger_;
  const KeyChain& keys_;
  const SubtreeHashes& hashes_;
  std::string origin_;
  CheckpointsFound found_;
};

}  // namespace

std::vector<std::uint64_t> checkpoint_pieces(const SQLite::Database& database, const VerifiedLedger& ledger,
                                             std::uint64_t after) {
  std::vector<std::uint64_t> pieces;
  RowQuery sizes(database, "SELECT size FROM checkpoints WHERE size > ? AND size <= ? ORDER BY size");
  sizes.begin(after, ledger.newest_checkpoint);
  std::uint64_t before = after;
  for (std::uint64_t at = 0; sizes.step(); ++at) {
    if (at % checkpoints_per_piece == 0) pieces.push_back(before);
    before = static_cast<std::uint64_t>(sizes.number(0));
  }
  return pieces;
}

CheckpointsFound read_checkpoints(const SQLite::Database& database, const VerifiedLedger& ledger, const KeyChain& keys,
                                  const SubtreeHashes& hashes, std::uint64_t after) {
  return Piece(database, ledger, keys, hashes).read(after);
}

void tell_rewritten(const CheckpointsFound& all, Problems& problems) {
  if (!all.wrong_size) return;
  const std::uint64_t first = all.good_size < *all.wrong_size ? all.good_size + 1 : 1;
  problems.add(first == *all.wrong_size ? first : 0,
               fmt::format("the first {} entries are not those that were signed: the first that was changed is {}",
                           *all.wrong_size,
                           first == *all.wrong_size ? fmt::format("entry {}", first)
                                                    : fmt::format("one of entries {} to {}", first, *all.wrong_size)));
}

void check_signed_head(const SQLite::Database& database, const VerifiedLedger& ledger, const SubtreeHashes& hashes,
                       const Result<std::optional<Checkpoint>>& head, std::vector<std::string>& warnings,
                       Problems& problems) {
  const std::string file = ledger.path.string() + ".signed";
  if (!head) return problems.add(file + ": " + head.error().message);
  if (!*head) {
    if (ledger.newest_checkpoint > 0)
      warnings.push_back(file +
                         " is missing: whether the ledger was cut off since shows against a checkpoint from "
                         "elsewhere alone");
    return;
  }
  if ((*head)->origin != origin_of(ledger.id))
    return problems.add(fmt::format("{} is of another ledger: {}", file, (*head)->origin));
  if ((*head)->head.size < ledger.newest_checkpoint)
    warnings.push_back(file + " is older than the newest checkpoint in the ledger");
  for (const AcceptedRollback& rollback : accepted_rollbacks(database)) {
    if (rollback.signed_head == (*head)->head) return;
  }
  (void)leads_on((*head)->head, "what was signed last", ledger, hashes, problems);
}

void check_kept_head(const SQLite::Database& database, const VerifiedLedger& ledger, const TreeHead& kept,
                     const SubtreeHashes& hashes, Problems& problems) {
  if (leads_on(kept, "the given checkpoint", ledger, hashes, problems)) return;
  for (const AcceptedRollback& rollback : accepted_rollbacks(database)) {
    if (kept.size <= rollback.present.size || kept.size > rollback.signed_head.size) continue;
    problems.add(rollback.entry,
                 fmt::format("entry {} says that the ledger was put back to {} entries after {} were signed",
                             rollback.entry, rollback.present.size, rollback.signed_head.size));
  }
}

}  // namespace autoheal::store
