#include "store/verify.hpp"

#include <unordered_map>
#include <unordered_set>

#include "engine/ids.hpp"
#include "engine/quoted_text.hpp"
#include "store/json_check.hpp"

namespace autoheal::store {

using engine::Entry;
using engine::Position;

namespace {

constexpr std::size_t entries_per_page = 1000;
constexpr Timestamp earliest = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
constexpr Timestamp latest = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);

struct StreamSeen {
  std::uint64_t version = 0;  // of its last entry
  Position first;
};

struct HashUuid {
  std::size_t operator()(const Uuid& id) const {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  }
};

// One per stream of the whole ledger, so most are kept as 16 bytes.
class Streams {
 public:
  StreamSeen& operator[](const std::string& stream) {
    if (const auto id = parse_uuid(stream)) return by_id_[*id];
    return by_name_[stream];
  }

 private:
  std::unordered_map<Uuid, StreamSeen, HashUuid> by_id_;
  std::unordered_map<std::string, StreamSeen> by_name_;
};

class Verification {
 public:
  Verification(const LedgerReader& ledger, const EntryCheck& check) : ledger_(ledger), check_(check) {}

  Result<void> entries(const VerifyProgress& progress) {
    const auto head = ledger_.head();
    if (!head) return std::unexpected(head.error());
    report_.head = *head;
    if (head->value > 0 && !parse_uuid(ledger_.id())) wrong("the ledger has no valid id");
    Position done;
    while (done < *head) {
      const auto page = ledger_.read_unchecked(done, entries_per_page);
      if (!page) return std::unexpected(page.error());
      if (page->entries.empty()) break;
      for (const Entry& entry : page->entries) {
        if (entry.position <= *head) look_at(entry);
      }
      done = page->next;
      if (progress) progress(std::min(done, *head), *head);
    }
    missing(head->value + 1);
    return {};
  }

  // The table may be ahead of what was read where a writer is at work: what began after the head is left alone.
  Result<void> open_streams() {
    const auto open = ledger_.open_streams_since();
    if (!open) return std::unexpected(open.error());
    std::unordered_set<std::string> listed;
    for (const auto& [stream, since] : *open) {
      if (since > report_.head) continue;
      const StreamSeen seen = streams_[stream];
      if (!listed.insert(stream).second) wrong("stream " + shown(stream) + " is listed as open twice");
      if (seen.version == 0) {
        wrong("stream " + shown(stream) + " is listed as open, but has no entry");
      } else if (seen.first != since) {
        wrong("stream " + shown(stream) + " is listed as open since entry " + std::to_string(since.value) +
              ", but began with entry " + std::to_string(seen.first.value));
      }
    }
    return {};
  }

  Result<VerifyReport> with_file() {
    auto problems = ledger_.quick_check();
    if (!problems) return std::unexpected(problems.error());
    for (const std::string& problem : *problems) wrong("the database file: " + problem);
    return std::move(report_);
  }

  VerifyReport cut_short(const Error& error) {
    wrong("after entry " + std::to_string(expected_ - 1) + " it cannot be read: " + error.message);
    return std::move(report_);
  }

 private:
  void wrong(std::string sentence) {
    if (report_.problems.size() < most_problems) report_.problems.push_back(std::move(sentence));
  }

  static std::string shown(const std::string& text) {
    std::string quoted;
    append_quoted(quoted, text);
    return quoted;
  }

  // Entries from the expected one to the one before `found` are not there.
  void missing(std::uint64_t found) {
    if (found <= expected_) return;
    const std::string first = std::to_string(expected_);
    wrong(found == expected_ + 1 ? "entry " + first + " is missing"
                                 : "entries " + first + " to " + std::to_string(found - 1) + " are missing");
  }

  void look_at(const Entry& entry) {
    ++report_.entries;
    const std::uint64_t seq = entry.position.value;
    missing(seq);
    expected_ = seq + 1;
    const std::string name = "entry " + std::to_string(seq) + ": ";
    look_at_version(entry, name);
    look_at_fields(entry, name);
    if (!check_) return;
    if (auto problem = check_(entry)) wrong(name + *problem);
  }

  void look_at_version(const Entry& entry, const std::string& name) {
    StreamSeen& seen = streams_[entry.stream];
    if (seen.version == 0) seen.first = entry.position;
    if (entry.version != seen.version + 1) {
      wrong(name + "version " + std::to_string(entry.version) + " of stream " + shown(entry.stream) +
            " follows version " + std::to_string(seen.version));
    }
    seen.version = entry.version;
  }

  void look_at_fields(const Entry& entry, const std::string& name) {
    constexpr std::string_view type_letters = "abcdefghijklmnopqrstuvwxyz0123456789_.";
    if (entry.type.empty() || entry.type.find_first_not_of(type_letters) != std::string::npos) {
      wrong(name + "its type " + shown(entry.type) + " is not a word in lower case");
    }
    if (entry.stream.empty() || valid_utf8(entry.stream) != entry.stream) wrong(name + "its stream has no valid name");
    if (entry.dataversion == 0) wrong(name + "its data version is 0");
    if (entry.time < earliest || entry.time >= latest) wrong(name + "its time is no time between the years 0 and 9999");
    if (valid_utf8(entry.actor) != entry.actor) wrong(name + "its actor is not valid UTF-8");
    if (valid_utf8(entry.subject) != entry.subject) wrong(name + "its engine is not valid UTF-8");
    if (const auto problem = json_problem(entry.data)) wrong(name + "its data is not JSON as we write it: " + *problem);
  }

  const LedgerReader& ledger_;
  const EntryCheck& check_;
  Streams streams_;
  std::uint64_t expected_ = 1;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify_ledger(const LedgerReader& ledger, const EntryCheck& check,
                                   const VerifyProgress& progress) {
  Verification verification(ledger, check);
  const auto stopped = [&](const Error& error) -> Result<VerifyReport> {
    if (error.kind != ErrorKind::corrupt) return std::unexpected(error);
    return verification.cut_short(error);
  };
  if (const auto done = verification.entries(progress); !done) return stopped(done.error());
  if (const auto done = verification.open_streams(); !done) return stopped(done.error());
  return verification.with_file();
}

}  // namespace autoheal::store
