// Checks every stream against its rules, in parallel: a stream that begins in a range of entries is followed there, the
// others wait for the ranges before. Only the store includes this header.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "autoheal/store/format/stream_rules.hpp"
#include "autoheal/store/ledger/entry_row.hpp"
#include "autoheal/store/signing/verify_problem.hpp"

namespace autoheal::store {

// Streams according to the rows. Most are kept as 16 bytes.
class FollowedStreams {
 public:
  // Null: not followed.
  [[nodiscard]] StreamCheck* find(bool is_id, std::string_view stream);
  StreamCheck& put(bool is_id, std::string_view stream, std::unique_ptr<StreamCheck> check);
  void erase(bool is_id, std::string_view stream);
  void take(FollowedStreams&& other);

 private:
  using Id = std::array<char, 16>;
  struct HashId {
    std::size_t operator()(const Id& id) const { return std::hash<std::string_view>()({id.data(), id.size()}); }
  };
  static Id id_of(std::string_view stream);

  std::unordered_map<Id, std::unique_ptr<StreamCheck>, HashId> by_id_;
  std::map<std::string, std::unique_ptr<StreamCheck>, std::less<>> by_name_;
};

// An entry of a stream that began before the range.
struct LaterEntry {
  std::uint64_t seq = 0;
  std::int64_t version = 0;
  bool stream_is_id = false;
  std::string stream, type, data;
  unsigned kind = 0;
};

// The streams of one range; takes its entries in order.
class RangeStreams {
 public:
  void see(const StreamRules& rules, const EntryRow& row, unsigned kind, const std::vector<JsonMember>& members,
           Problems& problems);

 private:
  friend class LedgerStreams;
  FollowedStreams open_;
  std::vector<LaterEntry> later_;
};

// Over all ranges, in order. Remembers streams that are open; of one that had ended and goes on, the beginning is read
// again.
class LedgerStreams {
 public:
  // `whole`: no entry was archived. The rules outlive it.
  LedgerStreams(const StreamRules* rules, bool whole) : rules_(rules), whole_(whole) {}
  // Throws SQLite::Exception.
  void take(RangeStreams&& range, const SQLite::Database& database, Problems& problems);

 private:
  [[nodiscard]] StreamCheck* read_again(const LaterEntry& entry, const SQLite::Database& database);

  const StreamRules* rules_;
  bool whole_;
  FollowedStreams open_;
  std::vector<JsonMember> members_;
};

}  // namespace autoheal::store
