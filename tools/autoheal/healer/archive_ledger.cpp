#include "tools/autoheal/healer/archive_ledger.hpp"

#include <unistd.h>

#include <fmt/core.h>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/store/archive/archive_file.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "tools/autoheal/healer/unnamed_blobs.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

constexpr std::size_t rows_per_read = 5'000;
// A content that was put more recently may be named by an entry that is on its way.
constexpr Duration untouched_for = std::chrono::hours(1);

// The input of the work on the pool.
struct Task {
  std::string ledger_path;
  const store::Vault* vault = nullptr;
  std::vector<std::string> in_force;  // today's engines, as texts that name blobs
  ArchiveRequest request;
};

struct Written {
  std::optional<ArchivedRange> range;
  std::vector<std::string> held_by;
  bool old_enough = false;
  std::vector<engine::BlobName> unnamed;  // in the file now, or under the vault's key: they can go
  engine::Position looked_at;             // entries after it may name some of them again
};

std::string file_of(const Task& task, engine::Position first, engine::Position last) {
  if (!task.request.file.empty()) return task.request.file;
  return fmt::format("{}.archive-{}-{}.tar.gz", task.ledger_path, first.value, last.value);
}

class Writing {
 public:
  Writing(const Task& task, const store::LedgerReader& ledger, UnnamedBlobs blobs)
      : task_(task), ledger_(ledger), blobs_(std::move(blobs)) {}

  Result<Written> write(const store::ArchiveBounds& bounds, const store::ArchivePrefix& prefix) {
    const engine::Position first{bounds.archived.value + 1};
    written_.held_by = prefix.ended_before;
    ArchivedRange range;
    range.first = first.value;
    range.last = prefix.last.value;
    range.file = file_of(task_, first, prefix.last);
    auto writer = begin(range);
    AUTOHEAL_TRY(writer);
    for (const std::string& text : task_.in_force) {
      AUTOHEAL_TRY(blobs_.named_in(text));
    }
    AUTOHEAL_TRY(entries(**writer, range));
    AUTOHEAL_TRY(blobs(**writer, range));
    const auto file = (*writer)->finish();
    AUTOHEAL_TRY(file);
    range.kept_sha256 = to_hex(kept_.finish());
    range.bytes = file->bytes;
    range.sha256 = file->sha256;
    if (auto sound = store::read_archive(range.file, ledger_, {}); !sound) {
      ::unlink(range.file.c_str());
      return std::unexpected(sound.error());
    }
    written_.range = std::move(range);
    return std::move(written_);
  }

 private:
  // Rows that go are signed first, so that they can be proved to people who never saw them.
  Result<std::unique_ptr<store::ArchiveWriter>> begin(ArchivedRange& range) {
    const auto newest = ledger_.newest_checkpoint();
    AUTOHEAL_TRY(newest);
    if (!*newest || (*newest)->size < range.last)
      return failure(ErrorKind::unavailable,
                     fmt::format("only signed entries are archived, and the newest checkpoint does not cover entry {}",
                                 range.last),
                     "autoheal ledger checkpoint --sign");
    const auto key = ledger_.meta("verifier_key");
    AUTOHEAL_TRY(key);
    const auto root = store::root_of(*ledger_.hashes(), range.last);
    AUTOHEAL_TRY(root);
    range.root = to_hex(*root);
    return store::ArchiveWriter::create(range.file, {ledger_.id(), range.first, range.last, *root}, *key,
                                        (*newest)->note);
  }

  // One walk over all rows: those of the prefix are written, those that stay say which blobs stay.
  Result<void> entries(store::ArchiveWriter& writer, ArchivedRange& range) {
    engine::Position at;
    while (true) {
      const auto page = ledger_.read_all(at, rows_per_read);
      AUTOHEAL_TRY(page);
      written_.looked_at = page->head;
      if (page->entries.empty()) return {};
      for (const engine::Entry& entry : page->entries) {
        if (auto taken = take(entry, writer, range); !taken) return taken;
      }
      at = page->next;
    }
  }

  Result<void> take(const engine::Entry& entry, store::ArchiveWriter& writer, ArchivedRange& range) {
    const std::uint64_t seq = entry.position.value;
    if (seq >= range.first && seq <= range.last) {
      if (seq == range.first) range.from = entry.time;
      range.until = entry.time;
      if (auto done = writer.entry(store::leaf_line(ledger_.id(), entry)); !done) return done;
      if (!still_counts(entry)) return {};
    }
    if (seq <= range.last) {
      ++range.kept;
      const std::string line = std::to_string(seq) + "\n";
      kept_.update(line.data(), line.size());
    }
    return blobs_.named_in(entry.data);
  }

  // Secrets stay out of the file: a copy of it may go anywhere. Those that only archived entries named are deleted.
  Result<void> blobs(store::ArchiveWriter& writer, ArchivedRange& range) {
    for (const auto& blob : blobs_.left()) {
      if (blob.since_put < untouched_for) continue;
      if (!blob.name.starts_with("hmac-")) {
        const auto content = task_.vault->get(blob.name);
        if (!content && content.error().kind == ErrorKind::corrupt) continue;  // it stays where it is, as it is
        AUTOHEAL_TRY(content);
        if (auto done = writer.blob(blob.name, *content); !done) return done;
        ++range.blobs;
      }
      written_.unnamed.push_back(blob.name);
    }
    return {};
  }

