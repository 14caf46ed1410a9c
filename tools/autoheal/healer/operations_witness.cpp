// The operations on witnesses of the ledger: who they are, and what they signed.
#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/store/signing/cosignatures.hpp"
#include "autoheal/store/signing/witnesses.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"
#include "tools/autoheal/healer/operations.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"

namespace autoheal::cli {

namespace {

engine::NewEntry witness_entry(const char* type, const store::VerifierKey& key, const workflows::By& by,
                               Timestamp now) {
  JsonWriter data;
  data.begin_object().field("key", key.text());
  return entry_by(by, type, {}, now, data);
}

bool is_among(const std::vector<store::Witness>& witnesses, const store::VerifierKey& key) {
  return std::ranges::find(witnesses, key, &store::Witness::key) != witnesses.end();
}

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

Operations::Answer Operations::add_witness(OperationBody body, Requester who) {
  const store::SqliteLedger& ledger = *healer_.parts.ledger;
  const auto key = store::read_witness_key(body.key, ledger.id());
  AUTOHEAL_CO_TRY(key);
  const auto witnesses = store::witnesses_of(ledger);
  AUTOHEAL_CO_TRY(witnesses);
  if (is_among(*witnesses, *key)) co_return said(fmt::format("{} is a witness already", key->name()));
  if (witnesses->size() >= store::most_witnesses)
    co_return failure(ErrorKind::invalid, fmt::format("a ledger has at most {} witnesses", store::most_witnesses),
                      "autoheal ledger witness remove KEY");
  auto entry = witness_entry(store::witness_added, *key, who.by, healer_.parts.clock.now());
  AUTOHEAL_CO_TRY(co_await healer_.recording.record(std::move(entry)));
  co_return said(fmt::format("{} is a witness from now on: what it cosigns is kept", key->name()));
}

Operations::Answer Operations::remove_witness(OperationBody body, Requester who) {
  const auto witnesses = store::witnesses_of(*healer_.parts.ledger);
  AUTOHEAL_CO_TRY(witnesses);
  const auto named = [&](const store::Witness& one) {
    return one.key.text() == body.key || one.key.name() == body.key;
  };
  const auto found = std::ranges::find_if(*witnesses, named);
  if (found == witnesses->end())
    co_return failure(ErrorKind::not_found, "there is no witness of this name or key", "autoheal ledger witness list");
  if (std::ranges::count_if(*witnesses, named) > 1)
    co_return failure(ErrorKind::invalid, "several witnesses have this name: write the whole key",
                      "autoheal ledger witness list");
  const store::VerifierKey key = found->key;
  auto entry = witness_entry(store::witness_removed, key, who.by, healer_.parts.clock.now());
  AUTOHEAL_CO_TRY(co_await healer_.recording.record(std::move(entry)));
  co_return said(fmt::format("{} is no witness any more: what it cosigned so far stays", key.name()));
}

// No entry says so: it would be signed in turn, and the witness would never come to an end.
Operations::Answer Operations::cosign(OperationBody body, Requester) {
  store::SqliteLedger& ledger = *healer_.parts.ledger;
  const auto kept = checkpoint_under(ledger, body.note);
  AUTOHEAL_CO_TRY(kept);
  const auto witnesses = store::witnesses_of(ledger);
  AUTOHEAL_CO_TRY(witnesses);
  const auto keys = store::keys_of(*witnesses);
  const auto cosigned = handed_in(store::with_cosignatures(*kept, body.note, keys, healer_.parts.clock.now()));
  AUTOHEAL_CO_TRY(cosigned);
  if (cosigned->signers.empty()) co_return said("these cosignatures are there already, or newer ones");
  const auto facts = largest_sizes(ledger, *cosigned);
  AUTOHEAL_CO_TRY(facts);
  AUTOHEAL_CO_TRY(ledger.keep_checkpoint(cosigned->checkpoint, *facts));
  std::string names;
  for (const store::NoteSigner& signer : cosigned->signers) names += (names.empty() ? "" : ", ") + signer.key.name();
  co_return said(fmt::format("the checkpoint of {} entries is cosigned by {}", kept->size, names));
}

}  // namespace autoheal::cli
