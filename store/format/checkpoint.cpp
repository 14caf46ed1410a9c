#include "autoheal/store/format/checkpoint.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>

#include "autoheal/store/format/canonical_text.hpp"

namespace autoheal::store {

namespace {

std::unexpected<Error> malformed_checkpoint(const std::string& why) {
  return failure(ErrorKind::invalid, "checkpoint: " + why,
                 "expected three lines: origin, number of entries, base64 of the root");
}

}  // namespace

std::string checkpoint_body(const Checkpoint& checkpoint) {
  return checkpoint.origin + '\n' + std::to_string(checkpoint.head.size) + '\n' +
         to_base64(view_of(checkpoint.head.root)) + '\n';
}

Result<Checkpoint> parse_checkpoint_body(std::string_view body) {
  std::array<std::string_view, 3> lines;
  for (std::string_view& line : lines) {
    const std::size_t end = body.find('\n');
    if (end == std::string_view::npos) return malformed_checkpoint("it has less than three whole lines");
    line = body.substr(0, end);
    body.remove_prefix(end + 1);
  }
  if (!body.empty()) return malformed_checkpoint("something stands after its third line");
  if (lines[0].empty() || !is_plain_text(lines[0])) return malformed_checkpoint("line 1 is not the name of a log");
  const auto size = number_from_decimal(lines[1]);
  if (!size) return malformed_checkpoint("line 2 is not a number below 2^63 without leading zeros");
  const auto root = hash_from_base64(lines[2]);
  if (!root) return malformed_checkpoint("line 3 is not canonical base64 of 32 bytes");
  if (*size == 0 && *root != empty_root())
    return malformed_checkpoint("the root of no entries is not the empty tree's");
  return Checkpoint{std::string(lines[0]), {*size, *root}};
}

Result<std::string> sign_checkpoint(const SigningKey& key, std::string_view origin, const TreeHead& head) {
  if (origin != key.verifier().name()) {
    return failure(ErrorKind::invalid,
                   fmt::format("the signing key is of {}, not of this ledger", key.verifier().name()),
                   "put the key file of this ledger back in its place");
  }
  if (head.size > std::numeric_limits<std::int64_t>::max()) {
    return failure(ErrorKind::invalid, "a checkpoint of more than 2^63 - 1 entries cannot be signed");
  }
  return sign_note(checkpoint_body({std::string(origin), head}), key);
}

Result<Checkpoint> open_checkpoint(std::string_view note, std::span<const VerifierKey> keys) {
  const auto parsed = parse_note(note);
  AUTOHEAL_TRY(parsed);
  const auto signers = signers_of(*parsed, keys);
  AUTOHEAL_TRY(signers);
  auto checkpoint = parse_checkpoint_body(parsed->text);
  if (!checkpoint) return checkpoint;
  const bool by_the_log = std::ranges::any_of(*signers, [&](const NoteSigner& signer) {
    return signer.key.type() == KeyType::ed25519 && signer.key.name() == checkpoint->origin;
  });
  if (!by_the_log) {
    return failure(ErrorKind::corrupt, "the checkpoint is of another log than the given key",
                   "its first line must be the name of the log's own key, which must have signed it");
  }
  return checkpoint;
}

}  // namespace autoheal::store
