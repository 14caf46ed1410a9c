// Computes how far an archive may reach. Only whole streams leave the ledger, so the archived prefix must not cut one.
#pragma once

#include <string>
#include <vector>

#include "autoheal/engine/entry.hpp"

namespace autoheal::store {

// The places of a stream's first and last entry. One that is open has no last one yet.
struct StreamSpan {
  std::string stream;
  engine::Position first, last;
  bool open = false;
};

struct ArchiveBounds {
  engine::Position archived;      // the prefix begins after it
  engine::Position limit;         // and ends here at the latest: what follows is too young
  engine::Position unread;        // or here: the place of the subscriber that is furthest behind, if that is less
  std::vector<StreamSpan> spans;  // of the streams that begin at or before `limit`
};

struct ArchivePrefix {
  engine::Position last;                  // equal to `archived`: nothing can go
  std::vector<std::string> ended_before;  // the streams that hold it back, the one that begins last first
};

// The longest prefix that no stream crosses. Pure.
[[nodiscard]] ArchivePrefix longest_prefix(ArchiveBounds bounds);

}  // namespace autoheal::store
