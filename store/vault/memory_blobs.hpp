// The vault's twin in memory: for tests, benches and simulations.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/blob_store.hpp"

namespace autoheal::store {

class MemoryBlobs final : public engine::BlobStore {
 public:
  [[nodiscard]] engine::BlobName name_of(std::string_view content, engine::BlobNaming naming) const override {
    if (naming == engine::BlobNaming::plain) return sha256_name(content);
    return "hmac-sha256:" + to_hex(hmac_sha256("a key for tests", content));
  }
  [[nodiscard]] Result<engine::BlobName> put(std::string_view content, engine::BlobNaming naming) override {
    const std::lock_guard lock(mutex_);
    auto name = name_of(content, naming);
    blobs_.emplace(name, std::string(content));
    return name;
  }
  [[nodiscard]] Result<std::string> get(const engine::BlobName& name) const override {
    const std::lock_guard lock(mutex_);
    const auto found = blobs_.find(name);
    if (found == blobs_.end()) return failure(ErrorKind::not_found, "no blob " + name);
    return found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<engine::BlobName, std::string> blobs_;
};

}  // namespace autoheal::store
