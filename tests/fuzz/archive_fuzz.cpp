// Archives of a ledger: whatever the file says, only the ledger's own entries and contents under their own names come
// out of it, in order.
#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/store/archive/archive_file.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "tests/fuzz/fuzz_folder.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/repaired_tar.hpp"

namespace {

using namespace autoheal;
using namespace autoheal::store;
using fuzz::require;

// Six entries of one heal; the same bytes in every run.
class KnownLedger {
 public:
  KnownLedger() {
    const auto ledger = SqliteLedger::open(path_, {.ids = ids_});
    engine::StreamAppend heal{"01930000-0000-7000-8000-0000000000aa", 0, {}, engine::StreamLife::ends, {}};
    for (int number = 0; number < 6; ++number) {
      engine::NewEntry entry;
      entry.type = "heal.resumed";
      entry.time = *parse_timestamp("2026-11-23T12:34:56.000007Z");
      entry.data = R"({"resumption":)" + std::to_string(number) + "}";
      heal.entries.push_back(entry);
    }
    (void)(*ledger)->append({{heal}, {}, 0});
    reader_ = *LedgerReader::open(path_);
    const auto page = reader_->read_all({}, 10);
    for (const auto& entry : page->entries) lines_.push_back(leaf_line(reader_->id(), entry));
    if (lines_.size() != 6) std::abort();
  }
  [[nodiscard]] const LedgerReader& reader() const { return *reader_; }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  [[nodiscard]] std::filesystem::path archive() const { return folder_ / "old.tar.gz"; }

 private:
  fuzz::Folder folder_;
  engine::testing::CountingIds ids_;
  std::filesystem::path path_ = folder_ / "ledger.db";
  std::unique_ptr<LedgerReader> reader_;
  std::vector<std::string> lines_;
};

void check(std::string_view archive) {
  static const KnownLedger ledger;
  fuzz::write_file(ledger.archive(), archive);
  std::uint64_t seen = 0;
  ArchiveVisit visit;
  visit.entry = [&](std::uint64_t seq, std::string_view line) {
    require(seq >= 1 && seq <= ledger.lines().size() && line == ledger.lines()[seq - 1], "only the ledger's entries");
    require(seen == 0 || seq == seen + 1, "entries come in order");
    seen = seq;
    return Result<void>();
  };
  visit.blob = [](const engine::BlobName& name, std::string_view content) {
    require(sha256_name(content) == name, "a content is what its name says", name);
    return Result<void>();
  };
  const auto part = read_archive(ledger.archive(), ledger.reader(), visit);
  const auto peeked = peek_archive(ledger.archive(), ledger.reader());
  if (!part) return;
  require(part->last == seen && part->first <= part->last, "all that it says to hold came out of it");
  require(peeked && peeked->first == part->first && peeked->root == part->root, "a look says the same as reading");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string archive(fuzz::text_of(data, size));
  check(archive);
  check(fuzz::with_right_checksums(archive));
  return 0;
}
