#include "autoheal/store/ledger/ledger_upgrade.hpp"

#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/ledger/entry_queries.hpp"
#include "autoheal/store/ledger/ledger_tables.hpp"
#include "autoheal/store/ledger/tiles.hpp"

namespace autoheal::store {

namespace {

constexpr std::size_t entries_at_once = 10'000;

// Version 2: the tree over what was appended before there was one. Its leaves are what `ledger export` always printed,
// so an export of the old ledger has the same root.
void grow_tree(SQLite::Database& database, const std::string& ledger_id) {
  database.exec(ledger_tree);
  TreeWriter tree(database, GrowingTree());
  EntryQueries queries(database, {});
  const engine::Position head = queries.head();
  auto entries = queries.read_all({}, head, entries_at_once);
  while (!entries.empty()) {
    for (const engine::Entry& entry : entries) tree.append(leaf_line(ledger_id, entry));
    tree.write();
    tree.keep();
    entries = queries.read_all(entries.back().position, head, entries_at_once);
  }
}

}  // namespace

void create_tables(SQLite::Database& database) {
  database.exec(ledger_tables);
  database.exec(ledger_tree);
  database.exec(ledger_indexes);
  database.exec(ledger_views);
}

void upgrade_ledger(SQLite::Database& database, LedgerMeta& meta) {
  if (meta.version == ledger_schema_version) return;
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  grow_tree(database, meta.id);
  database.exec(ledger_indexes);
  database.exec(ledger_views);
  database.exec("UPDATE meta SET value = " + std::to_string(ledger_schema_version) + " WHERE name = 'schema_version'");
  transaction.commit();
  meta.version = ledger_schema_version;
}

}  // namespace autoheal::store
