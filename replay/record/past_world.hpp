// The inputs of past decisions besides entries: configurations and contents from the vault, adopted baselines from the
// ledger. Read once, then cached within bounds; never written.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/engine/ledger.hpp"
#include "autoheal/workflows/effects/heal_effects.hpp"

namespace autoheal::replay {

// A vault whose newest contents are kept in memory, so that ten thousand heals of one engine read its baseline once.
// Thread-safe where `vault` is; put() is refused.
class KeptBlobs final : public engine::BlobStore {
 public:
  explicit KeptBlobs(const engine::BlobStore& vault, std::size_t keep_bytes = 64U << 20) noexcept
      : vault_(vault), keep_bytes_(keep_bytes) {}

  [[nodiscard]] engine::BlobName name_of(std::string_view content, engine::BlobNaming naming) const override {
    return vault_.name_of(content, naming);
  }
  [[nodiscard]] Result<engine::BlobName> put(std::string_view content, engine::BlobNaming naming) override;
  [[nodiscard]] Result<std::string> get(const engine::BlobName& name) const override;

 private:
  const engine::BlobStore& vault_;
  std::size_t keep_bytes_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<engine::BlobName, std::string> kept_;
  mutable std::size_t kept_bytes_ = 0;
};

// Every `baseline.adopted` of a ledger, in order. Thread-safe.
class Adoptions {
 public:
  // Takes what `entry` adopts, if it does. Entries come in order.
  [[nodiscard]] Result<void> take(const engine::Entry& entry, const engine::BlobStore& blobs);
  // A baseline that is in no ledger (worlds of tests).
  void take(const std::string& engine, workflows::Adopted adopted);

  [[nodiscard]] std::optional<workflows::Adopted> of_digest(const std::string& engine, const std::string& digest) const;
  // The one in force at a place; empty: nothing was adopted by then.
  [[nodiscard]] std::optional<workflows::Adopted> at(const std::string& engine, engine::Position place) const;

 private:
  struct One {
    engine::Position since;
    workflows::Adopted adopted;
  };
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<One>> by_engine_;
};

// Thread-safe. `vault` and `adoptions` outlive it.
class PastWorld {
 public:
  PastWorld(const engine::BlobStore& vault, const Adoptions& adoptions) : blobs_(vault), adoptions_(adoptions) {}

  [[nodiscard]] const engine::BlobStore& blobs() const { return blobs_; }
  [[nodiscard]] const Adoptions& adoptions() const { return adoptions_; }
  [[nodiscard]] Result<std::shared_ptr<const workflows::EngineSpec>> specification(
      const engine::BlobName& configuration) const;

 private:
  KeptBlobs blobs_;
  const Adoptions& adoptions_;
  mutable std::mutex mutex_;
  mutable std::map<engine::BlobName, std::shared_ptr<const workflows::EngineSpec>> specs_;
};

}  // namespace autoheal::replay