  const Task& task_;
  const store::LedgerReader& ledger_;
  UnnamedBlobs blobs_;
  Sha256Stream kept_;
  Written written_;
};

Result<Written> write_archive(const Task& task) {
  const auto ledger = store::LedgerReader::open(task.ledger_path);
  AUTOHEAL_TRY(ledger);
  const auto bounds = (*ledger)->archive_bounds(task.request.before, "ledger");
  AUTOHEAL_TRY(bounds);
  const store::ArchivePrefix prefix = longest_prefix(*bounds);
  if (prefix.last == bounds->archived) {
    Written nothing;
    nothing.held_by = prefix.ended_before;
    nothing.old_enough = bounds->limit > bounds->archived;
    return nothing;
  }
  auto blobs = UnnamedBlobs::in(*task.vault);
  AUTOHEAL_TRY(blobs);
  return Writing(task, **ledger, std::move(*blobs)).write(*bounds, prefix);
}

// After the rows: what entries that came meanwhile name stays. Returns how many secrets went.
Result<std::uint64_t> remove_unnamed(const std::string& ledger_path, store::Vault& vault, const Written& written) {
  const auto ledger = store::LedgerReader::open(ledger_path);
  AUTOHEAL_TRY(ledger);
  std::string meanwhile;
  engine::Position at = written.looked_at;
  while (true) {
    const auto page = (*ledger)->read_all(at, rows_per_read);
    AUTOHEAL_TRY(page);
    if (page->entries.empty()) break;
    for (const engine::Entry& entry : page->entries) meanwhile += entry.data + "\n";
    at = page->next;
  }
  std::uint64_t secrets = 0;
  for (const engine::BlobName& name : written.unnamed) {
    if (meanwhile.find(name) != std::string::npos) continue;
    const auto removed = vault.remove(name, untouched_for);
    AUTOHEAL_TRY(removed);
    if (*removed && name.starts_with("hmac-")) ++secrets;
  }
  return secrets;
}

Task task_of(const ConfigurationInForce& in_force, const store::Vault& vault, ArchiveRequest request) {
  const auto configuration = in_force.configuration();
  Task task{configuration->settings.ledger, &vault, {}, std::move(request)};
  for (const workflows::EngineSpec& spec : configuration->settings.engines) {
    task.in_force.push_back(workflows::encode_engine_spec(spec));
    if (const auto engine = in_force.find_engine(spec.name)) task.in_force.push_back(engine->configuration);
  }
  return task;
}

Error nothing_can_go(const Written& written) {
  const std::string first = written.held_by.empty() ? "a subscriber that has not read them" : written.held_by.back();
  return {ErrorKind::failed, fmt::format("nothing can be archived: {} is open, or goes on after that time", first),
          "what is open ends first (`autoheal heals` lists it), or take a later --before"};
}

}  // namespace

asio::awaitable<void> Archiving::finish() {
  const auto dropped = co_await drop_archived_rows(rows());
  if (!dropped) {
    parts_.console.note("autoheal: archived entries are still in the ledger: " +
                        parts_.secrets.mask(dropped.error().message));
  }
}

asio::awaitable<Result<Archived>> Archiving::archive(ArchiveRequest request, workflows::By by) {
  using Outcome = Result<Archived>;
  if (is_under_way())
    co_return Outcome(failure(ErrorKind::busy, "entries are being archived at this moment", "try again later"));
  const auto this_one = std::make_shared<char>();
  under_way_ = this_one;
  const auto finished = co_await drop_archived_rows(rows());
  if (!finished) co_return Outcome(std::unexpected(finished.error()));
  (void)co_await checkpoints_.sign();  // what stands in its way is told where the checkpoint is missing
  const Task task = task_of(in_force_, *parts_.vault, std::move(request));
  const auto job = [&task] { return write_archive(task); };
  const auto written = co_await jobs_.on_pool(job);
  if (!written) co_return Outcome(std::unexpected(written.error()));
  Archived archived;
  archived.held_by = written->held_by;
  if (!written->range) {
    if (written->old_enough) co_return Outcome(std::unexpected(nothing_can_go(*written)));
    co_return archived;
  }
  archived.range = written->range;
  step_done("written");
  auto entry = ledger_archived(*written->range, by, parts_.clock.now());
  const auto recorded = co_await recording_.record(std::move(entry));
  if (!recorded) co_return Outcome(std::unexpected(recorded.error()));
  step_done("recorded");
  const auto dropped = co_await drop_archived_rows(rows());
  if (!dropped) co_return Outcome(std::unexpected(dropped.error()));
  step_done("dropped");
  const auto clear = [&] { return remove_unnamed(task.ledger_path, *parts_.vault, *written); };
  const auto secrets = co_await jobs_.on_pool(clear);
  if (!secrets) co_return Outcome(std::unexpected(secrets.error()));
  archived.secrets = *secrets;
  co_return archived;
}

}  // namespace autoheal::cli
