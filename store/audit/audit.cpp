#include "autoheal/store/audit/audit.hpp"

#include <algorithm>
#include <set>

#include "autoheal/store/audit/audit_sql.hpp"
#include "autoheal/store/ledger/clock_setback.hpp"
#include "autoheal/store/ledger/entry_queries.hpp"
#include "autoheal/store/ledger/ledger_schema.hpp"

namespace autoheal::store {

using engine::Entry;
using engine::Position;

namespace {

constexpr std::int64_t entries_per_page = 1000;
constexpr std::int64_t heals_per_page = 1000;
constexpr std::uint64_t landmarks_per_set = 10'000;

// Whether so few heals failed that sorting them costs less than looking for them among all.
bool failures_are_few(SQLite::Database& database) {
  constexpr std::int64_t few = 5'000;
  SQLite::Statement count(database,
                          "SELECT count(*) FROM (SELECT 1 FROM entries WHERE type = 'heal.exhausted' LIMIT ?)");
  count.bind(1, few);
  count.executeStep();
  return count.getColumn(0).getInt64() < few;
}

// One run over the entries that pass: in pages, so that no transaction is held while the caller is slow.
class Run {
 public:
  // `check`: throws if an entry is not what was written.
  using Check = std::function<void(const Entry& entry)>;
  Run(SQLite::Database& database, const EntryFilter& filter, EntryWindow window, const Audit::TakeEntry& take,
      const Check& check)
      : database_(database),
        filter_(filter),
        window_(window),
        take_(take),
        check_(check),
        by_set_(is_found_by_set(filter, failures_are_few(database))) {}

  std::uint64_t go() {
    if (is_full()) return given_;
    auto [after, last] = positions_of(database_, filter_.since, filter_.until, window_.after, *window_.last);
    window_.after = after;
    window_.last = last;
    if (window_.newest) return newest();
    if (by_set_) {
      forth_by_set();
    } else {
      page_by_page();
    }
    return given_;
  }

 private:
  [[nodiscard]] bool is_full() const { return window_.limit && given_ >= *window_.limit; }

  // False ends it.
  bool offer(const Entry& entry) {
    if (filter_.passes && !filter_.passes(entry)) return true;
    ++given_;
    return take_(entry) && !is_full();
  }

  std::vector<Entry> page(bool backwards) {
    Question question = page_question(filter_, window_.after, *window_.last, backwards);
    std::int64_t size = entries_per_page;
    if (window_.limit && !filter_.passes) size = std::min(size, as_integer(*window_.limit - given_));
    question.bind_value(size);
    SQLite::Statement select(database_, question.sql);
    question.bind_to(select);
    std::vector<Entry> entries;
    while (select.executeStep()) {
      entries.push_back(entry_at(select));
      check_(entries.back());
    }
    return entries;
  }

  void page_by_page() {
    while (window_.after < *window_.last) {
      const std::vector<Entry> entries = page(false);
      if (entries.empty()) return;
      for (const Entry& entry : entries) {
        if (!offer(entry)) return;
      }
      window_.after = entries.back().position;
    }
  }

  std::vector<std::int64_t> positions(bool backwards) {
    Question question = set_question(filter_, window_.after, *window_.last, backwards);
    question.bind_value(window_.limit && !filter_.passes ? as_integer(*window_.limit) : -1);
    SQLite::Statement select(database_, question.sql);
    question.bind_to(select);
    std::vector<std::int64_t> found;
    while (select.executeStep()) found.push_back(select.getColumn(0).getInt64());
    return found;
  }

  // False ends it.
  bool one_by_one(const std::vector<std::int64_t>& found) {
    SQLite::Statement select(database_, std::string(select_entries) + "WHERE seq = ?");
    for (const std::int64_t seq : found) {
      select.bind(1, seq);
      const bool there = select.executeStep();
      const Entry entry = there ? entry_at(select) : Entry();
      if (there) check_(entry);
      select.reset();
      if (there && !offer(entry)) return false;
    }
    return true;
  }

  // The last ones that pass, told in the ledger's order.
  std::uint64_t newest() {
    std::vector<Entry> kept;
    const Audit::TakeEntry keep = [&](const Entry& entry) {
      kept.push_back(entry);
      return true;
    };
    Run backwards(database_, filter_, window_, keep, check_);
    backwards.window_.limit = std::min(window_.limit.value_or(most_newest), most_newest);
    if (by_set_) {
      backwards.back_by_set();
    } else {
      backwards.back_page_by_page();
    }
    for (auto entry = kept.rbegin(); entry != kept.rend(); ++entry) {
      ++given_;
      if (!take_(*entry)) break;
    }
    return given_;
  }

