// The SQL of the ledger, apart from the code so that it can be read as what it is: a format that outlives the program.
#pragma once

#include <string>
#include <string_view>

namespace autoheal::store {

// `stream` holds the 16 bytes of a UUID, or text for every other name: ordered short keys keep the one index small.
// `time` is in microseconds since 1970, UTC. `since` is the seq of a stream's first entry.
inline constexpr char ledger_tables[] = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE entries(
  seq INTEGER PRIMARY KEY,
  stream NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  dataversion INTEGER NOT NULL,
  time INTEGER NOT NULL,
  actor TEXT,
  engine TEXT,
  data TEXT NOT NULL);
CREATE UNIQUE INDEX entries_by_stream ON entries(stream, version);
CREATE TABLE open_streams(stream PRIMARY KEY NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE idempotency_keys(key TEXT PRIMARY KEY NOT NULL, stream NOT NULL) WITHOUT ROWID;
CREATE TABLE places(subscriber TEXT PRIMARY KEY NOT NULL, position INTEGER NOT NULL) WITHOUT ROWID;
)sql";

// Schema version 2: the tree over the entries (entry n is leaf n - 1) and what was signed of it.
// `tile` is level * 2^48 + number: tile `number` of `level` holds 256 hashes of 32 bytes, those of the subtrees of
// 2^(8 * level) leaves (C2SP tlog-tiles); what the tree has not reached yet is zero. `roots` has one row for each
// commit, `checkpoints` the signed notes (C2SP tlog-checkpoint) to the byte.
inline constexpr char ledger_tree[] = R"sql(
CREATE TABLE tiles(tile INTEGER PRIMARY KEY, hashes BLOB NOT NULL);
CREATE TABLE roots(size INTEGER PRIMARY KEY, root BLOB NOT NULL);
CREATE TABLE checkpoints(size INTEGER PRIMARY KEY, note TEXT NOT NULL);
)sql";

// The texts that indexes and views have in common: SQLite takes an index only where the view says the very same.
#define AUTOHEAL_SQL_NAME(stream)                                                                            \
  "lower(substr(hex(" stream "), 1, 8) || '-' || substr(hex(" stream "), 9, 4) || '-' || substr(hex(" stream \
  "), 13, 4) || '-' || substr(hex(" stream "), 17, 4) || '-' || substr(hex(" stream "), 21, 12))"
#define AUTOHEAL_SQL_TIME(time) \
  "strftime('%Y-%m-%dT%H:%M:%S', " time " / 1000000, 'unixepoch') || printf('.%06dZ', " time " % 1000000)"
#define AUTOHEAL_SQL_STEPS                                                                 \
  "'heal.triggered', 'heal.repair_started', 'heal.plan_recorded', 'heal.plan_certified', " \
  "'heal.repair_finished', 'heal.certification_started'"

// Types that are no step which every heal takes, and end one: an entry by which a stream is found again.
inline constexpr char sql_is_landmark[] = "type NOT IN (" AUTOHEAL_SQL_STEPS ")";
// Types that are worth an index: every heal has the others, so that reading on finds them at once.
inline constexpr char sql_is_rare[] = "type NOT IN (" AUTOHEAL_SQL_STEPS ", 'heal.certified', 'heal.completed')";
[[nodiscard]] inline bool is_rare_type(std::string_view type) {
  return std::string_view(sql_is_rare).find("'" + std::string(type) + "'") == std::string_view::npos;
}
inline constexpr char sql_is_by_others[] = "actor <> 'autoheal'";
// The expressions of the indexes on expressions; index_checksum.cpp computes both without SQLite.
inline constexpr char sql_name_of_heal[] = AUTOHEAL_SQL_NAME("stream");
inline constexpr char sql_start_of_heal[] = AUTOHEAL_SQL_TIME("time");
// The time of a row `first`, as heals_by_start has it.
inline constexpr char sql_start_of_first[] = AUTOHEAL_SQL_TIME("first.time");

