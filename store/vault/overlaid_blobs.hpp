// A store for trials: it reads through to the store below and keeps new contents in memory.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/blob_store.hpp"

namespace autoheal::store {

// Thread-safe where `below` is, which outlives it and is never written.
class OverlaidBlobs final : public engine::BlobStore {
 public:
  explicit OverlaidBlobs(const engine::BlobStore& below) : below_(below) {}

  [[nodiscard]] engine::BlobName name_of(std::string_view content, engine::BlobNaming naming) const override {
    auto name = below_.name_of(content, naming);
    // A store that lacks the vault's key: what it cannot name is no content of the vault, and is named as none.
    return name.empty() ? "hmac-sha256:" + to_hex(hmac_sha256("of no vault", content)) : name;
  }
  [[nodiscard]] Result<engine::BlobName> put(std::string_view content, engine::BlobNaming naming) override {
    auto name = name_of(content, naming);
    const std::lock_guard lock(mutex_);
    kept_.emplace(name, std::string(content));
    return name;
  }
  [[nodiscard]] Result<std::string> get(const engine::BlobName& name) const override {
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = kept_.find(name); found != kept_.end()) return found->second;
    }
    return below_.get(name);
  }

 private:
  const engine::BlobStore& below_;
  mutable std::mutex mutex_;
  std::map<engine::BlobName, std::string> kept_;
};

}  // namespace autoheal::store
