// The ledger as the loop gets it: takes the time of each commit, for the metrics.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/ledger.hpp"
#include "autoheal/engine/ports.hpp"
#include "tools/autoheal/steward/own_figures.hpp"

namespace autoheal::cli {

// Passes every call on. The arguments of its constructor outlive it.
class TimedLedger final : public engine::Ledger {
 public:
  TimedLedger(engine::Ledger& under, const engine::Clock& clock, OwnFigures& figures)
      : under_(under), clock_(clock), figures_(figures) {}

  // Commits count, not what was refused.
  [[nodiscard]] engine::AppendResult append(const engine::Batch& batch) override {
    const Duration began = clock_.since_boot();
    engine::AppendResult result = under_.append(batch);
    if (result.status == engine::AppendStatus::ok) figures_.appended(clock_.since_boot() - began);
    return result;
  }
  [[nodiscard]] Result<std::vector<engine::Entry>> read_stream(const std::string& stream,
                                                               std::uint64_t from_version) const override {
    return under_.read_stream(stream, from_version);
  }
  [[nodiscard]] Result<std::vector<engine::Entry>> read_types(const std::string& stream,
                                                              const std::vector<std::string>& types) const override {
    return under_.read_types(stream, types);
  }
  [[nodiscard]] Result<std::uint64_t> version_of(const std::string& stream) const override {
    return under_.version_of(stream);
  }
  [[nodiscard]] Result<engine::Page> read_all(engine::Position after, std::size_t limit) const override {
    return under_.read_all(after, limit);
  }
  [[nodiscard]] Result<std::vector<std::string>> open_streams() const override { return under_.open_streams(); }
  [[nodiscard]] Result<std::optional<engine::Position>> place_of(const std::string& subscriber) const override {
    return under_.place_of(subscriber);
  }
  [[nodiscard]] const std::string& id() const override { return under_.id(); }

 private:
  engine::Ledger& under_;
  const engine::Clock& clock_;
  OwnFigures& figures_;
};

}  // namespace autoheal::cli
