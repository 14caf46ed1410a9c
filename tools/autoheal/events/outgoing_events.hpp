// The events of the bus behind a place in the ledger, as they leave the host: what webhooks send and send again.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/engine/ledger.hpp"
#include "autoheal/workflows/supervision/bus_topics.hpp"
#include "autoheal/workflows/supervision/delivery_course.hpp"
#include "tools/config/configuration.hpp"

namespace autoheal::cli {

// Entries that tell of deliveries give no event (workflows/supervision/bus_topics.hpp): a delivery that caused another
// would never end.
class OutgoingEvents {
 public:
  // No `topics`: all that the format has. `blobs` holds data that is too long for an entry, and outlives it.
  OutgoingEvents(std::vector<std::string> topics, config::EventFormat format, const engine::BlobStore& blobs)
      : topics_(std::move(topics)), format_(format), blobs_(blobs) {}

  struct Read {
    std::vector<workflows::OutgoingEvent> events;
    engine::Position to;  // all entries up to here were read
  };
  // Reads at most `limit` entries after `after`. Blocks on the disk. The ids are `<ledger>-<entry>-<word>`: the same
  // however often the event is read.
  [[nodiscard]] Result<Read> read(const engine::LedgerView& ledger, engine::Position after, std::size_t limit);

 private:
  [[nodiscard]] bool is_asked(const std::string& topic) const;

  [[nodiscard]] Result<std::string> body_of(const workflows::BusEvent& event, const engine::Entry& entry,
                                            const engine::LedgerView& ledger) const;

  std::vector<std::string> topics_;
  config::EventFormat format_;
  const engine::BlobStore& blobs_;
  workflows::PhaseMemory phases_;
};

}  // namespace autoheal::cli
