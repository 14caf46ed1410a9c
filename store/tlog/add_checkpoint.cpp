#include "autoheal/store/tlog/add_checkpoint.hpp"

#include <fmt/core.h>

#include <array>

#include "autoheal/store/evidence/ledger_proofs.hpp"
#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/signed_note.hpp"
#include "autoheal/store/signing/cosignatures.hpp"

namespace autoheal::store {

namespace {

std::unexpected<Error> wrong_answer(const std::string& why) {
  return failure(ErrorKind::invalid, "the answer of the witness: " + why,
                 "is it the submission address of a witness (C2SP tlog-witness)?");
}

Result<WitnessAnswer> signature_lines(std::string_view body) {
  constexpr std::string_view any_text = "-\n\n";
  const bool has_text = body.starts_with('\n') || body.contains("\n\n");
  if (has_text || !parse_note(std::string(any_text) + std::string(body)))
    return wrong_answer("status 200, but not signature lines of a note");
  return CosignatureLines{std::string(body)};
}

Result<WitnessAnswer> other_size(std::string_view content_type, std::string_view body) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  if (type != witness_size_type) return wrong_answer("status 409, but not of the type text/x.tlog.size");
  const bool is_line = body.ends_with('\n');
  const auto size = is_line ? number_from_decimal(body.substr(0, body.size() - 1)) : std::nullopt;
  if (!size) return wrong_answer("status 409, but its body is not a line with a size");
  return OtherOldSize{*size};
}

}  // namespace

std::string to_text(const AddCheckpoint& request) {
  std::string text = fmt::format("old {}\n", request.old_size);
  for (const Hash& hash : request.proof) text += to_base64(view_of(hash)) + '\n';
  return text + '\n' + request.checkpoint;
}

Result<AddCheckpoint> add_checkpoint_for(const LedgerReader& ledger, std::uint64_t old_size) {
  const auto newest = newest_signed_head(ledger);
  AUTOHEAL_TRY(newest);
  const TreeHead& head = newest->checkpoint.head;
  if (old_size > head.size) {
    return failure(
        ErrorKind::refused,
        fmt::format("the witness saw {} entries, and the newest checkpoint signs {}: the ledger was cut off, "
                    "or put back from an older backup",
                    old_size, head.size),
        "`autoheal ledger verify` tells more");
  }
  auto growth = prove_growth(ledger, old_size, head);
  AUTOHEAL_TRY(growth);
  return AddCheckpoint{old_size, std::move(growth->hashes), newest->note};
}

Result<WitnessAnswer> read_witness_answer(unsigned status, std::string_view content_type, std::string_view body) {
  if (body.size() > most_witness_answer_bytes) return wrong_answer("it is longer than 64 KiB");
  switch (status) {
    case 200:
      return signature_lines(body);
    case 409:
      return other_size(content_type, body);
    case 400:
      return failure(ErrorKind::invalid, "the witness cannot read what it was sent");
    case 403:
      return failure(
          ErrorKind::refused, "the witness does not accept the signature of this ledger",
          "give its operator the line that `autoheal ledger key` prints, and every new one after a rotation");
    case 404:
      return failure(ErrorKind::not_found, "the witness does not know this ledger",
                     "give its operator the line that `autoheal ledger key` prints");
    case 422:
      return failure(ErrorKind::corrupt, "for the witness this ledger is not the one that it saw before",
                     "if a backup was put back it is right; else `autoheal ledger verify` tells more");
    default:
      return failure(ErrorKind::unavailable, fmt::format("the witness answered with status {}", status));
  }
}

Result<std::string> cosignature_of(const VerifierKey& witness, const AddCheckpoint& request,
                                   const CosignatureLines& answer, Timestamp now) {
  const auto asked = parse_note(request.checkpoint);
  AUTOHEAL_TRY(asked);
  const std::array keys = {witness};
  auto cosigned = with_cosignatures({0, request.checkpoint}, asked->text + '\n' + answer.lines, keys, now);
  if (!cosigned && cosigned.error().kind == ErrorKind::refused)
    return failure(ErrorKind::refused, fmt::format("it is not signed by the key of {}", witness.name()));
  AUTOHEAL_TRY(cosigned);
  if (cosigned->signers.empty()) return std::string();
  auto note = parse_note(cosigned->checkpoint.note);
  AUTOHEAL_TRY(note);
  return to_text(SignedNote{std::move(note->text), {std::move(note->signatures.back())}});
}

}  // namespace autoheal::store
