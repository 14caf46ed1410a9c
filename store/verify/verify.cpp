#include "autoheal/store/verify/verify.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "autoheal/store/ledger/ledger_file.hpp"
#include "autoheal/store/ledger/ledger_schema.hpp"
#include "autoheal/store/ledger/reading_connection.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/store/signing/signed_head.hpp"
#include "autoheal/store/verify/verify_checkpoints.hpp"
#include "autoheal/store/verify/verify_indexes.hpp"
#include "autoheal/store/verify/verify_structure.hpp"
#include "autoheal/store/verify/verify_tree.hpp"
#include "autoheal/store/verify/verify_work.hpp"

namespace autoheal::store {

namespace {

// Ranges as they come from the threads, put together in order.
class InOrder {
 public:
  InOrder(const VerifiedLedger& ledger, std::uint64_t first)
      : next_(first), streams_(ledger.rules, ledger.archived == 0), sums_(ledger.indexes.size()) {}

  TreeCheck& tree() { return tree_; }

  // Empty: the range could not be read, as `of_range` says.
  void take(std::uint64_t first, std::optional<RangeFound> range, Problems of_range, Worker& worker) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace(first, Waiting{std::move(range), std::move(of_range)});
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      put(std::move(waiting_.begin()->second), worker);
      waiting_.erase(waiting_.begin());
      next_ += entries_per_range;
    }
  }

  Problems problems;
  std::uint64_t read = 0, roots = 0;
  bool whole = true;  // every range could be read
  [[nodiscard]] const std::vector<IndexSum>& sums() const { return sums_; }

 private:
  struct Waiting {
    std::optional<RangeFound> range;
    Problems problems;
  };

  void put(Waiting&& next, Worker& worker) {
    problems.take(std::move(next.problems));
    if (!next.range) {
      whole = false;
      tree_.give_up();
      return;
    }
    RangeFound& range = *next.range;
    read += range.read;
    roots += range.roots;
    problems.take(std::move(range.problems));
    tree_.take(range, worker.hashes(), problems);
    streams_.take(std::move(range.streams), worker.database(), problems);
    for (std::size_t at = 0; at < sums_.size(); ++at) {
      sums_[at].count += range.sums[at].count;
      sums_[at].sum += range.sums[at].sum;
    }
  }

  std::mutex mutex_;
  std::uint64_t next_;
  std::map<std::uint64_t, Waiting> waiting_;
  TreeCheck tree_;
  LedgerStreams streams_;
  std::vector<IndexSum> sums_;
};

class Verification {
 public:
  Verification(const std::filesystem::path& path, const VerifyOptions& options) : options_(options) {
    ledger_.path = path;
    ledger_.rules = options.rules;
    ledger_.has_blob = options.has_blob;
    ledger_.done = &done_;
    ledger_.key = SumKey::drawn();
  }

  Result<VerifyReport> run() {
    check_side_files();
    signed_head_ = read_signed_head(ledger_.path);
    try {
      auto database = reading_connection_for_all(ledger_.path);
      const auto known = read_ledger_meta(database);
      AUTOHEAL_TRY(known);
      if (*known) {
        AUTOHEAL_TRY(look_at_all(std::move(database)));
      }
    } catch (const SQLite::Exception& exception) {
      if (!is_damage(exception)) return std::unexpected(sqlite_error(ledger_.path, exception));
      problems_.add(std::string("it cannot be read on: ") + exception.what());
    }
    return finished();
  }

 private:
  // The next writer makes them anew. If they held anything, it is missed against what was signed.
  void check_side_files() {
    for (const char* suffix : {"-wal", "-shm"}) {
      std::error_code unknown;
      const std::string file = ledger_.path.string() + suffix;
      if (!std::filesystem::exists(file, unknown)) report_.warnings.push_back(file + " is missing");
    }
  }

  // false: nothing more can be looked at.
  Result<bool> read_ledger_meta(const SQLite::Database& database) {
    auto meta = read_meta(database, ledger_.path);
    if (!meta && meta.error().kind != ErrorKind::corrupt) return std::unexpected(std::move(meta.error()));
    if (!meta) {
      problems_.add(meta.error().message);
      return false;
    }
    ledger_.id = report_.ledger = meta->id;
    if (meta->has_tree()) return true;
    problems_.add(
        fmt::format("it is of version {}, from before there was a tree: nothing holds its entries. The next command "
                    "that writes upgrades it",
                    meta->version));
    return false;
  }

