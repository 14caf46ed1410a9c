// A ledger between a mortal process and its store: says for a while that it cannot serve, dies with the process before
// or after a commit, and remembers what it acknowledged, so that a judge can ask for it later.
#pragma once

#include <map>

#include "autoheal/engine/testing/ledger_over.hpp"
#include "tests/simulation/fate.hpp"
#include "tests/simulation/planted.hpp"

namespace autoheal::simulation {

// Appends that callers know as durable: stream -> types of its entries.
using Acknowledged = std::map<std::string, std::vector<std::string>>;

class FaultyLedger final : public engine::testing::LedgerOver {
 public:
  FaultyLedger(engine::Ledger& under, Fate& fate, Acknowledged& acknowledged, Planted planted)
      : LedgerOver(under), fate_(fate), acknowledged_(acknowledged), planted_(planted) {}

  bool is_full = false;  // it cannot serve now
  // The machine has power; without it nothing was ever written after that moment.
  std::function<bool()> has_power = [] { return true; };

  [[nodiscard]] engine::AppendResult append(const engine::Batch& batch) override {
    engine::AppendResult dead{engine::AppendStatus::unknown, {}, {}, {}, {}, "the process died here"};
    if (fate_.has_come() || !has_power()) return dead;
    if (is_full) return {engine::AppendStatus::unavailable, {}, {}, {}, {}, "no space"};
    engine::AppendResult result = planted_ == Planted::told_before_commit ? append_late(batch) : append_now(batch);
    if (result.status == engine::AppendStatus::ok && has_power()) acknowledge(batch);
    return fate_.has_come() || !has_power() ? dead : result;
  }

  [[nodiscard]] Result<std::vector<std::string>> open_streams() const override {
    auto open = under_.open_streams();
    if (planted_ == Planted::stream_forgotten && open && !open->empty()) open->pop_back();
    return open;
  }

 private:
  engine::AppendResult append_now(const engine::Batch& batch) {
    if (planted_ != Planted::entry_left_out) return under_.append(batch);
    engine::Batch shorter = batch;
    if (shorter.streams.back().entries.size() > 1 && ++commits_ % 50 == 0) shorter.streams.back().entries.pop_back();
    return under_.append(shorter);
  }

  // Planted: the batch before this one is written, this one waits in memory.
  engine::AppendResult append_late(const engine::Batch& batch) {
    engine::AppendResult result;
    if (late_) result = under_.append(*late_);
    late_ = batch;
    return result;
  }

  void acknowledge(const engine::Batch& batch) {
    for (const engine::StreamAppend& one : batch.streams) {
      auto& types = acknowledged_[one.stream];
      for (const engine::NewEntry& entry : one.entries) types.push_back(entry.type);
    }
  }

  Fate& fate_;
  Acknowledged& acknowledged_;
  const Planted planted_;
  std::optional<engine::Batch> late_;
  unsigned commits_ = 0;
};

}  // namespace autoheal::simulation
