// The SQL of the ledger, apart from the code so that it can be read as what it is: a format that outlives the program.
#pragma once

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
CREATE INDEX entries_of_note ON entries(type, engine)
  WHERE type = 'heal.triggered' OR type = 'heal.certified' OR type = 'heal.exhausted';
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

// For auditors with nothing but `sqlite3 -readonly`. No operator newer than SQLite 3.22 stands here.
inline constexpr char ledger_views[] = R"sql(
CREATE VIEW audit_events AS
SELECT seq,
       strftime('%Y-%m-%dT%H:%M:%S', time / 1000000, 'unixepoch') || printf('.%06dZ', time % 1000000) AS time,
       type,
       CASE WHEN typeof(stream) = 'blob'
            THEN lower(substr(hex(stream), 1, 8) || '-' || substr(hex(stream), 9, 4) || '-' ||
                       substr(hex(stream), 13, 4) || '-' || substr(hex(stream), 17, 4) || '-' ||
                       substr(hex(stream), 21, 12))
            ELSE stream END AS heal_id,
       engine, actor, data
FROM entries;

CREATE VIEW audit_heals AS
SELECT heal.heal_id, heal.engine,
       json_extract(heal.data, '$.strategy') AS strategy,
       CASE latest.type WHEN 'heal.triggered' THEN 'Triggered' WHEN 'heal.repair_started' THEN 'Repairing'
            WHEN 'heal.certification_started' THEN 'Certifying' WHEN 'heal.retry_scheduled' THEN 'Retrying'
            WHEN 'heal.completed' THEN 'Complete' WHEN 'heal.exhausted' THEN 'Exhausted' END AS state,
       coalesce(json_extract(finish.data, '$.attempts'),
                (SELECT count(*) FROM entries AS e
                 WHERE e.stream = first.stream AND e.type = 'heal.repair_started')) AS attempts,
       json_extract(finish.data, '$.reason') AS reason,
       json_extract(heal.data, '$.by.principal') AS requester,
       heal.actor, heal.time AS started, finish.time AS ended
FROM entries AS first
JOIN audit_events AS heal ON heal.seq = first.seq
JOIN entries AS latest ON latest.seq =
  (SELECT e.seq FROM entries AS e WHERE e.stream = first.stream AND e.type IN ('heal.triggered', 'heal.repair_started',
     'heal.certification_started', 'heal.retry_scheduled', 'heal.completed', 'heal.exhausted')
   ORDER BY e.version DESC LIMIT 1)
LEFT JOIN audit_events AS finish
  ON finish.seq = latest.seq AND latest.type IN ('heal.completed', 'heal.exhausted')
WHERE first.type = 'heal.triggered';

CREATE VIEW audit_certificates AS
SELECT event.seq, event.heal_id, event.engine, json_extract(event.data, '$.attempt') AS attempt, event.time,
       replace(json_extract(event.data, '$.plan_digest'), 'sha256:', '') AS plan_sha256,
       coalesce(json_extract(event.data, '$.evidence'), json_extract(event.data, '$.blob')) AS evidence
FROM audit_events AS event
WHERE event.type = 'heal.certified';
)sql";

}  // namespace autoheal::store
