#include "tools/autoheal/session/archived_ranges.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/ids.hpp"
#include "autoheal/engine/base/json_writer.hpp"

namespace autoheal::cli {

namespace {

constexpr std::string_view entry_type = "ledger.archived";

// UUIDv7: its first 48 bits are milliseconds since 1970.
std::optional<Timestamp> time_in(const std::string& id) {
  const auto uuid = parse_uuid(id);
  if (!uuid || (uuid->bytes[6] >> 4U) != 7) return std::nullopt;
  std::int64_t milliseconds = 0;
  for (std::size_t at = 0; at < 6; ++at) milliseconds = milliseconds << 8 | uuid->bytes[at];
  return Timestamp(std::chrono::milliseconds(milliseconds));
}

std::string what_and_where(const ArchivedRange& range) {
  return fmt::format("entries {} to {}, until {}, are in the archive {}", range.first, range.last,
                     format_timestamp_ms(range.until), range.file);
}

}  // namespace

engine::NewEntry ledger_archived(const ArchivedRange& range, const workflows::By& by, Timestamp now) {
  JsonWriter out;
  out.begin_object().field("first", range.first).field("last", range.last);
  out.field("entries", range.last - range.first + 1).field("from", format_timestamp(range.from));
  out.field("until", format_timestamp(range.until)).field("root", range.root).field("file", range.file);
  out.field("sha256", range.sha256).field("bytes", range.bytes).field("blobs", range.blobs);
  out.field("kept", range.kept).field("kept_sha256", range.kept_sha256);
  return entry_by(by, entry_type, {}, now, out);
}

Result<std::vector<ArchivedRange>> archived_ranges(const engine::LedgerView& ledger) {
  const auto entries = ledger.read_types("ledger", {std::string(entry_type)});
  AUTOHEAL_TRY(entries);
  std::vector<ArchivedRange> ranges;
  for (const engine::Entry& entry : *entries) {
    try {
      const auto data = nlohmann::json::parse(entry.data);
      ArchivedRange range;
      data.at("first").get_to(range.first);
      data.at("last").get_to(range.last);
      range.from = parse_timestamp(data.at("from").get<std::string>()).value_or(Timestamp());
      range.until = parse_timestamp(data.at("until").get<std::string>()).value_or(Timestamp());
      data.at("file").get_to(range.file);
      data.at("sha256").get_to(range.sha256);
      data.at("root").get_to(range.root);
      data.at("bytes").get_to(range.bytes);
      data.at("blobs").get_to(range.blobs);
      data.at("kept").get_to(range.kept);
      data.at("kept_sha256").get_to(range.kept_sha256);
      ranges.push_back(std::move(range));
    } catch (const nlohmann::json::exception&) {
      return failure(ErrorKind::corrupt, fmt::format("entry {} (ledger.archived) cannot be read", entry.position.value),
                     "autoheal ledger verify");
    }
  }
  return ranges;
}

std::optional<Error> archived_heal(const engine::LedgerView& ledger, const std::string& heal) {
  const auto ranges = archived_ranges(ledger);
  if (!ranges) return ranges.error();
  const auto began = time_in(heal);
  // An id that is written out says when; the beginning of one may be of any.
  const auto range = std::ranges::find_if(
      *ranges, [&](const ArchivedRange& one) { return !began || one.until >= *began - std::chrono::seconds(1); });
  if (range == ranges->end()) return std::nullopt;
  return Error{ErrorKind::not_found,
               fmt::format("heal {} is not in the ledger's rows; {}", heal, what_and_where(*range)),
               fmt::format("autoheal ledger export --archive {} | grep {}", range->file, heal)};
}

std::optional<Error> archived_entry(const engine::LedgerView& ledger, std::uint64_t seq) {
  const auto ranges = archived_ranges(ledger);
  if (!ranges) return ranges.error();
  const auto range =
      std::ranges::find_if(*ranges, [&](const ArchivedRange& one) { return one.first <= seq && seq <= one.last; });
  if (range == ranges->end()) return std::nullopt;
  return Error{ErrorKind::not_found, fmt::format("entry {} was archived; {}", seq, what_and_where(*range)),
               "--archive " + range->file};
}

Result<std::optional<std::string>> problem_of_kept(const store::LedgerReader& ledger) {
  const auto ranges = archived_ranges(ledger);
  AUTOHEAL_TRY(ranges);
  const auto archived = ledger.archived();
  AUTOHEAL_TRY(archived);
  const ArchivedRange newest = ranges->empty() ? ArchivedRange() : ranges->back();
  if (archived->value > newest.last)
    return fmt::format("entries up to {} are gone, and no entry says that they were archived", archived->value);
  if (archived->value < newest.last || ranges->empty()) return std::nullopt;
  const auto rows = ledger.rows_until(*archived);
  AUTOHEAL_TRY(rows);
  std::string numbers;
  for (const engine::Position row : *rows) numbers += std::to_string(row.value) + "\n";
  if (to_hex(sha256(numbers)) == newest.kept_sha256) return std::nullopt;
  return fmt::format("of the entries up to {}, {} stayed when the others were archived; {} are there, or others",
                     newest.last, newest.kept, rows->size());
}

bool still_counts(const engine::Entry& entry) {
  static const std::set<std::string_view> told = {"node.heartbeat", "selftest.engine_tested", "heal.skipped",
                                                  "access.denied",  "config.refused",         "engine.snapshot_failed"};
  return entry.stream == "ledger" && !told.contains(entry.type);
}

}  // namespace autoheal::cli
