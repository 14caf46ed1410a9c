// Answers the questions of auditors from the ledger's indexes, so that the time depends on the size of the answer, not
// of the ledger. In words of entries; what heals are is known by the views alone (ledger_tables.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/store/audit/audit_filter.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"

namespace autoheal::store {

struct EntryWindow {
  engine::Position after;                // excluded
  std::optional<engine::Position> last;  // included; empty: the newest when it begins
  std::optional<std::uint64_t> limit;
  bool newest = false;  // with `limit`, of which at most most_newest: the last ones instead of the first
};
inline constexpr std::uint64_t most_newest = 100'000;

// One heal, as a row of the view `audit_heals`.
struct AuditedHeal {
  std::string heal, engine, strategy, state;
  std::uint64_t attempts = 0;
  std::string reason, requester, actor;
  std::string started, ended;  // RFC 3339; `ended` is empty while it is open
};

// One heal for statistics.
struct HealFigures {
  std::string engine, strategy, ending;  // `ending`: its type, or empty while it is open
  std::uint64_t attempts = 0;
  std::string reason;
  Duration took{0};
  std::string heal;
  bool in_vault = false;  // the strategy stands in the vault only
};

// Over the reader's connection, which must outlive it, on its thread. Holds no transaction while it waits for a caller
// who takes entries slowly: entries are read in pages.
class Audit {
 public:
  explicit Audit(const LedgerReader& ledger) : ledger_(ledger) {}

  // Gives the entries that pass to `take`, in the ledger's order, whatever their times say; false ends it. Returns how
  // many were given.
  using TakeEntry = std::function<bool(const engine::Entry& entry)>;
  [[nodiscard]] Result<std::uint64_t> entries(const EntryFilter& filter, const EntryWindow& window,
                                              const TakeEntry& take) const;

  // In the order of their start.
  using TakeHeal = std::function<bool(AuditedHeal heal)>;
  [[nodiscard]] Result<void> heals(const HealFilter& filter, const TakeHeal& take) const;

  // Heals that began in this time, in that order; for sums, so nothing may be held up in `take`.
  using TakeFigures = std::function<void(const HealFigures& figures)>;
  [[nodiscard]] Result<void> figures(std::optional<Timestamp> since, std::optional<Timestamp> until,
                                     const TakeFigures& take) const;

  // Streams that are named by ids beginning with `prefix` and whose first entry is of `type`, at most `limit`.
  [[nodiscard]] Result<std::vector<std::string>> streams(const std::string& prefix, const std::string& type,
                                                         std::size_t limit) const;
  // The stream of the newest entry of this type; empty if there is none.
  [[nodiscard]] Result<std::string> newest_stream(const std::string& type) const;

 private:
  const LedgerReader& ledger_;
};

}  // namespace autoheal::store
