#include "autoheal/store/evidence/ledger_proofs.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/signing/witnesses.hpp"

namespace autoheal::store {

namespace {

constexpr char sign_first[] = "`autoheal ledger checkpoint --sign` signs the present head";

Error not_signed_yet(std::uint64_t seq, const TreeHead& head) {
  return {ErrorKind::not_found,
          fmt::format("entry {} came after the newest checkpoint, which signs {} entries", seq, head.size), sign_first};
}

Result<InclusionProof> prove(const LedgerReader& ledger, const engine::Entry& entry, const TreeHead& head) {
  return prove_line(ledger, entry.position, leaf_line(ledger.id(), entry), head);
}

}  // namespace

Result<SignedHead> newest_signed_head(const LedgerReader& ledger) {
  const auto newest = ledger.newest_checkpoint();
  AUTOHEAL_TRY(newest);
  if (!*newest) return failure(ErrorKind::not_found, "the ledger has no checkpoint yet: nothing is signed", sign_first);
  const auto text = ledger.meta("verifier_key");
  AUTOHEAL_TRY(text);
  const auto key = VerifierKey::parse(*text);
  if (!key) return failure(ErrorKind::corrupt, "the ledger names no key that could verify its checkpoints");
  const VerifierKey keys[] = {*key};
  auto opened = open_checkpoint((*newest)->note, keys);
  if (!opened)
    return failure(ErrorKind::corrupt, "the newest checkpoint: " + opened.error().message, "autoheal ledger verify");
  return SignedHead{(*newest)->note, std::move(*opened)};
}

Result<SignedHead> newest_witnessed_head(const LedgerReader& ledger, std::uint64_t least) {
  auto head = newest_signed_head(ledger);
  if (!head) return head;
  const auto witnesses = witnesses_of(ledger);
  AUTOHEAL_TRY(witnesses);
  std::optional<StoredCheckpoint> newest;
  for (const Witness& witness : *witnesses) {
    auto seen = newest_head_of(ledger, witness.key);
    AUTOHEAL_TRY(seen);
    if (*seen && (*seen)->checkpoint.size >= std::max(least, newest ? newest->size : 0))
      newest = std::move((*seen)->checkpoint);
  }
  if (!newest || newest->size > head->checkpoint.head.size) return head;
  const auto text = ledger.meta("verifier_key");
  AUTOHEAL_TRY(text);
  const auto key = VerifierKey::parse(*text);
  if (!key) return head;
  const VerifierKey keys[] = {*key};
  auto opened = open_checkpoint(newest->note, keys);
  if (!opened) return head;  // by an earlier key of the ledger
  return SignedHead{std::move(newest->note), std::move(*opened)};
}

Result<InclusionProof> prove_entry(const LedgerReader& ledger, engine::Position seq, const TreeHead& head) {
  if (seq.value > head.size) {
    const auto present = ledger.head();
    AUTOHEAL_TRY(present);
    if (seq <= *present) return std::unexpected(not_signed_yet(seq.value, head));
  }
  const auto page = seq.value == 0 ? Result<engine::Page>(engine::Page{}) : ledger.read_all({seq.value - 1}, 1);
  AUTOHEAL_TRY(page);
  if (page->entries.empty() || page->entries.front().position != seq)
    return failure(ErrorKind::not_found, fmt::format("there is no entry {}", seq.value));
  return prove(ledger, page->entries.front(), head);
}

Result<InclusionProof> prove_line(const LedgerReader& ledger, engine::Position seq, std::string_view line,
                                  const TreeHead& head) {
  if (seq.value > head.size) return std::unexpected(not_signed_yet(seq.value, head));
  auto hashes = inclusion_proof(*ledger.hashes(), seq.value - 1, head.size);
  AUTOHEAL_TRY(hashes);
  if (!inclusion_holds(seq.value - 1, leaf_hash(line), head, *hashes))
    return failure(ErrorKind::corrupt, fmt::format("entry {} is not what was signed", seq.value));
  return InclusionProof{seq.value - 1, head.size, std::string(line), std::move(*hashes)};
}

Result<std::vector<InclusionProof>> prove_stream(const LedgerReader& ledger, const std::string& stream,
                                                 const TreeHead& head) {
  const auto entries = ledger.read_stream(stream, 1);
  AUTOHEAL_TRY(entries);
  std::vector<InclusionProof> proofs;
  for (const engine::Entry& entry : *entries) {
    auto proof = prove(ledger, entry, head);
    AUTOHEAL_TRY(proof);
    proofs.push_back(std::move(*proof));
  }
  return proofs;
}

Result<ConsistencyProof> prove_growth(const LedgerReader& ledger, std::uint64_t old_size, const TreeHead& head) {
  if (old_size > head.size) {
    return failure(ErrorKind::not_found,
                   fmt::format("the newest checkpoint signs {} entries, fewer than {}", head.size, old_size),
                   sign_first);
  }
  const auto then = root_of(*ledger.hashes(), old_size);
  AUTOHEAL_TRY(then);
  auto hashes = consistency_proof(*ledger.hashes(), old_size, head.size);
  AUTOHEAL_TRY(hashes);
  return ConsistencyProof{{old_size, *then}, head, std::move(*hashes)};
}

}  // namespace autoheal::store
