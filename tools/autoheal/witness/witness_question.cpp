#include "tools/autoheal/witness/witness_question.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/format/signed_note.hpp"
#include "autoheal/store/signing/witnesses.hpp"

namespace autoheal::cli {

namespace {

Result<void> check_named(const store::LedgerReader& ledger, const store::VerifierKey& witness) {
  const auto witnesses = store::witnesses_of(ledger);
  AUTOHEAL_TRY(witnesses);
  if (std::ranges::find(*witnesses, witness, &store::Witness::key) != witnesses->end()) return {};
  return failure(ErrorKind::changed, "the ledger does not name it, and it is not asked until it does",
                 "an Admiral adds it: autoheal ledger witness add " + witness.text());
}

Result<std::uint64_t> remembered_size(const store::LedgerReader& ledger, const store::VerifierKey& witness) {
  const auto seen = store::newest_head_of(ledger, witness);
  AUTOHEAL_TRY(seen);
  return *seen ? (*seen)->checkpoint.size : 0;
}

Result<std::uint64_t> size_of(const std::string& checkpoint) {
  const auto note = store::parse_note(checkpoint);
  AUTOHEAL_TRY(note);
  const auto body = store::parse_checkpoint_body(note->text);
  AUTOHEAL_TRY(body);
  return body->head.size;
}

// Kinds as WitnessPorts::question has them.
Error told_by_kind(Error error) {
  error.kind = error.kind == ErrorKind::refused ? ErrorKind::corrupt : ErrorKind::failed;
  return error;
}

Result<std::optional<WitnessQuestion>> as_question(Result<store::AddCheckpoint> request) {
  if (!request && request.error().kind == ErrorKind::not_found) return std::nullopt;
  if (!request) return std::unexpected(told_by_kind(std::move(request.error())));
  const auto size = size_of(request->checkpoint);
  AUTOHEAL_TRY(size);
  return WitnessQuestion{std::move(*request), *size};
}

std::unexpected<Error> unreadable(Error error) {
  return failure(ErrorKind::failed, "there is nothing to ask it: " + error.message, std::move(error.hint));
}

}  // namespace

Result<std::optional<WitnessQuestion>> question_for(const std::string& ledger_path, const store::VerifierKey& witness,
                                                    std::optional<std::uint64_t> old_size) {
  const auto ledger = store::LedgerReader::open(ledger_path);
  if (!ledger) return unreadable(ledger.error());
  if (const auto named = check_named(**ledger, witness); !named)
    return named.error().kind == ErrorKind::changed ? std::unexpected(named.error()) : unreadable(named.error());
  if (!old_size) {
    const auto remembered = remembered_size(**ledger, witness);
    if (!remembered) return unreadable(remembered.error());
    old_size = *remembered;
  }
  return as_question(store::add_checkpoint_for(**ledger, *old_size));
}

}  // namespace autoheal::cli
