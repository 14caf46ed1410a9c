// Notices that a ledger's files are no longer where they were opened. A file that was moved, removed, exchanged or
// mounted over keeps working through its descriptors, but nobody would find again what is recorded there.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

namespace autoheal::store {

// Thread-safe. Uses names only: closing any descriptor of a database would drop SQLite's locks. Valid within one
// process, because device numbers change at a boot.
class LedgerPlace {
 public:
  explicit LedgerPlace(const std::filesystem::path& ledger);

  // From now on the name `path` has to lead to what it leads to at this moment; `what` is what people call it. Nothing
  // is asked of a name that leads nowhere.
  void remember(const std::filesystem::path& path, const std::string& what);
  // A sentence that names the file that is no longer in its place; empty while all are. A file that cannot be examined
  // (no permission) does not count as gone.
  [[nodiscard]] std::string problem() const;
  // The remembered name leads elsewhere or nowhere.
  [[nodiscard]] bool is_lost(const std::filesystem::path& path) const;

 private:
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const Identity&) const = default;
  };
  struct Part {
    std::string path, what;
    Identity identity;
  };
  enum class Look { same, gone, another, unknown };
  [[nodiscard]] static Look inspect(const Part& part);
  [[nodiscard]] std::string sentence_of(const Part& part, Look found) const;

  mutable std::mutex mutex_;
  Part folder_;  // tells why a file is not found; that it is another folder is no problem while its files are the same
  std::vector<Part> parts_;
};

}  // namespace autoheal::store
