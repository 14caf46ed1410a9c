#include "autoheal/store/signing/key_chain.hpp"

#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>

#include "autoheal/store/format/json_check.hpp"
#include "autoheal/store/format/json_text.hpp"
#include "autoheal/store/format/signed_note.hpp"
#include "autoheal/store/ledger/row_query.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/store/signing/witnesses.hpp"

namespace autoheal::store {

namespace {

std::string named_key(const SQLite::Database& database) {
  RowQuery meta(database, "SELECT value FROM meta WHERE name = 'verifier_key'");
  return meta.step() ? std::string(meta.bytes(0)) : std::string();
}

}  // namespace

bool KeyChain::add(std::uint64_t seq, std::string_view data, const std::string& origin, Problems& problems) {
  const auto wrong = [&](const std::string& why) {
    problems.add(seq, fmt::format("entry {}: the change of keys does not hold: {}", seq, why));
    return false;
  };
  std::vector<JsonMember> members;
  if (json_problem(data, &members)) return wrong("it cannot be read");
  const std::string old_text = json_text(member_of(members, "old"));
  const std::string new_text = json_text(member_of(members, "new"));
  const auto note_text = json_text(member_of(members, "note"));
  const auto old_key = VerifierKey::parse(old_text), new_key = VerifierKey::parse(new_text);
  if (!old_key || !new_key) return wrong("it names no keys");
  if (keys_.empty()) keys_.push_back({*old_key, 0});
  if (keys_.back().key != *old_key) return wrong("it does not begin with the key before it");
  const auto note = parse_note(note_text);
  if (!note) return wrong(note.error().message);
  if (note->text != rotation_text(origin, old_text, new_text)) return wrong("what was signed says something else");
  const std::array keys = {*old_key};
  if (const auto signers = signers_of(*note, keys); !signers) return wrong(signers.error().message);
  keys_.push_back({*new_key, seq});
  return true;
}

bool KeyChain::follow(const SQLite::Database& database, const std::string& origin, Problems& problems) {
  RowQuery rotations(database,
                     "SELECT seq, data FROM entries WHERE stream = 'ledger' AND type = 'ledger.key_rotated' "
                     "ORDER BY version");
  try {
    while (rotations.step()) {
      if (!add(static_cast<std::uint64_t>(rotations.number(0)), rotations.bytes(1), origin, problems)) return false;
    }
  } catch (const SQLite::Exception& exception) {
    // A damaged entry is reported, with its number, when all entries are read.
    if ((exception.getErrorCode() & 0xff) != SQLITE_CORRUPT) throw;
    problems.add(std::string("the changes of its key cannot be read: ") + exception.what());
  }
  return true;
}

KeyChain KeyChain::read(const SQLite::Database& database, const std::string& origin, Problems& problems) {
  KeyChain chain;
  chain.witnesses_ = all_witness_keys(database);
  if (!chain.follow(database, origin, problems)) return chain;
  const std::string named = named_key(database);
  if (named.empty()) {
    if (!chain.keys_.empty()) problems.add("the ledger does not name its key any more");
    return chain;
  }
  const auto key = VerifierKey::parse(named);
  if (!key) {
    problems.add("what the ledger names as its key is none: " + key.error().message);
  } else if (chain.keys_.empty()) {
    chain.keys_.push_back({*key, 0});
  } else if (!chain.has(*key)) {
    problems.add(fmt::format("the ledger names the key {}, which no change of keys led to", named));
  }
  return chain;
}

const VerifierKey* KeyChain::key_for(std::uint64_t size) const {
  const VerifierKey* found = nullptr;
  for (const KeyInForce& key : keys_) {
    if (key.since <= size) found = &key.key;
  }
  return found;
}

bool KeyChain::has(const VerifierKey& key) const {
  return std::ranges::any_of(keys_, [&](const KeyInForce& known) { return known.key == key; });
}

}  // namespace autoheal::store
