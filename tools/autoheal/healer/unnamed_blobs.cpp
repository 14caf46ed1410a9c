#include "tools/autoheal/healer/unnamed_blobs.hpp"

#include <algorithm>

namespace autoheal::cli {

namespace {

constexpr std::string_view plain = "sha256:", keyed_before = "hmac-";
constexpr std::size_t digits = 64;

}  // namespace

Result<UnnamedBlobs> UnnamedBlobs::in(const store::Vault& vault) {
  auto all = vault.list();
  AUTOHEAL_TRY(all);
  UnnamedBlobs blobs(vault);
  for (auto& blob : *all) blobs.unnamed_.emplace(blob.name, blob);
  return blobs;
}

// Contents may name contents: an engine's configuration its baselines, large data what it tells of. A content that
// merely looks so keeps a blob that could go, which does no harm.
Result<void> UnnamedBlobs::named_in(std::string_view text) {
  std::vector<std::string> contents;
  if (auto marked = mark(text, contents); !marked) return marked;
  while (!contents.empty()) {
    const std::string content = std::move(contents.back());
    contents.pop_back();
    if (auto marked = mark(content, contents); !marked) return marked;
  }
  return {};
}

Result<void> UnnamedBlobs::mark(std::string_view text, std::vector<std::string>& contents) {
  for (std::size_t at = text.find(plain); at != std::string_view::npos; at = text.find(plain, at + 1)) {
    if (text.size() - at < plain.size() + digits) break;
    const std::size_t before = text.substr(0, at).ends_with(keyed_before) ? keyed_before.size() : 0;
    const engine::BlobName name(text.substr(at - before, before + plain.size() + digits));
    if (unnamed_.erase(name) == 0) continue;
    auto content = vault_->get(name);
    // A spoiled one is reported by its readers; here it names nothing.
    if (!content && content.error().kind != ErrorKind::corrupt) return std::unexpected(std::move(content.error()));
    if (content) contents.push_back(std::move(*content));
  }
  return {};
}

std::vector<store::Vault::BlobFacts> UnnamedBlobs::left() const {
  std::vector<store::Vault::BlobFacts> all;
  for (const auto& [name, blob] : unnamed_) all.push_back(blob);
  std::ranges::sort(all, {}, &store::Vault::BlobFacts::name);
  return all;
}

}  // namespace autoheal::cli
