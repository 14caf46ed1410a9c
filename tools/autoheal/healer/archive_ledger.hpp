// The oldest part of the ledger goes to a file of its own. In an order that a crash may cut anywhere: the file is whole
// and durable before the entry that tells of it, the entry before the first row goes, the last row before a blob does.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "tools/autoheal/healer/archived_rows.hpp"
#include "tools/autoheal/healer/checkpoints.hpp"
#include "tools/autoheal/healer/jobs.hpp"
#include "tools/autoheal/healer/recording.hpp"
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

// On the loop's thread. The arguments of its constructor outlive it.
class Archiving {
 public:
  Archiving(HealerParts& parts, ConfigurationInForce& in_force, Jobs& jobs, Recording& recording,
            Checkpoints& checkpoints)
      : parts_(parts), in_force_(in_force), jobs_(jobs), recording_(recording), checkpoints_(checkpoints) {}

  // Long work happens on the pool; rows go between the loop's turns. busy: it is under way already. failed:
  // entries are old enough, but an open heal keeps all of them. invalid: the file is there already.
  boost::asio::awaitable<Result<Archived>> archive(ArchiveRequest request, workflows::By by);
  // A crash may have left rows that an archive holds: they go.
  boost::asio::awaitable<void> finish();
  // While it is true no heal that ended is taken up again: its entries may be on their way out.
  [[nodiscard]] bool is_under_way() const { return !under_way_.expired(); }

  // For tests: called with the name of each step that is done.
  std::function<void(std::string_view step)> step_done = [](std::string_view) {};

 private:
  [[nodiscard]] ArchivedRows rows() { return {*parts_.ledger, parts_.loop, step_done}; }

  HealerParts& parts_;
  ConfigurationInForce& in_force_;
  Jobs& jobs_;
  Recording& recording_;
  Checkpoints& checkpoints_;
  std::weak_ptr<void> under_way_;  // lives in the coroutine, however that ends
};

}  // namespace autoheal::cli
