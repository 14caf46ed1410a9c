// The events of the bus behind a place in the ledger, for followers that read it: the command line, web clients.
#pragma once

#include <functional>

#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "autoheal/workflows/supervision/bus_topics.hpp"

namespace autoheal::cli {

inline constexpr std::size_t most_entries_of_page = 1'000;

// Used by one thread at a time.
class EventsSince {
 public:
  explicit EventsSince(engine::Position place) : place_(place) {}

  // `index` counts the events of one entry, from 0.
  using Take = std::function<void(const workflows::BusEvent& event, const engine::Entry& entry, unsigned index)>;
  // Takes the events of the next entries, of a page at most. False: there were none, the newest is behind us.
  [[nodiscard]] Result<bool> take_page(const store::LedgerReader& ledger, const store::Vault& vault, const Take& take);

  // Every entry up to here was taken.
  [[nodiscard]] engine::Position place() const { return place_; }

 private:
  engine::Position place_;
  workflows::PhaseMemory phases_;
};

// It matches one of the topics; none are given: it passes.
[[nodiscard]] bool is_asked_for(const std::vector<std::string>& topics, std::string_view topic);

}  // namespace autoheal::cli
