// The Genesis ledger for its owner: the one connection that writes and checkpoints. Readers have ledger_reader.hpp.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autoheal/engine/ledger.hpp"
#include "autoheal/engine/ports.hpp"
#include "autoheal/store/format/merkle_tree.hpp"
#include "autoheal/store/format/stored_checkpoint.hpp"
#include "autoheal/store/ledger/ledger_place.hpp"

namespace autoheal::store {

struct OwnerConnection;

// One thread, all of it, open to destruction. Durable: WAL with synchronous=FULL, one sync per append.
class SqliteLedger final : public engine::Ledger {
 public:
  struct OpenOptions {
    engine::IdSource& ids;                         // names a ledger that has to be created
    Duration lock_wait = std::chrono::seconds(1);  // for `<ledger>.lock`
    Duration busy_wait = std::chrono::seconds(1);  // for a foreign process that holds SQLite's lock
    std::string vfs = {};                          // an SQLite VFS by name; empty: the system's
    bool sync_every_append = true;                 // false only to show what synchronous=NORMAL loses
    std::uint64_t reserve_bytes = 0;               // of reserve.hpp, for heals that run when the disk is full
    bool keep_tree = true;  // false only to measure what the tree costs: such a ledger never verifies
  };

  // Takes the lock, creates folder and ledger where nothing is there, and begins a new epoch. busy: another process
  // owns it. unavailable: it is gone although its key or vault is there, was written by a later version, or cannot be
  // written. corrupt: not a ledger.
  [[nodiscard]] static Result<std::unique_ptr<SqliteLedger>> open(const std::filesystem::path& path,
                                                                  const OpenOptions& options);
  // Checkpoints what it can and gives the lock back; never throws.
  ~SqliteLedger() override;

  // Why nothing is recorded: its files are not where they were opened, or somebody else wrote over them. Empty while
  // all is well. The first call that finds the log lost saves its content into the ledger.
  [[nodiscard]] std::string problem_of_place();
  // The places where its files were opened; valid as long as the ledger. Other files that belong to it can be added.
  [[nodiscard]] LedgerPlace& place();

  // As the port says; epoch 0 in a batch means "my own". While the disk is full, open streams are recorded from the
  // reserve, and an append that begins a stream is unavailable until there is as much room again. While the ledger's
  // files are not in their places, every append is unavailable. A commit or sync whose outcome is open poisons the
  // ledger: every later append answers unknown, reading still works.
  [[nodiscard]] engine::AppendResult append(const engine::Batch& batch) override;
  [[nodiscard]] Result<std::vector<engine::Entry>> read_stream(const std::string& stream,
                                                               std::uint64_t from_version) const override;
  [[nodiscard]] Result<std::vector<engine::Entry>> read_types(const std::string& stream,
                                                              const std::vector<std::string>& types) const override;
  [[nodiscard]] Result<std::uint64_t> version_of(const std::string& stream) const override;
  [[nodiscard]] Result<engine::Page> read_all(engine::Position after, std::size_t limit) const override;
  [[nodiscard]] Result<std::vector<std::string>> open_streams() const override;
  [[nodiscard]] Result<std::optional<engine::Position>> place_of(const std::string& subscriber) const override;
  [[nodiscard]] const std::string& id() const override;

  // The epoch of this ownership, greater than every earlier one.
  [[nodiscard]] std::uint64_t epoch() const;
  // A small fact about the ledger itself that auditors find in table `meta` (the verifier key). Durable when it
  // returns. invalid: a name the store uses itself.
  [[nodiscard]] Result<void> set_meta(const std::string& name, const std::string& value);
  // The value that set_meta stored; empty if there is none.
  [[nodiscard]] Result<std::string> meta(const std::string& name) const;
  [[nodiscard]] Result<std::optional<engine::Entry>> read_newest(const std::string& stream,
                                                                 const std::string& type) const;

  // The tree over all entries as of the newest commit: what a checkpoint signs. Durable, as its entries are.
  [[nodiscard]] TreeHead tree_head() const;
  // Every finished hash of it; valid as long as the ledger.
  [[nodiscard]] const SubtreeHashes& hashes() const;
  [[nodiscard]] Result<std::optional<StoredCheckpoint>> newest_checkpoint() const;
  // That of exactly so many entries.
  [[nodiscard]] Result<std::optional<StoredCheckpoint>> checkpoint_of(std::uint64_t size) const;
  // The last entry whose row was archived (drop_entries); 0: all rows are there.
  [[nodiscard]] Result<engine::Position> archived() const;
  // Rows after archived() up to and with `last` go, but those of `keep`; their hashes, roots and checkpoints stay.
  // All of it in one commit, after which archived() is `last`. Only for rows that are elsewhere, durably. fatal: a sync
  // failed, or an earlier commit did.
  [[nodiscard]] Result<void> drop_entries(engine::Position last, std::span<const engine::Position> keep);

  // Durable when it returns. One of the same size is replaced. `facts` go into table `meta` in the same commit, under
  // names as set_meta() takes them.
  [[nodiscard]] Result<void> keep_checkpoint(const StoredCheckpoint& checkpoint,
                                             const std::map<std::string, std::string>& facts = {});

 private:
  explicit SqliteLedger(std::unique_ptr<OwnerConnection> parts);

  [[nodiscard]] engine::AppendResult append_once(const engine::Batch& batch);
  [[nodiscard]] engine::AppendResult refused(const engine::Batch& batch);
  [[nodiscard]] engine::AppendResult commit(engine::Position head);
  [[nodiscard]] std::uint64_t known_version_of(const std::string& stream);
  void remember(const engine::Batch& batch);
  void checkpoint();

  std::unique_ptr<OwnerConnection> parts_;
};

}  // namespace autoheal::store
