// The Genesis ledger for everybody who only looks: auditors, replay, the bus, commands beside a running daemon.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "autoheal/engine/ledger.hpp"
#include "autoheal/store/format/archive_range.hpp"
#include "autoheal/store/format/merkle_tree.hpp"
#include "autoheal/store/format/stored_checkpoint.hpp"

namespace SQLite {
class Database;
}

namespace autoheal::store {

// Never writes, never checkpoints, needs no lock and no write permission. One thread each.
class LedgerReader final : public engine::LedgerView {
 public:
  // Where no ledger ever was: a reader of zero entries with an empty id (it stays so; open again to see a new one).
  // unavailable: missing or empty beside its key or vault, of a later version, or not readable. corrupt: no ledger.
  [[nodiscard]] static Result<std::unique_ptr<LedgerReader>> open(const std::filesystem::path& path);
  ~LedgerReader() override;

  [[nodiscard]] Result<std::vector<engine::Entry>> read_stream(const std::string& stream,
                                                               std::uint64_t from_version) const override;
  [[nodiscard]] Result<std::vector<engine::Entry>> read_types(const std::string& stream,
                                                              const std::vector<std::string>& types) const override;
  [[nodiscard]] Result<std::uint64_t> version_of(const std::string& stream) const override;
  [[nodiscard]] Result<engine::Page> read_all(engine::Position after, std::size_t limit) const override;
  [[nodiscard]] Result<std::vector<std::string>> open_streams() const override;
  [[nodiscard]] Result<std::optional<engine::Position>> place_of(const std::string& subscriber) const override;
  [[nodiscard]] const std::string& id() const override;

  [[nodiscard]] Result<engine::Position> head() const;
  // As read_all, but whatever the entries are now: for those who tell what is wrong with them.
  [[nodiscard]] Result<engine::Page> read_unchecked(engine::Position after, std::size_t limit) const;

  // The tree's newest root; without leaves if there is no ledger, or one from before there were trees.
  [[nodiscard]] Result<TreeHead> tree_head() const;
  // Every finished hash of the tree; null if there is none. Valid as long as the reader.
  [[nodiscard]] const SubtreeHashes* hashes() const;
  [[nodiscard]] Result<std::optional<StoredCheckpoint>> newest_checkpoint() const;
  // Those of larger trees than `after`, in order, at most `limit` (1 to 10,000).
  [[nodiscard]] Result<std::vector<StoredCheckpoint>> checkpoints(std::uint64_t after, std::size_t limit) const;
  // The value that SqliteLedger::set_meta stored; empty if there is none.
  [[nodiscard]] Result<std::string> meta(const std::string& name) const;
  // The idempotency keys that begin with `prefix`, which ends with a slash, in order, and the streams that they
  // started.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> keys_below(const std::string& prefix) const;
  // The rows of table `open_streams`, each with the position of its first entry; for verify.
  [[nodiscard]] Result<std::vector<std::pair<std::string, engine::Position>>> open_streams_since() const;
  // The last entry whose row was archived; 0: all rows are there.
  [[nodiscard]] Result<engine::Position> archived() const;
  // The positions up to and with `last` whose rows are there, in order.
  [[nodiscard]] Result<std::vector<engine::Position>> rows_until(engine::Position last) const;
  // The bounds of an archive of entries older than `before`; streams named `loose` do not restrict it.
  [[nodiscard]] Result<ArchiveBounds> archive_bounds(Timestamp before, const std::string& loose) const;
  // Bytes on disk of each table and index, by name; reads the whole file.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::uint64_t>>> bytes_by_table() const;
  // How many rows of entries there are.
  [[nodiscard]] Result<std::uint64_t> count_entries() const;
  // The faults that SQLite itself finds in the file; empty if none. Does not notice a changed byte inside a value.
  [[nodiscard]] Result<std::vector<std::string>> quick_check() const;

 private:
  friend class Audit;                                  // asks more, over the same connection
  [[nodiscard]] SQLite::Database* connection() const;  // nullptr if there is no ledger
  [[nodiscard]] const std::filesystem::path& path() const;
  void hold_against_tree(const engine::Entry& entry) const;  // throws SQLite::Exception

  struct Parts;
  explicit LedgerReader(std::unique_ptr<Parts> parts);
  template <class Read>
  [[nodiscard]] Result<engine::Page> page(engine::Position after, std::size_t limit, Read read) const;
  std::unique_ptr<Parts> parts_;
};

}  // namespace autoheal::store
