#include <unistd.h>

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <new>
#include <system_error>

#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/commands.hpp"
#include "tools/autoheal/first_process.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"
#include "tools/autoheal/session/unread_configuration.hpp"
#include "tools/config/describe_fields.hpp"
#include "tools/database/database_worker.hpp"
#include "tools/host/process/drain_worker.hpp"
#include "tools/host/process/output_drain.hpp"

namespace {

using namespace autoheal;
using namespace autoheal::cli;

int run(const Options& options, Console& console) {
  if (options.command == "config schema") {
    console.data(config::json_schema());
    return exit_done;
  }
  if (options.command == "config help") {
    console.data(options.markdown ? config::reference_page() : config::field_reference());
    return exit_done;
  }
  if (options.command == "init") return command_init(options, console);
  if (options.command == "baseline manifest") return command_baseline_manifest(options, console);
  if (options.command == "replay" && !options.import_file.empty()) return command_replay_import(options, console);
  if (options.command == "ledger check") return command_ledger_check(options, console);
  auto configuration = load_configuration(options);
  if (!configuration) {
    if (auto known = without_configuration(options, configuration.error())) configuration = std::move(*known);
  }
  if (!configuration) {
    console.error(configuration.error(), exit_configuration);
    return exit_configuration;
  }
  static const std::map<std::string, int (*)(const Session&)> commands = {
      {"selftest", command_selftest},
      {"heal", command_heal},
      {"resume", command_resume},
      {"cancel", command_cancel},
      {"rollback", command_rollback},
      {"hold", command_hold},
      {"unhold", command_unhold},
      {"reset", command_reset},
      {"heals", command_heals},
      {"show", command_show},
      {"audit", command_audit},
      {"audit coverage", command_audit_coverage},
      {"replay", command_replay},
      {"diff", command_diff},
      {"audit summary", command_audit_summary},
      {"engines", command_engines},
      {"explain", command_explain},
      {"baseline adopt", command_baseline_adopt},
      {"baseline show", command_baseline_show},
      {"baseline diff", command_baseline_diff},
      {"config check", command_config_check},
      {"config show", command_config_show},
      {"doctor", command_doctor},
      {"ledger export", command_ledger_export},
      {"ledger verify", command_ledger_verify},
      {"ledger checkpoint", command_ledger_checkpoint},
      {"ledger key", command_ledger_key},
      {"ledger prove", command_ledger_prove},
      {"ledger archive", command_ledger_archive},
      {"ledger stats", command_ledger_stats},
  };
  for (const std::string& warning : configuration->settings.warnings) console.note("warning: " + warning);
  if (only_reads(options)) {
    if (const auto elsewhere = daemon_without_ledger(configuration->settings.ledger))
      console.note("warning: " + elsewhere->message);
  }
  if (options.command == "serve") return command_serve(options, console, std::move(*configuration));
  return commands.at(options.command)({options, console, *configuration});
}

// What the system has no room for is nobody's mistake: it may be there the next time.
bool is_shortage(const std::exception& problem) {
  if (dynamic_cast<const std::bad_alloc*>(&problem) != nullptr) return true;
  int number = 0;
  if (const auto* ours = dynamic_cast<const std::system_error*>(&problem)) number = ours->code().value();
  if (const auto* of_boost = dynamic_cast<const boost::system::system_error*>(&problem))
    number = of_boost->code().value();
  return number == EMFILE || number == ENFILE || number == EAGAIN || number == ENOMEM || number == ENOSPC;
}

int exit_code_of_exception(const std::exception& problem) {
  if (!is_shortage(problem)) {
    std::cerr << "autoheal: internal error: " << problem.what() << "\n";
    return exit_internal;
  }
  std::cerr << "autoheal: the system has no room for this now: " << problem.what()
            << "\n  hint: see the limits of this user and service (ulimit -a, LimitNOFILE=, MemoryMax=, TasksMax=)\n";
  return exit_busy;
}

// Whoever started us may have ignored the end of children, which would then be reaped before anybody learned how they
// ended; or blocked the signals that are to end us.
void hear_signals() {
  std::signal(SIGCHLD, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  hear_signals();
  if (argc == 2 && argv[1] == host::drain_argument) return host::run_output_drain(STDIN_FILENO);
  if (argc == 3 && argv[1] == database::worker_argument) return database::run_database_worker(argv[2], STDOUT_FILENO);
  if (const auto code = reap_if_first_process()) return *code;
  try {
    const Parsed parsed = parse_command_line(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    Console console(parsed.options.output, parsed.options.color);
    const int code = run(parsed.options, console);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    std::cerr << "autoheal: not all output could be written to stdout\n";
    return exit_internal;
  } catch (const std::exception& exception) {
    return exit_code_of_exception(exception);
  }
}
