#include "tools/bench/floors/verify_floor.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/store/format/leaf.hpp"

namespace autoheal::bench {

namespace {

constexpr unsigned part_level = 16;
constexpr std::uint64_t part_entries = std::uint64_t{1} << part_level;

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

class Rows {
 public:
  bool open(const std::string& file, const char* sql) {
    sqlite3* database = nullptr;
    const int opened = sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    database_.reset(database);
    sqlite3_stmt* statement = nullptr;
    if (opened != SQLITE_OK || sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) != SQLITE_OK) return false;
    statement_.reset(statement);
    return true;
  }
  sqlite3_stmt* get() const { return statement_.get(); }
  std::string_view bytes(int column) const {
    const void* first = sqlite3_column_blob(get(), column);
    return {static_cast<const char*>(first), static_cast<std::size_t>(sqlite3_column_bytes(get(), column))};
  }

 private:
  std::unique_ptr<sqlite3, Close> database_;
  Statement statement_;
};

store::Hash leaf_of(const Rows& rows, const std::string& ledger_id, std::string& stream, std::string& line) {
  sqlite3_stmt* row = rows.get();
  stream.clear();
  if (const std::string_view bytes = rows.bytes(1); sqlite3_column_type(row, 1) == SQLITE_BLOB) {
    Uuid id;
    std::memcpy(id.bytes.data(), bytes.data(), std::min(bytes.size(), id.bytes.size()));
    append_uuid(stream, id);
  } else {
    stream = bytes;
  }
  line.clear();
  store::append_leaf(line, ledger_id,
                     {.seq = static_cast<std::uint64_t>(sqlite3_column_int64(row, 0)),
                      .type = rows.bytes(3),
                      .time = Timestamp(Duration(sqlite3_column_int64(row, 5))),
                      .stream = stream,
                      .version = static_cast<std::uint64_t>(sqlite3_column_int64(row, 2)),
                      .dataversion = static_cast<unsigned>(sqlite3_column_int64(row, 4)),
                      .actor = rows.bytes(6),
                      .engine = rows.bytes(7),
                      .data = rows.bytes(8)});
  return store::leaf_hash(line);
}

// Whole parts have one root, the last one the leaves that it holds.
struct Part {
  store::Hash root{};
  std::vector<store::Hash> leaves;
};

class Floor {
 public:
  Floor(const std::string& file, const std::string& ledger_id, std::uint64_t entries)
      : file_(file), ledger_id_(ledger_id), parts_((entries + part_entries - 1) / part_entries) {}

  void work() {
    Rows rows;
    if (!rows.open(file_,
                   "SELECT seq, stream, version, type, dataversion, time, actor, engine, data FROM entries "
                   "WHERE seq > ? AND seq <= ? ORDER BY seq")) {
      failed_ = true;
      return;
    }
    for (std::size_t part = next_++; part < parts_.size(); part = next_++) read(rows, part);
  }

  Result<store::TreeHead> head() const {
    if (failed_) return failure(ErrorKind::unavailable, "the floor cannot read " + file_);
    store::GrowingTree tree;
    const auto nobody = [](unsigned, std::uint64_t, const store::Hash&) {};
    for (const Part& part : parts_) {
      if (part.leaves.empty()) tree.append_subtree(part_level, part.root, nobody);
      for (const store::Hash& leaf : part.leaves) tree.append(leaf);
    }
    return tree.head();
  }

 private:
  void read(const Rows& rows, std::size_t part) {
    sqlite3_reset(rows.get());
    sqlite3_bind_int64(rows.get(), 1, static_cast<std::int64_t>(part * part_entries));
    sqlite3_bind_int64(rows.get(), 2, static_cast<std::int64_t>((part + 1) * part_entries));
    std::string stream, line;
    std::vector<store::Hash> leaves;
    store::GrowingTree tree;
    while (sqlite3_step(rows.get()) == SQLITE_ROW) {
      leaves.push_back(leaf_of(rows, ledger_id_, stream, line));
      tree.append(leaves.back());
    }
    if (tree.size() == part_entries) {
      parts_[part].root = tree.root();
    } else {
      parts_[part].leaves = std::move(leaves);
    }
  }

  const std::string& file_;
  const std::string& ledger_id_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::vector<Part> parts_;  // each written by one thread
};

}  // namespace

Result<store::TreeHead> bare_head(const std::string& file, const std::string& ledger_id, unsigned threads) {
  Rows newest;
  if (!newest.open(file, "SELECT max(seq) FROM entries") || sqlite3_step(newest.get()) != SQLITE_ROW)
    return failure(ErrorKind::unavailable, "the floor cannot read " + file);
  Floor floor(file, ledger_id, static_cast<std::uint64_t>(sqlite3_column_int64(newest.get(), 0)));
  {
    std::vector<std::jthread> helpers;
    for (unsigned helper = 1; helper < threads; ++helper) helpers.emplace_back([&] { floor.work(); });
    floor.work();
  }
  return floor.head();
}

}  // namespace autoheal::bench
