#include "autoheal/store/format/proof_text.hpp"

#include <fmt/core.h>

#include <optional>

#include "autoheal/store/format/canonical_text.hpp"

namespace autoheal::store {

namespace {

constexpr std::string_view first_line = "c2sp.org/tlog-proof@v1";
constexpr std::string_view extra_word = "extra ", index_word = "index ";

std::unexpected<Error> malformed_proof(const std::string& why) {
  return failure(ErrorKind::invalid, "proof: " + why,
                 "expected a .tlog-proof file byte for byte, as `autoheal ledger prove` writes it");
}

// The next line without its newline, taken off `text`; nothing at the end or where the newline is missing.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string to_text(const TlogProof& proof) {
  std::string text = std::string(first_line) + '\n';
  if (!proof.extra.empty()) text += std::string(extra_word) + to_base64(proof.extra) + '\n';
  text += std::string(index_word) + std::to_string(proof.index) + '\n';
  for (const Hash& hash : proof.hashes) text += to_base64(view_of(hash)) + '\n';
  return text + '\n' + proof.checkpoint;
}

Result<TlogProof> parse_tlog_proof(std::string_view text) {
  if (text.size() > max_tlog_proof_bytes) return malformed_proof("it is too long");
  if (take_line(text) != first_line) return malformed_proof("its first line is not c2sp.org/tlog-proof@v1");
  TlogProof proof;
  auto line = take_line(text);
  if (line && line->starts_with(extra_word)) {
    auto extra = from_base64(line->substr(extra_word.size()));
    if (!extra || extra->empty()) return malformed_proof("its extra data is not canonical base64");
    proof.extra = std::move(*extra);
    line = take_line(text);
  }
  if (!line || !line->starts_with(index_word)) return malformed_proof("it has no line that begins with index");
  const auto index = number_from_decimal(line->substr(index_word.size()));
  if (!index) return malformed_proof("its index is not a number below 2^63 without leading zeros");
  proof.index = *index;
  for (line = take_line(text); line && !line->empty(); line = take_line(text)) {
    const auto hash = hash_from_base64(*line);
    if (!hash)
      return malformed_proof(fmt::format("hash {} is not canonical base64 of 32 bytes", proof.hashes.size() + 1));
    if (proof.hashes.size() == max_proof_hashes) return malformed_proof("it has more than 63 hashes");
    proof.hashes.push_back(*hash);
  }
  if (!line) return malformed_proof("it ends before its checkpoint");
  proof.checkpoint = text;
  return proof;
}

Result<ProvenLeaf> check_tlog_proof(std::string_view text, std::string_view leaf, std::span<const VerifierKey> keys) {
  const auto proof = parse_tlog_proof(text);
  AUTOHEAL_TRY(proof);
  auto checkpoint = open_checkpoint(proof->checkpoint, keys);
  AUTOHEAL_TRY(checkpoint);
  if (!inclusion_holds(proof->index, leaf_hash(leaf), checkpoint->head, proof->hashes)) {
    return failure(ErrorKind::corrupt,
                   fmt::format("the entry is not entry {} of the {} that the checkpoint signs", proof->index + 1,
                               checkpoint->head.size),
                   "the entry, its place or the proof was changed; get all of them anew from the ledger");
  }
  return ProvenLeaf{proof->index, std::move(*checkpoint)};
}

}  // namespace autoheal::store