  // As many of an engine's landmarks as entries are asked for bound how far those reach; where not all of them pass,
  // what comes after that is next.
  void forth_by_set() {
    const Position last = *window_.last;
    for (std::uint64_t reach = window_.limit.value_or(landmarks_per_set);; reach *= 8) {
      window_.last = landmark(window_.after, last, reach - 1, false).value_or(last);
      if (!one_by_one(positions(false)) || *window_.last >= last) return;
      window_.after = *window_.last;
    }
  }

  void back_by_set() {
    const Position after = window_.after;
    for (std::uint64_t reach = *window_.limit;; reach *= 8) {
      const auto first = landmark(after, *window_.last, reach - 1, true);
      window_.after = first ? Position{first->value - 1} : after;
      if (!one_by_one(positions(true)) || window_.after <= after) return;
      window_.last = window_.after;
    }
  }

  std::optional<Position> landmark(Position after, Position last, std::uint64_t number, bool backwards) {
    if (filter_.subject.empty()) return std::nullopt;
    const Question question = landmark_question(filter_.subject, after, last, number, backwards);
    SQLite::Statement select(database_, question.sql);
    question.bind_to(select);
    if (!select.executeStep()) return std::nullopt;
    return Position{static_cast<std::uint64_t>(select.getColumn(0).getInt64())};
  }

  void back_page_by_page() {
    while (window_.after < *window_.last) {
      const std::vector<Entry> entries = page(true);
      if (entries.empty()) return;
      for (const Entry& entry : entries) {
        if (!offer(entry)) return;
      }
      window_.last = Position{entries.back().position.value - 1};
    }
  }

