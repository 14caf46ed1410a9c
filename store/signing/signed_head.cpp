#include "autoheal/store/signing/signed_head.hpp"

#include "autoheal/store/file/posix_file.hpp"

namespace autoheal::store {

namespace {

constexpr std::size_t most_bytes = 4096;

std::filesystem::path file_of(const std::filesystem::path& ledger) { return ledger.string() + ".signed"; }

}  // namespace

Result<std::optional<Checkpoint>> read_signed_head(const std::filesystem::path& ledger) {
  const auto file = read_small_file(file_of(ledger), most_bytes);
  AUTOHEAL_TRY(file);
  if (!*file) return std::nullopt;
  auto head = parse_checkpoint_body((*file)->content);
  if (!head) return failure(ErrorKind::invalid, file_of(ledger).string() + ": " + head.error().message);
  return std::move(*head);
}

Result<void> write_signed_head(const std::filesystem::path& ledger, const Checkpoint& head) {
  return replace_file(file_of(ledger), checkpoint_body(head), 0640);
}

}  // namespace autoheal::store
