// A folder whose power can be cut at any call: it becomes what a disk may have kept of it. Names change in the order of
// the calls, as a journaling file system keeps them, and are durable when any folder was synced after them; content,
// owner and mode of a file are durable when it was synced itself. Writers are promised nothing else.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/support/faults/disk_calls.hpp"
#include "tests/support/files/recorded_disk.hpp"

namespace autoheal::testing {

// How many of the unsynced changes of names are kept.
enum class KeptNames { all, none, some };

// One at a time in a program, one thread. `grave`: an empty folder on the same file system, where what was removed lies
// meanwhile, so that it can come back as the same inode.
class RecordedFolder {
 public:
  RecordedFolder(std::filesystem::path folder, std::filesystem::path grave);
  ~RecordedFolder();
  RecordedFolder(const RecordedFolder&) = delete;
  RecordedFolder& operator=(const RecordedFolder&) = delete;

  // All that is there is durable, and power is there.
  void begin();
  // So many calls from begin() on are made; then every call fails.
  void cut_after(std::size_t calls) { allowed_ = calls; }
  [[nodiscard]] bool has_power() const { return calls_ < allowed_; }
  // The folder becomes what the cut left. The same seed gives the same. Ends the recording.
  void leave(CutFate fate, KeptNames names, std::uint64_t seed);

 private:
  using Inode = ino_t;
  using Names = std::map<std::string, Inode>;  // by path; parents come before what is in them
  struct Facts {
    std::string content;  // of a regular file
    mode_t mode = 0;
    uid_t uid = 0;
    gid_t gid = 0;
  };

  [[nodiscard]] Names names() const;
  [[nodiscard]] static Facts facts_of(const std::filesystem::path& path);
  [[nodiscard]] std::filesystem::path buried(Inode inode) const { return grave_ / std::to_string(inode); }
  Instead before(const CallToDisk& call);
  void after(const CallToDisk& call);
  bool bury(int folder, const char* entry) const;
  void bury_all_but(const std::map<Inode, std::filesystem::path>& places, const Names& names) const;
  void settle_files(CutFate fate, const std::map<Inode, std::filesystem::path>& places, std::uint64_t seed);
  void dig_out(const Names& names, std::map<Inode, std::filesystem::path> places) const;

  std::filesystem::path folder_, grave_;
  std::size_t calls_ = 0;
  std::size_t allowed_ = 0;
  std::vector<Names> versions_;
  std::size_t durable_version_ = 0;
  std::map<Inode, Facts> durable_;
};

}  // namespace autoheal::testing