  Result<void> look_at_all(SQLite::Database database) {
    look_at_structure(database, ledger_, problems_);
    Worker own(std::move(database), ledger_);
    const KeyChain keys = KeyChain::read(own.database(), origin_of(ledger_.id), problems_);
    for (const KeyInForce& key : keys.keys()) report_.keys.push_back(key.key.text());
    if (auto known = check_external_keys(own, keys); !known) return known;
    InOrder ranges(ledger_, first_range());
    std::vector<Job> jobs;
    if (!ledger_.kept) add_file_jobs(jobs);
    add_range_jobs(jobs, own, ranges);
    add_checkpoint_jobs(jobs, own, keys);
    const auto tick = [&] {
      if (options_.progress) options_.progress(done_, ledger_.size - (ledger_.kept ? first_range() : 0));
    };
    const auto make = [this] { return std::make_unique<Worker>(reading_connection_for_all(ledger_.path), ledger_); };
    if (auto done = run_jobs(jobs, threads(), own, make, tick, ledger_.path); !done) return done;
    tick();
    put_together(ranges, own);
    return {};
  }

  // Ledgers of one range are looked at before a thread has started.
  [[nodiscard]] unsigned threads() const {
    if (ledger_.size <= entries_per_range / 4) return 1;
    return options_.threads != 0 ? options_.threads : std::max(1U, std::thread::hardware_concurrency());
  }

  [[nodiscard]] std::uint64_t first_range() const {
    return ledger_.kept ? std::min(ledger_.kept->size, ledger_.size) / entries_per_range * entries_per_range : 0;
  }

  // Checks keys and a checkpoint that came from outside the ledger.
  Result<void> check_external_keys(Worker& own, const KeyChain& keys) {
    const bool led_to = options_.keys.empty() ||
                        std::ranges::any_of(options_.keys, [&](const VerifierKey& key) { return keys.has(key); });
    if (!led_to) problems_.add("the ledger is not signed by the given key, nor by one that it handed over to");
    if (!options_.kept) return {};
    std::vector<VerifierKey> known = options_.keys;
    if (known.empty()) {
      for (const KeyInForce& key : keys.keys()) known.push_back(key.key);
    }
    const auto kept = open_checkpoint(options_.kept->note, known);
    AUTOHEAL_TRY(kept);
    if (kept->origin != origin_of(ledger_.id)) {
      return failure(ErrorKind::invalid, fmt::format("the given checkpoint is of {}, this ledger is {}", kept->origin,
                                                     origin_of(ledger_.id)));
    }
    const auto before = problems_.count();
    check_kept_head(own.database(), ledger_, kept->head, own.hashes(), problems_);
    if (!options_.kept->only_after || problems_.count() != before) return {};
    ledger_.kept = kept->head;
    ledger_.indexes.clear();
    report_.kept = kept->head.size;
    return {};
  }

  // A job whose part of the file is damaged says so; what else goes wrong ends everything.
  static Job reporting(Problems& problems, std::string what, Job job) {
    return [&problems, what = std::move(what), job = std::move(job)](Worker& worker) {
      try {
        job(worker);
      } catch (const SQLite::Exception& exception) {
        if (!is_damage(exception)) throw;
        problems.add(fmt::format("{} cannot be read: {}", what, exception.what()));
      }
    };
  }

  void add_file_jobs(std::vector<Job>& jobs) {
    indexes_.resize(ledger_.indexes.size());
    for (std::size_t at = 0; at < indexes_.size(); ++at) {
      std::optional<IndexFound>& found = indexes_[at];
      const EntryIndex& index = ledger_.indexes[at];
      jobs.push_back(reporting(index_problems_.emplace_back(), "the index " + index.name, [&](Worker& worker) {
        found = read_index(worker.database(), index, ledger_.key, ledger_.size, ledger_.archived);
      }));
    }
    jobs.push_back(reporting(page_problems_, "the database file",
                             [this](Worker& worker) { check_pages(worker.database(), page_problems_); }));
  }

