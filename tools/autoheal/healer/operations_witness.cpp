// The operations on witnesses of the ledger: who they are, and what they signed.
#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/store/signing/witnesses.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"
#include "tools/autoheal/healer/keep_cosignatures.hpp"
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

Operations::Answer Operations::cosign(OperationBody body, Requester) {
  const auto kept = keep_cosignatures(*healer_.parts.ledger, body.note, healer_.parts.clock.now());
  AUTOHEAL_CO_TRY(kept);
  co_return said(*kept);
}

}  // namespace autoheal::cli
