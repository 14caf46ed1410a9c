#include "autoheal/store/verify/verify_streams.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::store {

FollowedStreams::Id FollowedStreams::id_of(std::string_view stream) {
  Id id{};
  std::ranges::copy(stream.substr(0, id.size()), id.begin());
  return id;
}

StreamCheck* FollowedStreams::find(bool is_id, std::string_view stream) {
  if (is_id) {
    const auto found = by_id_.find(id_of(stream));
    return found == by_id_.end() ? nullptr : found->second.get();
  }
  const auto found = by_name_.find(stream);
  return found == by_name_.end() ? nullptr : found->second.get();
}

StreamCheck& FollowedStreams::put(bool is_id, std::string_view stream, std::unique_ptr<StreamCheck> check) {
  auto& place = is_id ? by_id_[id_of(stream)] : by_name_[std::string(stream)];
  place = std::move(check);
  return *place;
}

void FollowedStreams::erase(bool is_id, std::string_view stream) {
  if (is_id) {
    by_id_.erase(id_of(stream));
    return;
  }
  const auto found = by_name_.find(stream);
  AUTOHEAL_CHECK(found != by_name_.end());  // only what is followed can end
  by_name_.erase(found);
}

void FollowedStreams::take(FollowedStreams&& other) {
  by_id_.merge(other.by_id_);
  by_name_.merge(other.by_name_);
}

void RangeStreams::see(const StreamRules& rules, const EntryRow& row, unsigned kind,
                       const std::vector<JsonMember>& members, Problems& problems) {
  StreamCheck* check = open_.find(row.stream_is_id, row.stream);
  if (check == nullptr && row.version == 1) check = &open_.put(row.stream_is_id, row.stream, rules.begin());
  const auto seq = static_cast<std::uint64_t>(row.seq);
  if (check == nullptr) {
    later_.push_back({seq, row.version, row.stream_is_id, std::string(row.stream), std::string(row.type),
                      std::string(row.data), kind});
    return;
  }
  if (const auto problem = check->next({kind, row.type, members}))
    problems.add(seq, fmt::format("entry {}: {}", seq, *problem));
  if (check->ended()) open_.erase(row.stream_is_id, row.stream);
}

void LedgerStreams::take(RangeStreams&& range, const SQLite::Database& database, Problems& problems) {
  for (const LaterEntry& entry : range.later_) {
    StreamCheck* check = open_.find(entry.stream_is_id, entry.stream);
    if (check == nullptr) check = read_again(entry, database);
    if (check == nullptr) continue;
    (void)json_problem(entry.data, &members_);  // what is wrong with it was said where it was read
    if (const auto problem = check->next({entry.kind, entry.type, members_}))
      problems.add(entry.seq, fmt::format("entry {}: {}", entry.seq, *problem));
    if (check->ended()) open_.erase(entry.stream_is_id, entry.stream);
  }
  open_.take(std::move(range.open_));
}

// Streams whose beginning was archived cannot be checked.
StreamCheck* LedgerStreams::read_again(const LaterEntry& entry, const SQLite::Database& database) {
  RowQuery rows(database, std::string("SELECT ") + entry_columns +
                              " FROM entries WHERE stream = ?1 AND version < ?2 AND seq < ?3 ORDER BY version");
  rows.begin(0, entry.version, entry.seq);
  if (entry.stream_is_id) {
    rows.bind_blob(1, entry.stream);
  } else {
    rows.bind_text(1, entry.stream);
  }
  auto check = rules_->begin();
  bool from_the_first = whole_;
  while (rows.step()) {
    const EntryRow row = entry_row(rows);
    from_the_first = from_the_first || row.version == 1;
    if (!from_the_first) return nullptr;
    const auto kind = rules_->kind_of(row.type);
    (void)json_problem(row.data, &members_);
    if (kind) (void)check->next({*kind, row.type, members_});
  }
  return from_the_first ? &open_.put(entry.stream_is_id, entry.stream, std::move(check)) : nullptr;
}

}  // namespace autoheal::store
