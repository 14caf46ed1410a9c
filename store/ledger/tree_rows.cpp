#include "autoheal/store/ledger/tree_rows.hpp"

#include <algorithm>
#include <cstring>

namespace autoheal::store {

namespace {

StoredCheckpoint checkpoint_at(const SQLite::Statement& row) {
  return {static_cast<std::uint64_t>(row.getColumn(0).getInt64()), row.getColumn(1).getString()};
}

}  // namespace

TreeRows::TreeRows(const SQLite::Database& database)
    : head_(database, "SELECT size, root FROM roots ORDER BY size DESC LIMIT 1"),
      newest_(database, "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1"),
      checkpoints_(database, "SELECT size, note FROM checkpoints WHERE size > ? ORDER BY size LIMIT ?") {}

TreeHead TreeRows::head() {
  TreeHead head;
  if (head_.executeStep()) {
    const SQLite::Column root = head_.getColumn(1);
    if (static_cast<std::size_t>(root.getBytes()) == head.root.size()) {
      head.size = static_cast<std::uint64_t>(head_.getColumn(0).getInt64());
      std::memcpy(head.root.data(), root.getBlob(), head.root.size());
    }
  }
  head_.reset();
  return head;
}

std::optional<StoredCheckpoint> TreeRows::newest_checkpoint() {
  std::optional<StoredCheckpoint> newest;
  if (newest_.executeStep()) newest = checkpoint_at(newest_);
  newest_.reset();
  return newest;
}

std::optional<StoredCheckpoint> TreeRows::checkpoint_of(std::uint64_t size) {
  if (size == 0) return std::nullopt;
  auto found = checkpoints(size - 1, 1);
  if (found.empty() || found.front().size != size) return std::nullopt;
  return std::move(found.front());
}

std::vector<StoredCheckpoint> TreeRows::checkpoints(std::uint64_t after, std::size_t limit) {
  std::vector<StoredCheckpoint> found;
  checkpoints_.bind(1, static_cast<std::int64_t>(after));
  checkpoints_.bind(2, static_cast<std::int64_t>(std::min<std::size_t>(limit, 10'000)));
  while (checkpoints_.executeStep()) found.push_back(checkpoint_at(checkpoints_));
  checkpoints_.reset();
  return found;
}

}  // namespace autoheal::store