// Chosen by measurement (`autoheal-bench ledger --sizes`): a place in an index of engines costs a page of its own for
// every engine that heals at the moment, so that a heal has one or two there, not one per entry.
inline constexpr char ledger_indexes[] =
    "DROP INDEX IF EXISTS entries_of_note;"
    "CREATE INDEX IF NOT EXISTS entries_by_engine ON entries(engine) WHERE type NOT IN (" AUTOHEAL_SQL_STEPS ");"
    "CREATE INDEX IF NOT EXISTS entries_by_type ON entries(type)"
    " WHERE type NOT IN (" AUTOHEAL_SQL_STEPS ", 'heal.certified', 'heal.completed');"
    "CREATE INDEX IF NOT EXISTS entries_by_others ON entries(actor) WHERE actor <> 'autoheal';"
    "CREATE INDEX IF NOT EXISTS heals_that_failed ON entries(engine) WHERE type = 'heal.exhausted';"
    "CREATE INDEX IF NOT EXISTS heals_by_name ON entries(" AUTOHEAL_SQL_NAME("stream") ")"
    " WHERE type = 'heal.triggered';"
    "CREATE INDEX IF NOT EXISTS heals_by_start ON entries(" AUTOHEAL_SQL_TIME("time") ")"
    " WHERE type = 'heal.triggered';"
    // How far the clock was ever set back (clock_setback.hpp); nothing changes where it is known.
    "INSERT OR IGNORE INTO meta(name, value) SELECT 'clock_lag_us', coalesce(max(newest - time), 0)"
    " FROM (SELECT time, max(time) OVER (ORDER BY seq) AS newest FROM entries)"
    " WHERE NOT EXISTS (SELECT 1 FROM meta WHERE name = 'clock_lag_us');";

// The text of the view `audit_heals`. Also run directly, because SQLite reads no JSON in views of an untrusted schema.
#define AUTOHEAL_SQL_ENDED(state) \
  "SELECT " AUTOHEAL_SQL_NAME("first.stream") " AS heal_id, finish.engine AS engine,\n"                              \
  "  coalesce(json_extract(first.data, '$.strategy'), (SELECT json_extract(e.data, '$.strategy') FROM entries AS e\n" \
  "    WHERE e.stream = first.stream AND e.type = 'heal.repair_finished' LIMIT 1)) AS strategy,\n"                   \
  "  '" state "' AS state,\n"                                                                                         \
  "  coalesce(json_extract(finish.data, '$.attempts'), (SELECT count(*) FROM entries AS e\n"                         \
  "    WHERE e.stream = first.stream AND e.type = 'heal.repair_started')) AS attempts,\n"                             \
  "  json_extract(finish.data, '$.reason') AS reason,\n"                                                              \
  "  coalesce(json_extract(first.data, '$.by.principal'), first.actor) AS requester, first.actor AS actor,\n"         \
  "  " AUTOHEAL_SQL_TIME("first.time") " AS started, " AUTOHEAL_SQL_TIME("finish.time") " AS ended\n"                \
  "FROM entries AS first JOIN entries AS finish ON finish.stream = first.stream\n"                                    \
  "WHERE first.type = 'heal.triggered' AND first.version = 1"
#define AUTOHEAL_SQL_HEALS \
  AUTOHEAL_SQL_ENDED("Complete") " AND finish.type = 'heal.completed'\n" \
    "  AND finish.type NOT IN (" AUTOHEAL_SQL_STEPS ")\n" \
    "UNION ALL\n" \
    AUTOHEAL_SQL_ENDED("Exhausted") " AND finish.type = 'heal.exhausted'\n" \
    "UNION ALL\n" \
    "SELECT " AUTOHEAL_SQL_NAME("first.stream") ", first.engine,\n" \
    "  coalesce(json_extract(first.data, '$.strategy'), (SELECT json_extract(e.data, '$.strategy') FROM entries AS e\n" \
    "    WHERE e.stream = first.stream AND e.type = 'heal.repair_finished' LIMIT 1)),\n" \
    "  (SELECT CASE e.type WHEN 'heal.triggered' THEN 'Triggered' WHEN 'heal.repair_started' THEN 'Repairing'\n" \
    "     WHEN 'heal.certification_started' THEN 'Certifying' ELSE 'Retrying' END\n" \
    "   FROM entries AS e WHERE e.stream = first.stream AND e.type IN\n" \
    "     ('heal.triggered', 'heal.repair_started', 'heal.certification_started', 'heal.retry_scheduled')\n" \
    "   ORDER BY e.version DESC LIMIT 1),\n" \
    "  (SELECT count(*) FROM entries AS e WHERE e.stream = first.stream AND e.type = 'heal.repair_started'),\n" \
    "  NULL, coalesce(json_extract(first.data, '$.by.principal'), first.actor), first.actor,\n" \
    "  " AUTOHEAL_SQL_TIME("first.time") ", NULL\n" \
    "FROM open_streams CROSS JOIN entries AS first ON first.stream = open_streams.stream AND first.version = 1\n" \
    "WHERE first.type = 'heal.triggered'"
