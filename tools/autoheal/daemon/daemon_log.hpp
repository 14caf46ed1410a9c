// Records of what the daemon does while it serves: one for each sentence, to the journal with fields where stderr leads
// there, else to stderr as a line with its time. They are for people; the ledger is what counts.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "autoheal/engine/ports.hpp"
#include "tools/host/service/journal.hpp"

namespace autoheal::cli {

// The kinds of records that programs may look for: each has a MESSAGE_ID for ever (message_id_of).
enum class NoteKind {
  other,
  warning,
  began,
  ended,
  configuration_read,
  configuration_refused,
  tested,
  not_healed,
  heal_certified,
  heal_failed
};

// 32 hexadecimal digits; the same in every version.
[[nodiscard]] std::string_view message_id_of(NoteKind kind);

// The facts of a sentence, for filters; empty where there are none.
struct NoteAbout {
  NoteKind kind = NoteKind::other;
  std::string engine = {};
  std::string heal = {};   // its id
  std::string state = {};  // of the heal, or the outcome of the test
  unsigned attempt = 0;    // 0: none
};

// Thread-safe.
class DaemonLog {
 public:
  // `write_line` puts a text and a line feed on stderr; false if it is not there. Both references outlive the log.
  DaemonLog(const engine::Clock& clock, std::function<bool(std::string_view)> write_line,
            std::optional<host::Journal> journal)
      : clock_(clock), write_line_(std::move(write_line)), journal_(std::move(journal)) {}

  // `sentence` holds no secrets; what others wrote into it makes no other record. Beyond 32 KiB it is cut, and says so.
  // "warning: " at its beginning makes it one. Where the journal takes nothing, stderr gets it, and the first time why;
  // what got lost everywhere is counted and told with the next record that is not.
  void tell(std::string_view sentence, const NoteAbout& about = {});

 private:
  enum class Sent { taken, nobody, busy };
  [[nodiscard]] Sent to_journal(const std::string& message, const NoteAbout& about);
  void to_stderr(const std::string& message);
  [[nodiscard]] std::string loss() const;

  const engine::Clock& clock_;
  std::function<bool(std::string_view)> write_line_;
  std::optional<host::Journal> journal_;
  std::mutex mutex_;              // guards what follows, and the order of records
  std::string journal_is_gone_;   // why; empty: it took the last one
  unsigned long long lost_ = 0;   // since the last record that arrived
  bool line_may_be_cut_ = false;  // of stderr
};

}  // namespace autoheal::cli
