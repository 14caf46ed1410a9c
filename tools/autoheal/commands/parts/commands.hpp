// The commands, one function each: everything is in the session, the exit code comes back. What needs no configuration
// takes no session.
#pragma once

#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

int command_selftest(const Session& session);
int command_heal(const Session& session);
int command_resume(const Session& session);
int command_cancel(const Session& session);
int command_rollback(const Session& session);
int command_hold(const Session& session);
int command_unhold(const Session& session);
int command_reset(const Session& session);
// Keeps the configuration for as long as it is in force.
int command_serve(const Options& options, Console& console, LoadedConfiguration configuration);
int command_heals(const Session& session);
int command_show(const Session& session);
int command_audit(const Session& session);
int command_audit_coverage(const Session& session);
int command_replay(const Session& session);
int command_replay_import(const Options& options, Console& console);
int command_diff(const Session& session);
int command_audit_summary(const Session& session);
int command_engines(const Session& session);
int command_explain(const Session& session);
int command_baseline_adopt(const Session& session);
int command_baseline_show(const Session& session);
int command_baseline_diff(const Session& session);
int command_baseline_manifest(const Options& options, Console& console);
int command_init(const Options& options, Console& console);
int command_config_check(const Session& session);
int command_config_show(const Session& session);
int command_doctor(const Session& session);
int command_ledger_export(const Session& session);
int command_ledger_verify(const Session& session);
int command_ledger_checkpoint(const Session& session);
int command_ledger_key(const Session& session);
int command_ledger_prove(const Session& session);
int command_ledger_check(const Options& options, Console& console);
int command_ledger_archive(const Session& session);
int command_ledger_stats(const Session& session);

}  // namespace autoheal::cli
