// Whether a ledger's files still lie where they were opened. A name is no identity: what was moved away, removed,
// exchanged or mounted over goes on working through its descriptors, and what is recorded there nobody finds again.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

namespace autoheal::store {

// Thread-safe. Looks at names only: closing any descriptor of a database would drop SQLite's locks. What it remembers
// holds for the life of a process; device numbers are others after a boot.
class LedgerPlace {
 public:
  explicit LedgerPlace(const std::filesystem::path& ledger);

  // From now on the name `path` has to lead to what it leads to at this moment; `what` is what people call it. Nothing
  // is asked of a name that leads nowhere.
  void remember(const std::filesystem::path& path, const std::string& what);
  // A sentence that tells what is not where it was; empty while all is. What cannot be looked at (no right to) is not
  // taken for gone.
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
  [[nodiscard]] static Look look_at(const Part& part);
  [[nodiscard]] std::string sentence_of(const Part& part, Look found) const;

  mutable std::mutex mutex_;
  Part folder_;  // tells why a file is not found; that it is another folder is no problem while its files are the same
  std::vector<Part> parts_;
};

}  // namespace autoheal::store
