#include "autoheal/store/format/proof_json.hpp"

#include <fmt/core.h>

#include <optional>

#include "autoheal/store/format/canonical_text.hpp"
#include "autoheal/store/format/flat_json.hpp"

namespace autoheal::store {

namespace {

constexpr std::size_t max_inclusion_hashes = 63, max_consistency_hashes = 64;

std::string list_of(const std::vector<Hash>& hashes) {
  std::string text = "[";
  for (const Hash& hash : hashes) {
    if (text.size() > 1) text += ',';
    text += '"' + to_hex(hash) + '"';
  }
  return text + ']';
}

template <class T>
std::optional<T> field(const FlatObject& object, std::string_view key) {
  const auto found = object.find(key);
  const T* content = found == object.end() ? nullptr : std::get_if<T>(&found->second);
  return content == nullptr ? std::nullopt : std::optional<T>(*content);
}

std::optional<Hash> hash_field(const FlatObject& object, std::string_view key) {
  const auto text = field<std::string>(object, key);
  return text ? hash_from_hex(*text) : std::nullopt;
}

std::optional<std::vector<Hash>> hash_list(const FlatObject& object) {
  const auto texts = field<std::vector<std::string>>(object, "hashes_hex");
  if (!texts) return std::nullopt;
  std::vector<Hash> hashes;
  for (const std::string& text : *texts) {
    const auto hash = hash_from_hex(text);
    if (!hash) return std::nullopt;
    hashes.push_back(*hash);
  }
  return hashes;
}

std::unexpected<Error> malformed_json(const char* what, const char* keys) {
  return failure(
      ErrorKind::invalid, fmt::format("{}{} is not an object of exactly {}", "the ", what, keys),
      "numbers are below 2^63, hashes 64 lower-case hex digits; `autoheal ledger prove --format json` writes it");
}

std::unexpected<Error> does_not_hold(std::string message) {
  return failure(ErrorKind::corrupt, std::move(message),
                 "what it is about was changed, or the proof belongs to other checkpoints");
}

}  // namespace

std::string to_json(const InclusionProof& proof) {
  return "{\"index\":" + std::to_string(proof.index) + ",\"tree_size\":" + std::to_string(proof.tree_size) +
         ",\"leaf_hex\":\"" + bytes_to_hex(proof.leaf) + "\",\"hashes_hex\":" + list_of(proof.hashes) + '}';
}

std::string to_json(const ConsistencyProof& proof) {
  return "{\"old_size\":" + std::to_string(proof.older.size) + ",\"new_size\":" + std::to_string(proof.newer.size) +
         ",\"old_root_hex\":\"" + to_hex(proof.older.root) + "\",\"new_root_hex\":\"" + to_hex(proof.newer.root) +
         "\",\"hashes_hex\":" + list_of(proof.hashes) + '}';
}

Result<InclusionProof> parse_inclusion_json(std::string_view json) {
  const auto wrong = [] { return malformed_json("inclusion proof", "index, tree_size, leaf_hex and hashes_hex"); };
  if (json.size() > max_proof_json_bytes) return wrong();
  const auto object = parse_flat_json(json, max_inclusion_hashes);
  if (!object || object->size() != 4) return wrong();
  const auto index = field<std::uint64_t>(*object, "index"), size = field<std::uint64_t>(*object, "tree_size");
  const auto leaf_hex = field<std::string>(*object, "leaf_hex");
  auto leaf = leaf_hex ? bytes_from_hex(*leaf_hex) : std::nullopt;
  auto hashes = hash_list(*object);
  if (!index || !size || !leaf || !hashes) return wrong();
  return InclusionProof{*index, *size, std::move(*leaf), std::move(*hashes)};
}

Result<ConsistencyProof> parse_consistency_json(std::string_view json) {
  const auto wrong = [] {
    return malformed_json("consistency proof", "old_size, new_size, old_root_hex, new_root_hex and hashes_hex");
  };
  if (json.size() > max_proof_json_bytes) return wrong();
  const auto object = parse_flat_json(json, max_consistency_hashes);
  if (!object || object->size() != 5) return wrong();
  const auto old_size = field<std::uint64_t>(*object, "old_size"), new_size = field<std::uint64_t>(*object, "new_size");
  const auto old_root = hash_field(*object, "old_root_hex"), new_root = hash_field(*object, "new_root_hex");
  auto hashes = hash_list(*object);
  if (!old_size || !new_size || !old_root || !new_root || !hashes) return wrong();
  return ConsistencyProof{{*old_size, *old_root}, {*new_size, *new_root}, std::move(*hashes)};
}

Result<void> check_inclusion(const InclusionProof& proof, const TreeHead& head) {
  if (proof.tree_size != head.size) {
    return does_not_hold(fmt::format("the proof is for {} entries, the checkpoint for {}", proof.tree_size, head.size));
  }
  if (!inclusion_holds(proof.index, leaf_hash(proof.leaf), head, proof.hashes)) {
    return does_not_hold(
        fmt::format("the entry is not entry {} of the {} under the signed root", proof.index + 1, head.size));
  }
  return {};
}

Result<void> check_consistency(const ConsistencyProof& proof, const TreeHead& older, const TreeHead& newer) {
  if (proof.older != older || proof.newer != newer) {
    return does_not_hold("the proof is between other sizes or roots than the checkpoints");
  }
  if (!consistency_holds(older, newer, proof.hashes)) {
    return does_not_hold(
        fmt::format("the first {} of {} entries are not those that were signed before", older.size, newer.size));
  }
  return {};
}

}  // namespace autoheal::store
