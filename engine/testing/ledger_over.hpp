// A ledger in front of another one, for tests in which one of its calls goes otherwise.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/ledger.hpp"

namespace autoheal::engine::testing {

// Passes every call on; `under` outlives it.
class LedgerOver : public Ledger {
 public:
  explicit LedgerOver(Ledger& under) : under_(under) {}

  [[nodiscard]] AppendResult append(const Batch& batch) override { return under_.append(batch); }
  [[nodiscard]] Result<std::vector<Entry>> read_stream(const std::string& stream,
                                                       std::uint64_t from_version) const override {
    return under_.read_stream(stream, from_version);
  }
  [[nodiscard]] Result<Page> read_all(Position after, std::size_t limit) const override {
    return under_.read_all(after, limit);
  }
  [[nodiscard]] Result<std::vector<std::string>> open_streams() const override { return under_.open_streams(); }
  [[nodiscard]] Result<std::optional<Position>> place_of(const std::string& subscriber) const override {
    return under_.place_of(subscriber);
  }
  [[nodiscard]] const std::string& id() const override { return under_.id(); }

 protected:
  Ledger& under_;
};

}  // namespace autoheal::engine::testing
