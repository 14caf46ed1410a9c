#include "autoheal/store/signing/key_file.hpp"

#include <unistd.h>

#include <fmt/core.h>

#include "autoheal/store/file/posix_file.hpp"

namespace autoheal::store {

namespace {

constexpr std::size_t most_key_file_bytes = 1024;
constexpr mode_t of_its_owner_alone = 0600;

Error not_private(const std::filesystem::path& path, const std::string& why) {
  return {
      ErrorKind::refused, fmt::format("the signing key {} {}", path.string(), why),
      "whoever could read it can sign another history: make a new one with `autoheal ledger key --rotate` once it is "
      "0600 and yours"};
}

}  // namespace

Result<std::optional<SigningKey>> read_key_file(const std::filesystem::path& path, const std::string& origin) {
  auto file = read_small_file(path, most_key_file_bytes);
  AUTOHEAL_TRY(file);
  if (!*file) return std::nullopt;
  SecretText text(std::move((*file)->content));
  if (((*file)->mode & 077) != 0) return std::unexpected(not_private(path, "can be read or written by others"));
  if ((*file)->owner != ::geteuid()) return std::unexpected(not_private(path, "belongs to another user"));
  std::string_view line = text.view();
  if (line.ends_with('\n')) line.remove_suffix(1);
  auto key = SigningKey::parse(line);
  if (!key) return failure(ErrorKind::invalid, path.string() + " holds no signing key", "restore it from a backup");
  if (key->verifier().name() != origin) {
    return failure(ErrorKind::invalid,
                   fmt::format("{} is the key of {}, not of {}", path.string(), key->verifier().name(), origin),
                   "restore the key that belongs to this ledger");
  }
  return std::move(*key);
}

Result<void> write_key_file(const std::filesystem::path& path, const SigningKey& key) {
  const SecretText secret = key.text();
  std::string line(secret.view());
  line += '\n';
  const SecretText whole(std::move(line));
  return replace_file(path, whole.view(), of_its_owner_alone);
}

}  // namespace autoheal::store
