// A disk that remembers what SQLite asked of it, operation by operation, so that a test can make the disk that a power
// cut at any of them would have left: what was synced is there, what was not was kept, lost, torn or became garbage.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace autoheal::testing {

struct DiskOperation {
  enum class Kind { write, truncate, sync } kind;
  std::string file;  // its name, without folder
  std::int64_t offset = 0;
  std::string bytes;  // written
};

// The fate of data that was not synced. Pieces lie between multiples of 512 bytes, the smallest that a disk writes
// whole; of a piece that is written in part, the rest stays (SQLite's "powersafe overwrite", which the ledger relies
// on).
enum class CutFate { kept, dropped, torn, garbage, mixed };

// One at a time in a program; the files themselves are real, but for the syncs, which are remembered only.
class RecordedDisk {
 public:
  RecordedDisk();
  ~RecordedDisk();
  RecordedDisk(const RecordedDisk&) = delete;
  RecordedDisk& operator=(const RecordedDisk&) = delete;

  // For SqliteLedger::OpenOptions::vfs.
  static constexpr const char* vfs = "recorded";

  // Forgets everything; the files in `folder` are durable as they are, and power is there.
  void begin(const std::filesystem::path& folder);
  // So many operations from begin() on reach the disk; then every call fails.
  void cut_after(std::size_t operations);
  [[nodiscard]] const std::vector<DiskOperation>& operations() const { return operations_; }
  [[nodiscard]] const std::map<std::string, std::string>& files_at_begin() const { return at_begin_; }

  // While it lives nothing is recorded and power is there: for a look at another disk through the same VFS.
  class Paused {
   public:
    explicit Paused(RecordedDisk& disk) : disk_(disk) { disk_.paused_ = true; }
    ~Paused() { disk_.paused_ = false; }
    Paused(const Paused&) = delete;
    Paused& operator=(const Paused&) = delete;

   private:
    RecordedDisk& disk_;
  };

  // Planted: a sync of the log that never happens.
  bool forgets_log_syncs = false;

  // For the VFS. False: there is no power.
  bool take(DiskOperation operation);
  [[nodiscard]] bool has_power() const { return paused_ || operations_.size() < allowed_; }

 private:
  std::map<std::string, std::string> at_begin_;
  std::vector<DiskOperation> operations_;
  std::size_t allowed_ = static_cast<std::size_t>(-1);
  bool paused_ = false;
};

// Walks through a recording, from its first operation to its last.
class PowerCuts {
 public:
  // `disk` must not change while this is used.
  explicit PowerCuts(const RecordedDisk& disk);
  // Forward only, to where so many operations have been done.
  void go_to(std::size_t operations);
  // The files after a cut at this moment, in an empty `folder`. The same seed gives the same files.
  void leave(const std::filesystem::path& folder, CutFate fate, std::uint64_t seed) const;

 private:
  struct File {
    std::string durable;
    std::vector<const DiskOperation*> pending;
  };
  const RecordedDisk& disk_;
  std::size_t done_ = 0;
  std::map<std::string, File> files_;
};

}  // namespace autoheal::testing
