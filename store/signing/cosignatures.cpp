#include "autoheal/store/signing/cosignatures.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace autoheal::store {

namespace {

constexpr std::chrono::hours clocks_differ{1};  // a time further ahead would count as the newest for ever

bool is_by(const NoteSignature& line, const VerifierKey& key) {
  return line.key_name == key.name() && line.key_id == key.id();
}

// The newest of the witness's lines that verify; corrupt: one does not.
Result<std::optional<std::pair<NoteSignature, NoteSigner>>> newest_line(const SignedNote& note,
                                                                        const VerifierKey& key) {
  std::optional<std::pair<NoteSignature, NoteSigner>> newest;
  const std::array keys = {key};
  for (const NoteSignature& line : note.signatures) {
    if (!is_by(line, key)) continue;
    auto signers = signers_of({note.text, {line}}, keys);
    AUTOHEAL_TRY(signers);
    if (!newest || newest->second.cosigned_unix_s < signers->front().cosigned_unix_s)
      newest.emplace(line, std::move(signers->front()));
  }
  return newest;
}

Result<void> check_time(const NoteSigner& signer, Timestamp now) {
  const std::uint64_t time_s = signer.cosigned_unix_s.value_or(0);
  const auto latest = std::chrono::floor<std::chrono::seconds>((now + clocks_differ).time_since_epoch()).count();
  if (time_s > 0 && time_s <= static_cast<std::uint64_t>(std::max<std::int64_t>(latest, 0))) return {};
  return failure(ErrorKind::invalid,
                 fmt::format("the cosignature of {} {}", signer.key.name(),
                             time_s == 0 ? "says no time" : "is of a time more than an hour ahead"),
                 "compare the clock of the witness with this host's");
}

}  // namespace

std::vector<NoteSigner> cosigners_of(std::string_view note, std::span<const VerifierKey> witnesses) {
  std::vector<NoteSigner> signers;
  const auto parsed = parse_note(note);
  if (!parsed) return signers;
  for (const VerifierKey& witness : witnesses) {
    if (witness.type() != KeyType::cosignature) continue;
    auto line = newest_line(*parsed, witness);
    if (line && *line) signers.push_back(std::move((*line)->second));
  }
  return signers;
}

Result<Cosigned> with_cosignatures(const StoredCheckpoint& kept, std::string_view given,
                                   std::span<const VerifierKey> witnesses, Timestamp now) {
  auto note = parse_note(kept.note);
  AUTOHEAL_TRY(note);
  const auto cosigned = parse_note(given);
  AUTOHEAL_TRY(cosigned);
  if (cosigned->text != note->text)
    return failure(ErrorKind::invalid,
                   fmt::format("it is not the checkpoint of {} entries that this ledger signed", kept.size));
  bool is_known = false;
  std::vector<NoteSigner> fresh;
  for (const VerifierKey& witness : witnesses) {
    auto line = newest_line(*cosigned, witness);
    AUTOHEAL_TRY(line);
    if (!*line) continue;
    is_known = true;
    AUTOHEAL_TRY(check_time((*line)->second, now));
    const auto before = newest_line(*note, witness);
    if (before && *before && (*before)->second.cosigned_unix_s >= (*line)->second.cosigned_unix_s) continue;
    std::erase_if(note->signatures, [&](const NoteSignature& one) { return is_by(one, witness); });
    note->signatures.push_back(std::move((*line)->first));
    fresh.push_back(std::move((*line)->second));
  }
  if (!is_known)
    return failure(
        ErrorKind::refused, "no cosignature on it is of a witness of this ledger",
        "`autoheal ledger witness list` names them; an Admiral adds one with `autoheal ledger witness add KEY`");
  if (note->signatures.size() > max_note_signatures)
    return failure(ErrorKind::invalid, "a checkpoint cannot carry so many signatures");
  return Cosigned{{kept.size, to_text(*note)}, std::move(fresh)};
}

}  // namespace autoheal::store
