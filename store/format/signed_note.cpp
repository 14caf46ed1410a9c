#include "autoheal/store/format/signed_note.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/store/format/canonical_text.hpp"

namespace autoheal::store {

namespace {

constexpr std::string_view line_start = "\xE2\x80\x94 ";  // em dash and space
constexpr std::size_t id_bytes = 4, time_bytes = 8;

std::unexpected<Error> malformed_note(const std::string& why) {
  return failure(ErrorKind::invalid, "signed note: " + why,
                 "pass the file byte for byte as it was written; copying it as text may have changed it");
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8U | static_cast<std::uint8_t>(byte);
  return number;
}

std::string big_endian_id(std::uint32_t id) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(id >> static_cast<unsigned>(shift) & 0xFFU);
  return bytes;
}

std::optional<NoteSignature> parse_line(std::string_view line) {
  if (!line.starts_with(line_start)) return std::nullopt;
  line.remove_prefix(line_start.size());
  const std::size_t name_end = line.find(' ');
  if (name_end == std::string_view::npos || !is_key_name(line.substr(0, name_end))) return std::nullopt;
  const auto bytes = from_base64(line.substr(name_end + 1));
  if (!bytes || bytes->size() <= id_bytes) return std::nullopt;
  const std::string_view id = std::string_view(*bytes).substr(0, id_bytes);
  return NoteSignature{std::string(line.substr(0, name_end)), static_cast<std::uint32_t>(big_endian(id)),
                       bytes->substr(id_bytes)};
}

bool is_note_text(std::string_view text) { return text.size() > 1 && text.ends_with('\n') && is_plain_text(text); }

std::optional<Signature> as_signature(std::string_view bytes) {
  Signature signature;
  if (bytes.size() != signature.size()) return std::nullopt;
  std::ranges::transform(bytes, signature.begin(), [](char byte) { return static_cast<std::uint8_t>(byte); });
  return signature;
}

// The signer, where `bytes` are what `key` makes of `text` by the rules of its type.
std::optional<NoteSigner> signer(const VerifierKey& key, std::string_view text, std::string_view bytes) {
  if (key.type() == KeyType::ed25519) {
    const auto signature = as_signature(bytes);
    if (!signature || !key.verifies(text, *signature)) return std::nullopt;
    return NoteSigner{key, std::nullopt};
  }
  if (bytes.size() != time_bytes + sizeof(Signature)) return std::nullopt;
  const std::uint64_t unix_s = big_endian(bytes.substr(0, time_bytes));
  const auto signature = as_signature(bytes.substr(time_bytes));
  if (!signature || !key.verifies(cosigned_message(unix_s, text), *signature)) return std::nullopt;
  return NoteSigner{key, unix_s};
}

}  // namespace

Result<SignedNote> parse_note(std::string_view note) {
  if (note.size() > max_note_bytes) return malformed_note(fmt::format("it is longer than {} bytes", max_note_bytes));
  if (!is_plain_text(note)) return malformed_note("it is not UTF-8 without control characters");
  const std::size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return malformed_note("no empty line stands before its signatures");
  SignedNote parsed{std::string(note.substr(0, blank + 1)), {}};
  if (!is_note_text(parsed.text)) return malformed_note("nothing stands above its signatures");
  std::string_view lines = note.substr(blank + 2);
  if (!lines.ends_with('\n')) return malformed_note("its last line has no end");
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    auto signature = parse_line(lines.substr(0, end));
    const std::string number = std::to_string(parsed.signatures.size() + 1);
    if (!signature)
      return malformed_note(fmt::format("its signature line {} is not dash, key name and canonical base64", number));
    if (parsed.signatures.size() == max_note_signatures) return malformed_note("it has too many signatures");
    parsed.signatures.push_back(std::move(*signature));
    lines.remove_prefix(end + 1);
  }
  return parsed;
}

std::string to_text(const SignedNote& note) {
  std::string text = note.text + '\n';
  for (const NoteSignature& signature : note.signatures) {
    text += std::string(line_start) + signature.key_name + ' ';
    text += to_base64(big_endian_id(signature.key_id) + signature.bytes) + '\n';
  }
  return text;
}

Result<std::string> sign_note(std::string_view text, const SigningKey& key) {
  if (!is_note_text(text)) {
    return failure(ErrorKind::invalid, "what is to be signed is not lines of UTF-8 without control characters");
  }
  const Signature signature = key.sign(text);
  std::string note =
      to_text({std::string(text), {{key.verifier().name(), key.verifier().id(), std::string(view_of(signature))}}});
  if (note.size() > max_note_bytes) return failure(ErrorKind::invalid, "what is to be signed is too long for a note");
  return note;
}

Result<std::vector<NoteSigner>> signers_of(const SignedNote& note, std::span<const VerifierKey> keys) {
  std::vector<NoteSigner> signers;
  for (const VerifierKey& key : keys) {
    std::optional<NoteSigner> found;
    for (const NoteSignature& line : note.signatures) {
      if (line.key_name != key.name() || line.key_id != key.id()) continue;
      found = signer(key, note.text, line.bytes);
      if (!found) {
        return failure(ErrorKind::corrupt, fmt::format("the signature of {} does not verify", key.name()),
                       "the text or the signature was changed after it was signed: take the original");
      }
    }
    if (found) signers.push_back(std::move(*found));
  }
  if (signers.empty()) {
    return failure(ErrorKind::corrupt, "no signature is of a key that was given",
                   "check that the verifier key is the one of this ledger");
  }
  return signers;
}

std::string cosigned_message(std::uint64_t unix_s, std::string_view text) {
  return fmt::format("cosignature/v1\ntime {}\n{}", unix_s, text);
}

}  // namespace autoheal::store
