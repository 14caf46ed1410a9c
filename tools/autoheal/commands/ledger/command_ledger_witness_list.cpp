// ledger witness list: who they are, and what each of them saw last.
#include "autoheal/store/signing/witnesses.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/output/table.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* list_note = R"(
Asked and said: when the running daemon last asked the witness, and what came of it, if `witnesses:` says where it is.
)";

Result<Table> table_of_witnesses(const store::LedgerReader& ledger, std::map<std::string, AskedWitness> asked) {
  Table table{{"witness", "saw_entries", "at", "asked", "said", "added", "added_by", "key"}, {}};
  const auto witnesses = store::witnesses_of(ledger);
  AUTOHEAL_TRY(witnesses);
  for (const store::Witness& witness : *witnesses) {
    const auto seen = store::newest_head_of(ledger, witness.key);
    AUTOHEAL_TRY(seen);
    const auto time = [&] { return Timestamp(std::chrono::seconds(static_cast<std::int64_t>((*seen)->unix_s))); };
    const AskedWitness& of_daemon = asked[witness.key.text()];
    table.rows.push_back({witness.key.name(), *seen ? std::to_string((*seen)->checkpoint.size) : "nothing",
                          *seen ? format_timestamp_ms(time()) : "",
                          of_daemon.asked ? format_timestamp_ms(*of_daemon.asked) : "", of_daemon.said,
                          format_timestamp_ms(witness.added), witness.added_by, witness.key.text()});
  }
  return table;
}

int run_ledger_witness_list(const Session& session) {
  const auto ledger = store::LedgerReader::open(session.configuration.settings.ledger);
  if (!ledger) return session.fail(ledger.error());
  const auto table = table_of_witnesses(**ledger, asked_witnesses(session.configuration));
  if (!table) return session.fail(table.error());
  if (table->rows.empty() && session.options.output == OutputFormat::text) {
    session.console.note("there is no witness: `autoheal ledger witness add KEY` adds one");
    return exit_done;
  }
  print(session.console, *table, session.options.output);
  return exit_done;
}

}  // namespace

void add_ledger_witness_list(CommandLine& line) {
  auto command = line.add("ledger witness list", "the witnesses, and the largest head that each of them cosigned",
                          Needs::record, run_ledger_witness_list);
  command.footer(list_note);
}

}  // namespace autoheal::cli
