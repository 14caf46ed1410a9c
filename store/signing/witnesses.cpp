#include "autoheal/store/signing/witnesses.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>

#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/json_check.hpp"
#include "autoheal/store/format/json_text.hpp"
#include "autoheal/store/ledger/ledger_tables.hpp"
#include "autoheal/store/ledger/row_query.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/store/signing/cosignatures.hpp"

namespace autoheal::store {

namespace {

std::optional<VerifierKey> key_in(std::string_view data) {
  std::vector<JsonMember> members;
  if (json_problem(data, &members)) return std::nullopt;
  auto key = VerifierKey::parse(json_text(member_of(members, "key")));
  if (!key || key->type() != KeyType::cosignature) return std::nullopt;
  return std::move(*key);
}

}  // namespace

Result<VerifierKey> read_witness_key(std::string_view text, std::string_view ledger_id) {
  auto key = VerifierKey::parse(text);
  if (!key) return key;
  if (key->type() != KeyType::cosignature) {
    return failure(ErrorKind::invalid,
                   fmt::format("the key {} is of one that signs a log, not of a witness", key->name()),
                   "a witness signs with a key of type 4 (C2SP tlog-cosignature): its base64 begins with B");
  }
  if (key->name() == origin_of(ledger_id))
    return failure(ErrorKind::invalid, "a witness has another name than the ledger that it looks at");
  return key;
}

Result<std::vector<Witness>> witnesses_of(const engine::LedgerView& ledger) {
  const auto entries = ledger.read_types("ledger", {witness_added, witness_removed});
  AUTOHEAL_TRY(entries);
  std::vector<Witness> witnesses;
  for (const engine::Entry& entry : *entries) {
    const auto key = key_in(entry.data);
    if (!key)
      return failure(ErrorKind::corrupt, fmt::format("entry {} ({}) cannot be read", entry.position.value, entry.type),
                     "autoheal ledger verify");
    std::erase_if(witnesses, [&](const Witness& one) { return one.key == *key; });
    if (entry.type == witness_added) witnesses.push_back({*key, entry.actor, entry.time});
  }
  return witnesses;
}

std::vector<VerifierKey> keys_of(const std::vector<Witness>& witnesses) {
  std::vector<VerifierKey> keys;
  for (const Witness& witness : witnesses) keys.push_back(witness.key);
  return keys;
}

std::vector<VerifierKey> all_witness_keys(const SQLite::Database& database) {
  std::vector<VerifierKey> keys;
  // With the words of the index over rare types, and so by it.
  const std::string sql = fmt::format("SELECT data FROM entries WHERE type = '{}' AND +stream = 'ledger' AND {}",
                                      witness_added, sql_is_rare);
  RowQuery rows(database, sql);
  try {
    while (rows.step()) {
      auto key = key_in(rows.bytes(0));
      if (key && std::ranges::find(keys, *key) == keys.end()) keys.push_back(std::move(*key));
    }
  } catch (const SQLite::Exception& exception) {
    if ((exception.getErrorCode() & 0xff) != SQLITE_CORRUPT) throw;
  }
  return keys;
}

std::string cosigned_size_name(const VerifierKey& witness) { return "cosigned " + witness.text(); }

Result<std::optional<WitnessedHead>> newest_head_of(const LedgerReader& ledger, const VerifierKey& witness) {
  const auto text = ledger.meta(cosigned_size_name(witness));
  AUTOHEAL_TRY(text);
  const auto size = number_from_decimal(*text);
  if (!size || *size == 0) return std::nullopt;
  auto rows = ledger.checkpoints(*size - 1, 1);
  AUTOHEAL_TRY(rows);
  if (rows->empty() || rows->front().size != *size) return std::nullopt;
  const std::array keys = {witness};
  const auto cosigners = cosigners_of(rows->front().note, keys);
  if (cosigners.empty()) return std::nullopt;
  return WitnessedHead{std::move(rows->front()), cosigners.front().cosigned_unix_s.value_or(0)};
}

}  // namespace autoheal::store
