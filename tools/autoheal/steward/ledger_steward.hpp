// The figures of a ledger that grows. New entries are read when somebody asks, on that thread: the loop that heals does
// nothing for them.
#pragma once

#include <filesystem>
#include <mutex>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/blob_store.hpp"
#include "autoheal/engine/ledger.hpp"
#include "autoheal/workflows/steward/steward.hpp"
#include "tools/autoheal/steward/plugin_values.hpp"
#include "tools/autoheal/steward/witness_standing.hpp"

namespace autoheal::cli {

// So many entries before those that count tell which heals are open and which engines are exhausted.
inline constexpr std::uint64_t remembered_entries = 100'000;

class LedgerSteward {
 public:
  // Counts the entries behind `since`. `blobs` holds data that is too long for an entry, and outlives it.
  LedgerSteward(std::filesystem::path ledger, const engine::BlobStore& blobs, engine::Position since)
      : path_(std::move(ledger)), blobs_(blobs), since_(since) {}

  struct Seen {
    workflows::StewardFigures figures;
    engine::Position head;
    std::vector<WitnessStanding> witnesses;
  };
  // Reads what is new. Blocks on the disk; any thread. unavailable, at once, while another thread reads: many who ask
  // must not hold many threads. Other errors as LedgerReader: what was read before them counts, and the next call goes
  // on behind it.
  [[nodiscard]] Result<Seen> figures();
  // Part of the figures, and of no entry.
  PluginValues plugins;

 private:
  [[nodiscard]] Result<void> read_on(const engine::LedgerView& ledger, engine::Position head);
  void take(const engine::Entry& entry);

  std::filesystem::path path_;
  const engine::BlobStore& blobs_;
  std::mutex mutex_;
  workflows::Steward steward_;
  engine::Position since_;
  engine::Position place_;  // taken up to here
  bool begun_ = false;
};

}  // namespace autoheal::cli
