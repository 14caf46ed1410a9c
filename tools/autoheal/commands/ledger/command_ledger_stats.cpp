// ledger stats: how large the ledger is, and of what.

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/output/table.hpp"
#include "tools/autoheal/session/archived_ranges.hpp"
#include "tools/autoheal/session/session.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace {

struct Stats {
  std::uint64_t rows = 0, head = 0, archived = 0, checkpoints = 0, newest_checkpoint = 0, open_streams = 0;
  std::optional<Timestamp> oldest, newest;  // of the rows after what was archived
  std::vector<std::pair<std::string, std::uint64_t>> tables;
  std::vector<ArchivedRange> archives;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> blobs;  // number and bytes; empty: not for this reader
};

Result<std::optional<Timestamp>> time_after(const store::LedgerReader& ledger, engine::Position after) {
  const auto page = ledger.read_all(after, 1);
  AUTOHEAL_TRY(page);
  return page->entries.empty() ? std::nullopt : std::optional(page->entries.front().time);
}

Result<void> count_checkpoints(const store::LedgerReader& ledger, Stats& stats) {
  while (true) {
    const auto some = ledger.checkpoints(stats.newest_checkpoint, 10'000);
    AUTOHEAL_TRY(some);
    if (some->empty()) return {};
    stats.checkpoints += some->size();
    stats.newest_checkpoint = some->back().size;
  }
}

// The vault is for the ledger's owner alone: an auditor sees the rest.
void count_blobs(const std::string& ledger_path, Stats& stats) {
  const auto vault = store::Vault::open(ledger_path + ".vault", {}, store::VaultAccess::read_only);
  const auto blobs = vault ? (*vault)->list() : std::unexpected(vault.error());
  if (!blobs) return;
  stats.blobs = {blobs->size(), 0};
  for (const auto& blob : *blobs) stats.blobs->second += blob.bytes;
}

template <class T, class U>
Result<void> take(Result<T> from, U& into) {
  AUTOHEAL_TRY(from);
  into = std::move(*from);
  return {};
}

Result<Stats> stats_of(const store::LedgerReader& ledger, const std::string& path) {
  Stats stats;
  engine::Position head, archived;
  std::vector<std::string> open;
  Result<void> done = take(ledger.head(), head);
  if (done) done = take(ledger.archived(), archived);
  if (done) done = take(ledger.count_entries(), stats.rows);
  if (done) done = take(ledger.bytes_by_table(), stats.tables);
  if (done) done = take(ledger.open_streams(), open);
  if (done) done = take(archived_ranges(ledger), stats.archives);
  if (done) done = take(time_after(ledger, archived), stats.oldest);
  if (done && head.value > 0) done = take(time_after(ledger, {head.value - 1}), stats.newest);
  if (done) done = count_checkpoints(ledger, stats);
  AUTOHEAL_TRY(done);
  stats.head = head.value;
  stats.archived = archived.value;
  stats.open_streams = open.size();
  count_blobs(path, stats);
  return stats;
}

std::string time_text(const std::optional<Timestamp>& time) { return time ? format_timestamp(*time) : ""; }

std::string json_of(const std::string& ledger, const Stats& stats) {
  JsonWriter out;
  out.begin_object().field("ledger", ledger).field("entries", stats.head).field("rows", stats.rows);
  out.field("archived", stats.archived)
      .field("oldest", time_text(stats.oldest))
      .field("newest", time_text(stats.newest));
  out.field("checkpoints", stats.checkpoints).field("newest_checkpoint", stats.newest_checkpoint);
  out.field("open_streams", stats.open_streams).key("bytes").begin_object();
  for (const auto& [name, bytes] : stats.tables) out.field(name, bytes);
  out.end_object();
  if (stats.blobs) out.field("blobs", stats.blobs->first).field("blob_bytes", stats.blobs->second);
  out.key("archives").begin_array();
  for (const ArchivedRange& range : stats.archives) {
    out.begin_object().field("first", range.first).field("last", range.last).field("file", range.file);
    out.field("sha256", range.sha256).field("bytes", range.bytes).field("blobs", range.blobs).end_object();
  }
  return out.end_array().end_object().take();
}

Table table_of_stats(const Stats& stats) {
  Table table{{"what", "how much"}, {}};
  const auto add = [&](std::string what, std::string how_much) {
    table.rows.push_back({std::move(what), std::move(how_much)});
  };
  add("entries", std::to_string(stats.head));
  add("of these as rows", std::to_string(stats.rows));
  add("archived up to", std::to_string(stats.archived));
  add("oldest row not archived", time_text(stats.oldest));
  add("newest", time_text(stats.newest));
  add("open streams", std::to_string(stats.open_streams));
  add("checkpoints", std::to_string(stats.checkpoints));
  add("newest checkpoint signs", std::to_string(stats.newest_checkpoint));
  for (const auto& [name, bytes] : stats.tables) add("bytes: " + name, std::to_string(bytes));
  add("blobs", stats.blobs ? std::to_string(stats.blobs->first) : "not readable");
  if (stats.blobs) add("bytes: blobs", std::to_string(stats.blobs->second));
  for (const ArchivedRange& range : stats.archives)
    add(fmt::format("archive {} to {}", range.first, range.last), range.file);
  return table;
}

int run_ledger_stats(const Session& session) {
  const std::string& path = session.configuration.settings.ledger;
  const auto ledger = store::LedgerReader::open(path);
  if (!ledger) return session.fail(ledger.error());
  session.console.progress("reading " + path);
  const auto stats = stats_of(**ledger, path);
  session.console.end_progress();
  if (!stats) return session.fail(stats.error());
  if (session.console.json()) {
    session.console.data(json_of((*ledger)->id(), *stats));
  } else {
    print(session.console, table_of_stats(*stats), session.options.output);
  }
  return exit_done;
}

}  // namespace

void add_ledger_stats(CommandLine& line) {
  line.add("ledger stats", "how large it is: entries, archived range, bytes by table, blobs, checkpoints",
           Needs::record, run_ledger_stats);
}

}  // namespace autoheal::cli
