// The operations on signed heads of the ledger: sign now, accept a restored backup, change the key.
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"
#include "tools/autoheal/healer/operations.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace {

void write_head(JsonWriter& out, std::string_view key, const store::TreeHead& head) {
  out.key(key).begin_object().field("size", head.size).field("root", to_hex(head.root)).end_object();
}

Error cannot_sign(const Checkpoints& checkpoints) {
  return {ErrorKind::unavailable, "nothing can be signed: " + checkpoints.why_not(), "autoheal doctor"};
}

}  // namespace

Operations::Answer Operations::sign_checkpoint(OperationBody, Requester) {
  const std::uint64_t entries = healer_.parts.ledger->tree_head().size;
  AUTOHEAL_CO_TRY(co_await healer_.checkpoints->sign());
  co_return said(fmt::format("signed: {} entries", entries));
}

Operations::Answer Operations::accept_rollback(OperationBody, Requester who) {
  Checkpoints& checkpoints = *healer_.checkpoints;
  if (checkpoints.signer() == nullptr) co_return std::unexpected(cannot_sign(checkpoints));
  const auto last = checkpoints.signer()->signed_last();
  const auto next = checkpoints.signer()->next(*healer_.parts.ledger);
  if (next || !last) {
    co_return failure(ErrorKind::failed, "the ledger holds all that was signed: there is no rollback to accept",
                      "autoheal ledger verify");
  }
  JsonWriter data;
  data.begin_object();
  write_head(data, "signed", last->head);
  write_head(data, "present", healer_.parts.ledger->tree_head());
  auto entry = entry_by(who.by, "ledger.rollback_accepted", {}, healer_.parts.clock.now(), data);
  AUTOHEAL_CO_TRY(co_await healer_.recording.record(std::move(entry)));
  checkpoints.accept_rollback();
  AUTOHEAL_CO_TRY(co_await checkpoints.sign());
  co_return said(
      fmt::format("accepted and signed: anybody who kept a checkpoint of the {} entries signed before will still see "
                  "that they are gone",
                  last->head.size));
}

Operations::Answer Operations::rotate_key(OperationBody, Requester who) {
  Checkpoints& checkpoints = *healer_.checkpoints;
  if (checkpoints.signer() == nullptr) co_return std::unexpected(cannot_sign(checkpoints));
  // The old key signs all that came before the change; from then on nothing is signed until the new one is in place.
  AUTOHEAL_CO_TRY(co_await checkpoints.sign());
  AUTOHEAL_CO_TRY(co_await checkpoints.pause());
  const auto rotation = checkpoints.signer()->begin_rotation(healer_.parts.randomness);
  if (!rotation) checkpoints.resume();
  AUTOHEAL_CO_TRY(rotation);
  JsonWriter data;
  data.begin_object().field("old", rotation->old_key).field("new", rotation->new_key).field("note", rotation->note);
  auto entry = entry_by(who.by, "ledger.key_rotated", {}, healer_.parts.clock.now(), data);
  const auto recorded = co_await healer_.recording.record(std::move(entry));
  const auto finished = recorded ? checkpoints.signer()->finish_rotation(*healer_.parts.ledger) : recorded;
  checkpoints.resume();
  AUTOHEAL_CO_TRY(finished);
  AUTOHEAL_CO_TRY(co_await checkpoints.sign());
  co_return said(rotation->new_key);
}

}  // namespace autoheal::cli