inline constexpr char sql_heals[] = AUTOHEAL_SQL_HEALS;

// For auditors with nothing but `sqlite3 -readonly`. Uses no operator newer than SQLite 3.22. Data too large for an
// entry is in the vault, where SQL cannot read it, so it is derived from other entries of the heal.
inline constexpr char ledger_views[] =
    "DROP VIEW IF EXISTS audit_certificates; DROP VIEW IF EXISTS audit_heals; DROP VIEW IF EXISTS audit_events;\n"

    "CREATE VIEW audit_events AS\n"
    "SELECT event.seq AS seq, " AUTOHEAL_SQL_TIME("event.time") " AS time, event.type AS type,\n"
    "  " AUTOHEAL_SQL_NAME("first.stream") " AS heal_id,\n"
    "  event.engine AS engine, event.actor AS actor, event.data AS data\n"
    "FROM entries AS event JOIN entries AS first ON first.stream = event.stream AND first.version = 1\n"
    "WHERE first.type = 'heal.triggered'\n"
    "UNION ALL\n"
    "SELECT event.seq, " AUTOHEAL_SQL_TIME("event.time") ", event.type, NULL, event.engine, event.actor, event.data\n"
    "FROM entries AS event\n"
    "WHERE NOT EXISTS (SELECT 1 FROM entries AS first WHERE first.stream = event.stream AND first.version = 1\n"
    "  AND first.type = 'heal.triggered');\n"

    "CREATE VIEW audit_heals AS\n" AUTOHEAL_SQL_HEALS ";\n"

    "CREATE VIEW audit_certificates AS\n"
    "SELECT event.seq AS seq, " AUTOHEAL_SQL_NAME("first.stream") " AS heal_id, event.engine AS engine,\n"
    "  coalesce(json_extract(event.data, '$.attempt'), (SELECT count(*) FROM entries AS e\n"
    "    WHERE e.stream = event.stream AND e.type = 'heal.repair_started' AND e.version < event.version)) AS attempt,\n"
    "  " AUTOHEAL_SQL_TIME("event.time") " AS time,\n"
    "  replace(coalesce(json_extract(event.data, '$.plan_digest'), (SELECT json_extract(e.data, '$.plan_digest')\n"
    "    FROM entries AS e WHERE e.stream = event.stream AND e.type = 'heal.plan_certified'\n"
    "      AND e.version < event.version ORDER BY e.version DESC LIMIT 1)), 'sha256:', '') AS plan_sha256,\n"
    "  coalesce(json_extract(event.data, '$.evidence'), json_extract(event.data, '$.blob')) AS evidence\n"
    "FROM entries AS event JOIN entries AS first ON first.stream = event.stream AND first.version = 1\n"
    "WHERE first.type = 'heal.triggered' AND event.type = 'heal.certified'\n"
    "  AND event.type NOT IN (" AUTOHEAL_SQL_STEPS ");\n";

#undef AUTOHEAL_SQL_HEALS
#undef AUTOHEAL_SQL_ENDED
#undef AUTOHEAL_SQL_STEPS
#undef AUTOHEAL_SQL_TIME
#undef AUTOHEAL_SQL_NAME

}  // namespace autoheal::store
