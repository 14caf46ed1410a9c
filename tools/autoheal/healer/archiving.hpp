// The oldest part of the ledger goes to a file of its own. In an order that a crash may cut anywhere: the file is whole
// and durable before the entry that tells of it, the entry before the first row goes, the last row before a blob does.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "tools/autoheal/healer/healer.hpp"
#include "tools/autoheal/session/archived_ranges.hpp"

namespace autoheal::cli {

struct ArchiveRequest {
  Timestamp before;
  std::string file;  // absolute; empty: beside the ledger
};

struct Archived {
  std::optional<ArchivedRange> range;  // empty: nothing was old enough
  std::vector<std::string> held_by;    // streams that keep later entries from going: their heals are open, or go on
  std::uint64_t secrets = 0;           // blobs under the vault's key that were deleted
};

// On the loop's thread; what takes long happens on the pool, rows go between the loop's turns. failed: entries are old
// enough, but an open heal keeps all of them. invalid: the file is there already.
boost::asio::awaitable<Result<Archived>> archive_entries(Healer& healer, ArchiveRequest request, workflows::By by);

}  // namespace autoheal::cli
