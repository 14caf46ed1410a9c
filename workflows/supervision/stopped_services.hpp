// The services that somebody stopped and that earlier daemons left alone since, as the ledger tells: a new daemon
// leaves them alone, too, however long none ran. A new boot starts them.
#pragma once

#include <set>
#include <string>

#include "autoheal/engine/ledger.hpp"
#include "autoheal/workflows/supervision/watch.hpp"

namespace autoheal::workflows {

// Each heartbeat and each end of a daemon lists them all; between two lists, each skip and each test that passed
// counts.
class StoppedServices {
 public:
  // Those that are stopped at `place`: from the last list before it, among the 100,000 entries before. None where there
  // is no list, as before daemons made lists. Fails as the ledger's reading does.
  [[nodiscard]] static Result<StoppedServices> at(engine::Position place, const engine::LedgerView& ledger,
                                                  const engine::BlobStore& blobs);

  // Whether take() may need it.
  [[nodiscard]] static bool matters(const engine::Entry& entry);
  // The next entry of the ledger. Data that the vault lost is no list.
  void take(const engine::Entry& entry, const engine::BlobStore& blobs);
  void tell(Watch& watch) const;

 private:
  void take_node(const engine::Entry& entry, const engine::BlobStore& blobs);

  std::string boot_;  // the newest that a daemon told, or empty
  std::set<std::string> engines_;
};

}  // namespace autoheal::workflows
