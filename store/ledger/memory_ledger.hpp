// The ledger's twin in memory, for tests, simulation and replay: same promises, same suite, no disk.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "autoheal/engine/ledger.hpp"

namespace autoheal::store {

// Thread-safe. Forgets everything when it is destroyed; "durable" means in the object.
class MemoryLedger final : public engine::Ledger {
 public:
  explicit MemoryLedger(std::string id, std::uint64_t epoch = 0) : id_(std::move(id)), epoch_(epoch) {}
  // A copy holds what was appended so far, as a crash at this moment would leave it.
  MemoryLedger(const MemoryLedger& other);

  [[nodiscard]] engine::AppendResult append(const engine::Batch& batch) override;
  [[nodiscard]] Result<std::vector<engine::Entry>> read_stream(const std::string& stream,
                                                               std::uint64_t from_version) const override;
  [[nodiscard]] Result<engine::Page> read_all(engine::Position after, std::size_t limit) const override;
  [[nodiscard]] Result<std::vector<std::string>> open_streams() const override;
  [[nodiscard]] Result<std::optional<engine::Position>> place_of(const std::string& subscriber) const override;
  [[nodiscard]] const std::string& id() const override { return id_; }

  // A newer owner: batches of older epochs are fenced from now on.
  void fence(std::uint64_t epoch);

 private:
  [[nodiscard]] engine::AppendResult refused(const engine::Batch& batch) const;
  void keep(const engine::StreamAppend& append);

  mutable std::mutex mutex_;
  std::string id_;
  std::uint64_t epoch_;
  std::vector<engine::Entry> entries_;
  std::map<std::string, std::vector<std::size_t>> streams_;  // stream -> places in entries_
  std::vector<std::string> open_;                            // oldest first
  std::map<std::string, std::string> keys_;
  std::map<std::string, engine::Position> places_;
};

}  // namespace autoheal::store
