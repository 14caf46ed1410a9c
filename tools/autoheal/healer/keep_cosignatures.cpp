#include "tools/autoheal/healer/keep_cosignatures.hpp"

#include <fmt/core.h>

#include <map>

#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/store/signing/cosignatures.hpp"
#include "autoheal/store/signing/witnesses.hpp"

namespace autoheal::cli {

namespace {

// A note that was handed in damaged is no damage of ours.
template <typename Value>
Result<Value> handed_in(Result<Value> read) {
  if (!read && read.error().kind == ErrorKind::corrupt) read.error().kind = ErrorKind::invalid;
  return read;
}

// The checkpoint that this ledger signed, of the size that the note says.
Result<store::StoredCheckpoint> checkpoint_under(const store::SqliteLedger& ledger, const std::string& note) {
  const auto parsed = handed_in(store::parse_note(note));
  AUTOHEAL_TRY(parsed);
  const auto body = handed_in(store::parse_checkpoint_body(parsed->text));
  AUTOHEAL_TRY(body);
  if (body->origin != store::origin_of(ledger.id()))
    return failure(ErrorKind::invalid, fmt::format("it is a checkpoint of {}, not of this ledger", body->origin));
  auto kept = ledger.checkpoint_of(body->head.size);
  AUTOHEAL_TRY(kept);
  if (!*kept)
    return failure(ErrorKind::not_found,
                   fmt::format("this ledger signed no checkpoint of {} entries", body->head.size));
  return std::move(**kept);
}

// The largest checkpoint that each of them signed, for who asks which one that is.
Result<std::map<std::string, std::string>> largest_sizes(const store::SqliteLedger& ledger,
                                                         const store::Cosigned& cosigned) {
  std::map<std::string, std::string> facts;
  for (const store::NoteSigner& signer : cosigned.signers) {
    const std::string name = store::cosigned_size_name(signer.key);
    const auto before = ledger.meta(name);
    AUTOHEAL_TRY(before);
    const std::string now = std::to_string(cosigned.checkpoint.size);
    const bool is_larger = before->size() < now.size() || (before->size() == now.size() && *before < now);
    if (is_larger) facts.emplace(name, now);
  }
  return facts;
}

}  // namespace

// No entry says so: it would be signed in turn, and the witness would never come to an end.
Result<std::string> keep_cosignatures(store::SqliteLedger& ledger, const std::string& note, Timestamp now) {
  const auto kept = checkpoint_under(ledger, note);
  AUTOHEAL_TRY(kept);
  const auto witnesses = store::witnesses_of(ledger);
  AUTOHEAL_TRY(witnesses);
  const auto keys = store::keys_of(*witnesses);
  const auto cosigned = handed_in(store::with_cosignatures(*kept, note, keys, now));
  AUTOHEAL_TRY(cosigned);
  if (cosigned->signers.empty()) return "these cosignatures are there already, or newer ones";
  const auto facts = largest_sizes(ledger, *cosigned);
  AUTOHEAL_TRY(facts);
  AUTOHEAL_TRY(ledger.keep_checkpoint(cosigned->checkpoint, *facts));
  std::string names;
  for (const store::NoteSigner& signer : cosigned->signers) names += (names.empty() ? "" : ", ") + signer.key.name();
  return fmt::format("the checkpoint of {} entries is cosigned by {}", kept->size, names);
}

}  // namespace autoheal::cli