  SQLite::Database& database_;
  const EntryFilter& filter_;
  EntryWindow window_;
  const Audit::TakeEntry& take_;
  const Check& check_;
  const bool by_set_;
  std::uint64_t given_ = 0;
};

AuditedHeal heal_at(const SQLite::Statement& row) {
  const auto text = [&](int column) { return row.getColumn(column).getString(); };
  return {text(0), text(1), text(2), text(3), static_cast<std::uint64_t>(row.getColumn(4).getInt64()),
          text(5), text(6), text(7), text(8), text(9)};
}

std::vector<AuditedHeal> heals_of(SQLite::Database& database, const Question& question) {
  SQLite::Statement select(database, question.sql);
  question.bind_to(select);
  std::vector<AuditedHeal> heals;
  while (select.executeStep()) heals.push_back(heal_at(select));
  return heals;
}

// The newest heals of one engine are those that ended last, and the open ones.
bool is_found_by_endings(const HealFilter& filter) {
  return !filter.engine.empty() && filter.newest && filter.strategy.empty() && !filter.since && !filter.until &&
         filter.before.empty();
}

std::vector<AuditedHeal> newest_of_engine(SQLite::Database& database, const HealFilter& filter) {
  const Question question = newest_streams_question(filter);
  SQLite::Statement select(database, question.sql);
  question.bind_to(select);
  SQLite::Statement one(database, one_heal_sql());
  std::vector<AuditedHeal> heals;
  while (select.executeStep()) {
    const std::string stream = stream_at(select, 0);
    bind_text(one, 1, stream);
    while (one.executeStep()) {
      AuditedHeal heal = heal_at(one);
      if (filter.state.empty() || heal.state == filter.state) heals.push_back(std::move(heal));
    }
    one.reset();
  }
  std::ranges::sort(heals, {}, [](const AuditedHeal& heal) { return std::pair(heal.started, heal.heal); });
  if (heals.size() > *filter.newest) heals.erase(heals.begin(), heals.end() - as_integer(*filter.newest));
  return heals;
}

// Page by page, each from the start of the last heal before it: those of that very moment are known and passed over.
Result<void> in_pages(SQLite::Database& database, const HealFilter& filter, bool sorts, const Audit::TakeHeal& take) {
  std::string start;
  std::set<std::string> told_of_start;
  for (;;) {
    const std::int64_t size = heals_per_page + static_cast<std::int64_t>(told_of_start.size());
    std::vector<AuditedHeal> heals = heals_of(database, heals_question(filter, start, size, sorts));
    std::erase_if(heals, [&](const AuditedHeal& heal) { return told_of_start.contains(heal.heal); });
    if (heals.empty()) return {};
    for (AuditedHeal& heal : heals) {
      if (heal.started != start) told_of_start.clear();
      start = heal.started;
      told_of_start.insert(heal.heal);
      if (!take(std::move(heal))) return {};
    }
  }
}

}  // namespace

Result<std::uint64_t> Audit::entries(const EntryFilter& filter, const EntryWindow& window,
                                     const TakeEntry& take) const {
  if (ledger_.connection() == nullptr) return 0;
  EntryWindow bounded = window;
  if (!bounded.last) {
    const auto head = ledger_.head();
    AUTOHEAL_TRY(head);
    bounded.last = *head;
  }
  try {
    const Run::Check check = [&](const Entry& entry) { ledger_.hold_against_tree(entry); };
    return Run(*ledger_.connection(), filter, bounded, take, check).go();
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(sqlite_error(ledger_.path(), exception));
  }
}

Result<void> Audit::heals(const HealFilter& filter, const TakeHeal& take) const {
  if (ledger_.connection() == nullptr) return {};
  try {
    SQLite::Database& database = *ledger_.connection();
    if (is_found_by_endings(filter)) {
      for (AuditedHeal& heal : newest_of_engine(database, filter)) {
        if (!take(std::move(heal))) return {};
      }
      return {};
    }
    const bool sorts = filter.state == "Exhausted" && failures_are_few(database);
    if (filter.newest) {
      auto heals = heals_of(database, newest_heals_question(filter, sorts));
      for (auto heal = heals.rbegin(); heal != heals.rend(); ++heal) {
        if (!take(std::move(*heal))) return {};
      }
      return {};
    }
    return in_pages(database, filter, sorts, take);
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(sqlite_error(ledger_.path(), exception));
  }
}

Result<void> Audit::figures(std::optional<Timestamp> since, std::optional<Timestamp> until,
                            const TakeFigures& take) const {
  if (ledger_.connection() == nullptr) return {};
  try {
    const Question question = figures_question(since, until);
    SQLite::Statement select(*ledger_.connection(), question.sql);
    question.bind_to(select);
    while (select.executeStep()) {
      HealFigures figures;
      figures.heal = stream_at(select, 0);
      figures.engine = select.getColumn(1).getString();
      figures.strategy = select.getColumn(2).getString();
      figures.in_vault = select.getColumn(3).getInt() != 0;
      figures.ending = select.getColumn(4).getString();
      figures.attempts = static_cast<std::uint64_t>(select.getColumn(5).getInt64());
      figures.reason = select.getColumn(6).getString();
      // Below 0 where the wall clock was set back meanwhile.
      figures.took = Duration(std::max<std::int64_t>(select.getColumn(7).getInt64(), 0));
      take(figures);
    }
    return {};
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(sqlite_error(ledger_.path(), exception));
  }
}

Result<std::vector<std::string>> Audit::streams(const std::string& prefix, const std::string& type,
                                                std::size_t limit) const {
  std::vector<std::string> found;
  const auto range = ids_beginning_with(prefix);
  if (ledger_.connection() == nullptr || !range) return found;
  try {
    SQLite::Statement select(*ledger_.connection(),
                             "SELECT stream FROM entries WHERE stream >= ? AND stream <= ? AND version = 1"
                             " AND +type = ? ORDER BY stream LIMIT ?");
    select.bind(1, range->first.bytes.data(), static_cast<int>(range->first.bytes.size()));
    select.bind(2, range->second.bytes.data(), static_cast<int>(range->second.bytes.size()));
    bind_text(select, 3, type);
    select.bind(4, as_integer(limit));
    while (select.executeStep()) found.push_back(stream_at(select, 0));
    return found;
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(sqlite_error(ledger_.path(), exception));
  }
}

Result<std::string> Audit::newest_stream(const std::string& type) const {
  if (ledger_.connection() == nullptr) return std::string();
  try {
    SQLite::Statement select(*ledger_.connection(),
                             "SELECT stream FROM entries NOT INDEXED WHERE type = ? ORDER BY seq DESC LIMIT 1");
    bind_text(select, 1, type);
    return select.executeStep() ? stream_at(select, 0) : std::string();
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(sqlite_error(ledger_.path(), exception));
  }
}

}  // namespace autoheal::store
