#include <unistd.h>

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <system_error>

#include "tools/autoheal/commands/command_table.hpp"
#include "tools/autoheal/first_process.hpp"
#include "tools/autoheal/jobs/job_process.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/autoheal/session/unread_configuration.hpp"
#include "tools/database/database_worker.hpp"
#include "tools/host/process/drain_worker.hpp"
#include "tools/host/process/output_drain.hpp"

namespace {

using namespace autoheal;
using namespace autoheal::cli;

int run(const Parsed& chosen, Console& console) {
  if (chosen.needs == Needs::nothing || chosen.needs == Needs::own_configuration) {
    const LoadedConfiguration nothing = nothing_loaded();
    return chosen.run({chosen.options, console, nothing});
  }
  const auto configuration = configuration_for(chosen.needs, chosen.options, console);
  if (!configuration) return exit_configuration;
  const Session session{chosen.options, console, *configuration, principal_of_job(*configuration)};
  if (chosen.needs == Needs::record || chosen.needs == Needs::record_and_configuration) {
    if (const int refused = session.require(workflows::Permission::read, "read the ledger"); refused != exit_done)
      return refused;
  }
  return chosen.run(session);
}

// A shortage of the system is nobody's mistake: it may be over the next time.
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

// Our parent may have ignored the end of children, which would then be reaped before anybody learned how they ended; or
// blocked the signals that are to end us.
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
    CommandLine line;
    add_commands(line);
    const Parsed parsed = line.parse(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    Console console(parsed.options.output, parsed.options.color);
    const int code = run(parsed, console);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    std::cerr << "autoheal: not all output could be written to stdout\n";
    return exit_internal;
  } catch (const std::exception& exception) {
    return exit_code_of_exception(exception);
  }
}
