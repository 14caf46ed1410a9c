#include "autoheal/store/audit/audit_sql.hpp"

#include <limits>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/store/ledger/entry_queries.hpp"
#include "autoheal/store/ledger/ledger_tables.hpp"

namespace autoheal::store {

using engine::Position;

namespace {

constexpr std::string_view failed = "heal.exhausted";
constexpr std::string_view usual_actor = "autoheal";

std::string text_of(Timestamp time) { return format_timestamp(time); }

bool by_type(const EntryFilter& filter) {
  return !filter.type.empty() && !filter.type_begins_so && is_rare_type(filter.type);
}
bool by_actor(const EntryFilter& filter) { return !filter.actor.empty() && filter.actor != usual_actor; }

// The plus keeps a column from being looked up in an index: one index is enough, and which one is decided here.
void add_conditions(Question& question, const EntryFilter& filter) {
  const std::string stream = filter.stream.empty() ? "" : " AND stream = ?";
  if (!filter.stream.empty()) question.add(" AND stream = ?", StreamName{filter.stream});
  if (!filter.type.empty() && !filter.type_begins_so) {
    const bool looked_up = by_type(filter) && filter.stream.empty();
    // A partial index is taken only for a type that stands in the SQL.
    const bool of_failures = looked_up && filter.type == failed && !filter.subject.empty();
    if (of_failures) {
      question.add(" AND type = 'heal.exhausted'");
    } else if (looked_up && !by_actor(filter)) {
      question.add(" AND " + std::string(sql_is_rare) + " AND type = ?", filter.type);
    } else {
      question.add(" AND +type = ?", filter.type);
    }
    if (!filter.subject.empty()) question.add(of_failures ? " AND engine = ?" : " AND +engine = ?", filter.subject);
  } else {
    if (!filter.type.empty()) {
      question.add(" AND +type >= ?", filter.type);
      question.add(" AND substr(type, 1, ?)", as_integer(filter.type.size()));
      question.add(" = ?", filter.type);
    }
    if (!filter.subject.empty()) question.add(" AND +engine = ?", filter.subject);
  }
  if (!filter.actor.empty()) {
    const bool looked_up = by_actor(filter) && filter.stream.empty();
    if (looked_up) question.add(" AND " + std::string(sql_is_by_others));
    question.add(looked_up ? " AND actor = ?" : " AND +actor = ?", filter.actor);
  }
  if (filter.since) question.add(" AND +time >= ?", filter.since->time_since_epoch().count());
  if (filter.until) question.add(" AND +time < ?", filter.until->time_since_epoch().count());
  if (!filter.stream_has.empty()) {
    // The stream "ledger" is no heal, and as long as the ledger is old.
    question.add(" AND stream <> 'ledger'");
    question.add(" AND EXISTS (SELECT 1 FROM entries AS other WHERE other.stream = entries.stream AND +other.type = ?)",
                 filter.stream_has);
  }
  if (filter.stream_is_open)
    question.add(" AND EXISTS (SELECT 1 FROM open_streams AS o WHERE o.stream = entries.stream)");
}

bool is_looked_up(const EntryFilter& filter) { return !filter.stream.empty() || by_actor(filter) || by_type(filter); }

void add_range(Question& question, const std::string& column, Position after, Position last) {
  question.add(" AND " + column + " > ?", as_integer(after.value));
  question.add(" AND " + column + " <= ?", as_integer(last.value));
}

// All entries of an engine: those that its index has, and the steps of the streams that it leads to. A stream whose
// steps go on behind `after` either ends behind it, with an entry that the index has, or is still open. Heals of one
// engine follow each other, so that of those which end behind `last` only the next one can have begun before it; some
// more are looked at.
void add_set_of_engine(Question& question, const std::string& engine, Position after, Position last) {
  const std::string landmarks = "SELECT stream FROM entries WHERE " + std::string(sql_is_landmark) + " AND engine = ?";
  question.add("SELECT seq FROM entries WHERE " + std::string(sql_is_landmark) + " AND engine = ?", engine);
  add_range(question, "seq", after, last);
  question.add(" UNION SELECT step.seq FROM (" + landmarks, engine);
  add_range(question, "seq", after, last);
  question.add(" AND +stream > x'' UNION SELECT stream FROM (" + landmarks, engine);
  question.add(" AND seq > ?", as_integer(last.value));
  question.add(
      " AND +stream > x'' ORDER BY seq LIMIT 8) UNION SELECT stream FROM open_streams) AS own"
      " CROSS JOIN entries AS step ON step.stream = own.stream WHERE true");
  add_range(question, "+step.seq", after, last);
}

void add_set_of_streams(Question& question, const std::string& streams, Position after, Position last) {
  question.add("SELECT step.seq FROM (" + streams +
               ") AS own CROSS JOIN entries AS step ON step.stream = own.stream"
               " WHERE true");
  add_range(question, "+step.seq", after, last);
}

void add_heal_conditions(Question& question, const HealFilter& filter) {
  if (!filter.engine.empty()) question.add(" AND engine = ?", filter.engine);
  if (!filter.state.empty()) question.add(" AND state = ?", filter.state);
  if (!filter.strategy.empty()) question.add(" AND strategy = ?", filter.strategy);
  if (filter.since) question.add(" AND started >= ?", text_of(*filter.since));
  if (filter.until) question.add(" AND started < ?", text_of(*filter.until));
}

const std::string select_heals =
    std::string("SELECT heal_id, engine, strategy, state, attempts, reason, requester, actor, started, ended FROM (") +
    sql_heals + ") WHERE true";

}  // namespace

void Question::bind_to(SQLite::Statement& statement) const {
  int index = 0;
  for (const SqlValue& value : values) {
    ++index;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      statement.bind(index, *number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      bind_text(statement, index, *text);
    } else {
      bind_stream(statement, index, std::get<StreamName>(value).name);
    }
  }
}

bool is_found_by_set(const EntryFilter& filter, bool failures_are_few) {
  if (is_looked_up(filter)) return false;
  return !filter.subject.empty() || filter.stream_is_open || (filter.stream_has == failed && failures_are_few);
}

Question page_question(const EntryFilter& filter, Position after, Position last, bool backwards) {
  Question question;
  question.add(select_entries);
  if (!is_looked_up(filter)) question.add("NOT INDEXED ");
  question.add("WHERE true");
  add_range(question, "seq", after, last);
  add_conditions(question, filter);
  question.add(backwards ? " ORDER BY seq DESC LIMIT ?" : " ORDER BY seq LIMIT ?");
  return question;
}

Question set_question(const EntryFilter& filter, Position after, Position last, bool backwards) {
  Question question;
  question.add("SELECT seq FROM entries WHERE seq IN (");
  if (!filter.subject.empty()) {
    add_set_of_engine(question, filter.subject, after, last);
  } else if (filter.stream_is_open) {
    add_set_of_streams(question, "SELECT stream FROM open_streams", after, last);
  } else {
    add_set_of_streams(question, "SELECT stream FROM entries WHERE type = 'heal.exhausted'", after, last);
  }
  question.add(")");
  add_conditions(question, filter);
  question.add(backwards ? " ORDER BY seq DESC LIMIT ?" : " ORDER BY seq LIMIT ?");
  return question;
}

Question landmark_question(const std::string& engine, Position after, Position last, std::uint64_t number,
                           bool backwards) {
  Question question;
  question.add("SELECT seq FROM entries WHERE " + std::string(sql_is_landmark) + " AND engine = ?", engine);
  add_range(question, "seq", after, last);
  question.add(backwards ? " ORDER BY seq DESC" : " ORDER BY seq");
  question.add(" LIMIT 1 OFFSET ?", as_integer(number));
  return question;
}

Question newest_heals_question(const HealFilter& filter, bool sorts) {
  Question question;
  question.add(select_heals);
  add_heal_conditions(question, filter);
  if (!filter.before.empty()) {
    const std::string start = "(SELECT started FROM (" + std::string(sql_heals) + ") WHERE heal_id = ?)";
    question.add(" AND started <= " + start, filter.before);
    question.add(" AND NOT (started = " + start, filter.before);
    question.add(" AND heal_id >= ?)", filter.before);
  }
  // Heals of one moment have an order, too: else a page could leave out or repeat some.
  question.add(sorts ? " ORDER BY +started DESC, heal_id DESC" : " ORDER BY started DESC, heal_id DESC");
  question.add(" LIMIT ?", as_integer(*filter.newest));
  return question;
}

Question heals_question(const HealFilter& filter, const std::string& from_start, std::int64_t limit, bool sorts) {
  Question question;
  question.add(select_heals);
  add_heal_conditions(question, filter);
  if (!from_start.empty()) question.add(" AND started >= ?", from_start);
  question.add(sorts ? " ORDER BY +started" : " ORDER BY started");
  question.add(" LIMIT ?", limit);
  return question;
}

Question newest_streams_question(const HealFilter& filter) {
  Question question;
  const char* ends = filter.state == "Exhausted"  ? "type = 'heal.exhausted'"
                     : filter.state == "Complete" ? "+type = 'heal.completed'"
                                                  : "+type IN ('heal.completed', 'heal.exhausted')";
  question.add("SELECT stream FROM (SELECT stream FROM entries WHERE " + std::string(sql_is_landmark) + " AND " + ends +
                   " AND engine = ?",
               filter.engine);
  question.add(" ORDER BY seq DESC LIMIT ?)", as_integer(*filter.newest));
  question.add(
      " UNION SELECT o.stream FROM open_streams AS o CROSS JOIN entries AS first"
      " ON first.stream = o.stream AND first.version = 1 WHERE first.engine = ?",
      filter.engine);
  return question;
}

std::string one_heal_sql() { return select_heals + " AND heal_id = ?"; }

Question figures_question(std::optional<Timestamp> since, std::optional<Timestamp> until) {
  Question question;
  question.add(
      "SELECT first.stream, first.engine, coalesce(json_extract(first.data, '$.strategy'), ''),"
      " json_extract(first.data, '$.blob') IS NOT NULL, coalesce(finish.type, ''),"
      " json_extract(finish.data, '$.attempts'), coalesce(json_extract(finish.data, '$.reason'), ''),"
      " json_extract(finish.data, '$.took_us')"
      " FROM entries AS first LEFT JOIN entries AS finish ON finish.seq ="
      " (SELECT e.seq FROM entries AS e WHERE e.stream = first.stream"
      " AND e.type IN ('heal.completed', 'heal.exhausted') ORDER BY e.version DESC LIMIT 1)"
      " WHERE first.type = 'heal.triggered'");
  const std::string start = sql_start_of_first;
  if (since) question.add(" AND (" + start + ") >= ?", text_of(*since));
  if (until) question.add(" AND (" + start + ") < ?", text_of(*until));
  question.add(" ORDER BY (" + start + ")");
  return question;
}

std::optional<std::pair<Uuid, Uuid>> ids_beginning_with(const std::string& prefix) {
  constexpr std::string_view lowest = "00000000-0000-0000-0000-000000000000";
  constexpr std::string_view highest = "ffffffff-ffff-ffff-ffff-ffffffffffff";
  if (prefix.size() > lowest.size()) return std::nullopt;
  const auto first = parse_uuid(prefix + std::string(lowest.substr(prefix.size())));
  const auto last = parse_uuid(prefix + std::string(highest.substr(prefix.size())));
  if (!first) return std::nullopt;
  AUTOHEAL_CHECK(last.has_value());  // of the same beginning
  return std::pair(*first, *last);
}

}  // namespace autoheal::store
