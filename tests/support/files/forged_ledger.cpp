#include "tests/support/files/forged_ledger.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <fstream>
#include <vector>

#include "autoheal/store/format/checkpoint.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/ledger/entry_queries.hpp"
#include "autoheal/store/ledger/tiles.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"

namespace autoheal::testing {

namespace {

std::vector<std::uint64_t> numbers(const SQLite::Database& database, const std::string& sql) {
  std::vector<std::uint64_t> found;
  SQLite::Statement select(database, sql);
  while (select.executeStep()) found.push_back(static_cast<std::uint64_t>(select.getColumn(0).getInt64()));
  return found;
}

std::string id_of(SQLite::Database& database) {
  return database.execAndGet("SELECT value FROM meta WHERE name = 'id'").getString();
}

void make_dense(SQLite::Database& database) {
  database.exec(R"sql(
    CREATE TEMP TABLE dense AS
      SELECT row_number() OVER (ORDER BY seq) AS new_seq, stream,
             row_number() OVER (PARTITION BY stream ORDER BY seq) AS new_version,
             type, dataversion, time, actor, engine, data FROM entries;
    DELETE FROM entries;
    INSERT INTO entries SELECT * FROM dense;
    DROP TABLE dense;
    UPDATE open_streams SET since = (SELECT seq FROM entries AS e WHERE e.stream = open_streams.stream AND version = 1)
      WHERE EXISTS (SELECT 1 FROM entries AS e WHERE e.stream = open_streams.stream);
    DELETE FROM open_streams WHERE stream NOT IN (SELECT stream FROM entries);
  )sql");
}

}  // namespace

void forge_hashes(const std::filesystem::path& ledger, bool renumber) {
  SQLite::Database database(ledger.string(), SQLite::OPEN_READWRITE);
  SQLite::Transaction transaction(database);
  if (renumber) make_dense(database);
  const std::string id = id_of(database);
  const auto commits = numbers(database, "SELECT size FROM roots ORDER BY size");
  database.exec("DELETE FROM tiles; DELETE FROM roots");
  store::TreeWriter tree(database, store::GrowingTree());
  store::EntryQueries queries(database, {});
  engine::Position done;
  const engine::Position head = queries.head();
  auto commit = commits.begin();
  while (done < head) {
    for (const engine::Entry& entry : queries.read_unchecked(done, head, 1000)) {
      tree.append(store::leaf_line(id, entry));
      done = entry.position;
      while (commit != commits.end() && *commit < done.value) ++commit;
      if (done < head && (commit == commits.end() || *commit != done.value)) continue;
      tree.write();
      tree.keep();
    }
  }
  transaction.commit();
}

void forge_signatures(const std::filesystem::path& ledger, const store::SigningKey& key) {
  SQLite::Database database(ledger.string(), SQLite::OPEN_READWRITE);
  const std::string origin = store::origin_of(id_of(database));
  database.exec("DELETE FROM checkpoints WHERE size > (SELECT max(size) FROM roots)");
  if (database.execAndGet("SELECT count(*) FROM checkpoints").getInt() == 0)
    database.exec("INSERT INTO checkpoints SELECT max(size), '' FROM roots");
  const store::TileHashes hashes(database, ledger);
  store::Checkpoint newest;
  for (const std::uint64_t size : numbers(database, "SELECT size FROM checkpoints ORDER BY size")) {
    newest = {origin, {size, *store::root_of(hashes, size)}};
    SQLite::Statement update(database, "UPDATE checkpoints SET note = ? WHERE size = ?");
    update.bind(1, *store::sign_checkpoint(key, origin, newest.head));
    update.bind(2, static_cast<std::int64_t>(size));
    update.exec();
  }
  std::ofstream(ledger.string() + ".signed") << store::checkpoint_body(newest);
}

}  // namespace autoheal::testing
