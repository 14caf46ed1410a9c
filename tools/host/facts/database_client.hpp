// SQLite databases below a root, through a worker process of the program itself: this process never opens such a file,
// since closing any descriptor of a database drops the locks that a process holds on it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "autoheal/workflows/effects/host.hpp"
#include "tools/host/system/root_folder.hpp"

namespace autoheal::host {

// changed: another file took its name meanwhile. failed: nothing can be said about it.
enum class DatabaseLookStatus { database, damaged, busy, changed, failed };

struct DatabaseLook {
  using Status = DatabaseLookStatus;
  Status status = Status::failed;
  std::string message;      // why it is no sound database, or empty
  unsigned page_size = 0;   // from here on only of a sound database
  std::uint64_t size = 0;   // of its canonical copy
  engine::BlobName digest;  // of its canonical copy: equal wherever the content is
  std::string content;      // its canonical copy, where asked
};

enum class DatabaseRestoreStatus { restored, changed, busy, failed };

struct DatabaseRestore {
  using Status = DatabaseRestoreStatus;
  Status status = Status::failed;
  std::string message;                // why it was not restored; nothing was changed unless it says so
  engine::BlobName digest, previous;  // of what it holds now and held before
};

// Thread-safe. Every call blocks: for `busy` while others hold the database, then for as long as the work takes.
class DatabaseClient {
 public:
  using Run = std::function<workflows::RunOutcome(const workflows::RunRequest&)>;

  // `program` is the absolute path of autoheal; `run` is run_program, or a substitute.
  DatabaseClient(std::string program, Run run) : program_(std::move(program)), run_(std::move(run)) {}

  [[nodiscard]] DatabaseLook look(const RootFolder& root, const std::string& path, const workflows::EffectMark& mark,
                                  Duration busy, bool content) const;
  // The same of a file that nobody has open, such as a snapshot; `file` is absolute.
  [[nodiscard]] DatabaseLook read_copy(const std::string& file, const workflows::EffectMark& mark) const;
  // Puts the content of the canonical copy `from` (absolute) in place of `expect`, in one transaction, while others
  // have the database open.
  [[nodiscard]] DatabaseRestore restore(const RootFolder& root, const std::string& path,
                                        const workflows::EffectMark& mark, Duration busy, const std::string& from,
                                        const engine::BlobName& expect) const;
  // busy: another process has the file open, or may have. True for the moment of the call only.
  [[nodiscard]] Result<void> nobody_has_open(const RootFolder& root, const std::string& path,
                                             const workflows::EffectMark& mark) const;
  // A canonical copy in the new file `to` (absolute). corrupt: the database is damaged; busy; changed; failed.
  [[nodiscard]] Result<engine::BlobName> snapshot(const RootFolder& root, const std::string& path,
                                                  const workflows::EffectMark& mark, Duration busy,
                                                  const std::string& to) const;

 private:
  std::string program_;
  Run run_;
};

}  // namespace autoheal::host