  void add_range_jobs(std::vector<Job>& jobs, Worker& own, InOrder& ranges) {
    auto before = GrowingTree::of(own.hashes(), first_range());
    throw_unless_damage(before);
    if (before) {
      ranges.tree().begin(std::move(*before));
    } else {
      ranges.tree().give_up();
    }
    for (std::uint64_t first = first_range(); first < ledger_.size; first += entries_per_range) {
      jobs.push_back([this, first, &ranges](Worker& worker) {
        std::optional<RangeFound> range;
        Problems problems;
        const std::string what =
            fmt::format("entries {} to {}", first + 1, std::min(first + entries_per_range, ledger_.size));
        reporting(problems, what, [&](Worker& of) { range = of.ranges().read(first); })(worker);
        ranges.take(first, std::move(range), std::move(problems), worker);
      });
    }
  }

  void add_checkpoint_jobs(std::vector<Job>& jobs, Worker& own, const KeyChain& keys) {
    const auto pieces = checkpoint_pieces(own.database(), ledger_, ledger_.kept ? ledger_.kept->size : 0);
    checkpoints_.resize(pieces.size());
    for (std::size_t at = 0; at < pieces.size(); ++at) {
      CheckpointsFound& found = checkpoints_[at];
      jobs.push_back(reporting(found.problems, "checkpoints", [&, after = pieces[at]](Worker& worker) {
        found = read_checkpoints(worker.database(), ledger_, keys, worker.hashes(), after);
      }));
    }
  }

  void put_together(InOrder& ranges, Worker& own) {
    report_.entries = ledger_.size;
    report_.archived = ledger_.archived;
    report_.read = ranges.read;
    report_.roots = ranges.roots;
    report_.head = ranges.tree().head();
    report_.indexes = ledger_.indexes.size();
    problems_.take(std::move(ranges.problems));
    for (std::size_t at = 0; at < indexes_.size(); ++at) {
      problems_.take(std::move(index_problems_[at]));
      if (!indexes_[at]) continue;
      const bool same = indexes_[at]->sum == ranges.sums()[at];
      if (!same && ranges.whole)
        problems_.add(fmt::format("the index {} does not hold what the entries say", ledger_.indexes[at].name));
      problems_.take(std::move(indexes_[at]->problems));
    }
    problems_.take(std::move(page_problems_));
    put_checkpoints_together(own);
  }

  void put_checkpoints_together(Worker& own) {
    CheckpointsFound all;
    for (CheckpointsFound& piece : checkpoints_) {
      all.count += piece.count;
      all.good_size = std::max(all.good_size, piece.good_size);
      if (!all.wrong_size) all.wrong_size = piece.wrong_size;
      all.problems.take(std::move(piece.problems));
    }
    tell_rewritten(all, problems_);
    problems_.take(std::move(all.problems));
    report_.checkpoints = all.count;
    report_.signed_size = std::max(all.good_size, ledger_.kept ? ledger_.kept->size : 0);
    check_signed_head(own.database(), ledger_, own.hashes(), signed_head_, report_.warnings, problems_);
    if (report_.signed_size == 0 && ledger_.size > 0 && problems_.count() == 0 && !options_.unsigned_is_sound)
      problems_.add("nothing is signed: whoever can write the file can write another history");
  }

  VerifyReport finished() {
    for (const Problem& problem : problems_.kept()) {
      report_.problems.push_back(problem.sentence);
      if (problem.entry > 0 && (!report_.first_bad || problem.entry < *report_.first_bad))
        report_.first_bad = problem.entry;
    }
    report_.problem_count = problems_.count();
    return std::move(report_);
  }

  const VerifyOptions& options_;
  VerifiedLedger ledger_;
  Result<std::optional<Checkpoint>> signed_head_;
  std::atomic<std::uint64_t> done_ = 0;
  Problems problems_;
  std::vector<std::optional<IndexFound>> indexes_;
  std::deque<Problems> index_problems_;
  Problems page_problems_;
  std::vector<CheckpointsFound> checkpoints_;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify_ledger(const std::filesystem::path& path, const VerifyOptions& options) {
  const auto file = look_at_ledger(path);
  AUTOHEAL_TRY(file);
  if (*file == LedgerFile::absent) {
    VerifyReport nothing;
    if (options.kept || !options.keys.empty()) {
      nothing.problems.push_back(fmt::format("there is no ledger {}, although one was signed", path.string()));
      nothing.problem_count = 1;
    }
    return nothing;
  }
  return Verification(path, options).run();
}

}  // namespace autoheal::store
