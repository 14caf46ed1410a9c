#include "tools/autoheal/commands/command_table.hpp"

namespace autoheal::cli {

// One row a command, in the order of the help: add_NAME in a file of its own, command_NAME.cpp. Commands with the same
// first word share a folder. A group stands before its first command. A command adds those that share its options
// itself: `audit` adds `audit coverage`.
// clang-format off
#define AUTOHEAL_COMMANDS(group, row) \
  row(serve) \
  row(init) \
  row(selftest) \
  row(heal) \
  row(resume) \
  row(cancel) \
  row(rollback) \
  row(hold) \
  row(unhold) \
  row(reset) \
  row(heals) \
  row(show) \
  row(audit) \
  row(engines) \
  row(explain) \
  row(steward) \
  group(bus, "the Genesis bus: what happens, as events") \
  row(bus_tail) \
  group(webhook, "targets outside that are told the events of the bus") \
  row(webhook_list) \
  row(webhook_test) \
  row(webhook_redeliver) \
  row(replay) \
  row(diff) \
  group(baseline, "digests of files that certification compares an engine with") \
  row(baseline_adopt) \
  row(baseline_show) \
  row(baseline_diff) \
  row(baseline_manifest) \
  group(config, "check, show or describe the configuration") \
  row(config_check) \
  row(config_show) \
  row(config_schema) \
  row(config_help) \
  row(doctor) \
  group(ledger, "the Genesis ledger: integrity and evidence") \
  row(ledger_export) \
  row(ledger_checkpoint) \
  row(ledger_key) \
  row(ledger_prove) \
  row(ledger_check) \
  row(ledger_verify) \
  row(ledger_archive) \
  row(ledger_stats) \
  group(ledger witness, "who else says that they saw the ledger's head (C2SP tlog-cosignature)") \
  row(ledger_witness_add) \
  row(ledger_witness_list) \
  row(ledger_witness_remove) \
  row(ledger_witness_request) \
  row(ledger_witness_accept) \
  group(token, "bearer tokens for the API on TCP") \
  row(token_create) \
  row(token_list) \
  row(token_revoke) \
  row(token_rotate)
// clang-format on

#define AUTOHEAL_NOTHING(name, help)
#define AUTOHEAL_DECLARE(name) void add_##name(CommandLine& line);
AUTOHEAL_COMMANDS(AUTOHEAL_NOTHING, AUTOHEAL_DECLARE)

void add_commands(CommandLine& line) {
#define AUTOHEAL_GROUP(name, help) line.group(#name, help);
#define AUTOHEAL_ADD(name) add_##name(line);
  AUTOHEAL_COMMANDS(AUTOHEAL_GROUP, AUTOHEAL_ADD)
}

}  // namespace autoheal::cli
