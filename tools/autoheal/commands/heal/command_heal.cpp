// heal: heals one engine now and waits for the outcome.
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/heal/dry_run.hpp"
#include "tools/autoheal/commands/heal/printed_heal.hpp"
#include "tools/autoheal/commands/heal/test_result.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"
#include "tools/autoheal/commands/parts/perform_operation.hpp"
#include "tools/autoheal/output/heal_text.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct HealOptions {
  std::string engine, test_result_file;
  std::optional<std::string> error;
  bool dry_run = false;
};

int print_heal(const Session& session, const HealOptions& options, const std::string& answer) {
  const auto result = read_heal_answer(answer);
  if (!result) return session.fail(result.error());
  if (!*result) {
    session.console.note(options.engine + " passes its self-test: there is nothing to heal");
    return exit_done;
  }
  print_heal_result(session, **result);
  if (!session.console.json() && !(*result)->heal.empty())
    session.console.note("  more: autoheal show " + (*result)->heal);
  return exit_code_of(**result);
}

// The failure that the options tell; nothing if the self-test is to say.
Result<std::optional<std::string>> told_error(const HealOptions& options) {
  if (options.test_result_file.empty()) return options.error;
  if (options.error) return failure(ErrorKind::invalid, "--test-result and --error exclude each other");
  auto told = read_test_result(options.test_result_file, options.engine);
  AUTOHEAL_TRY(told);
  return std::optional(std::move(*told));
}

int run_heal(const Session& session, const HealOptions& options) {
  if (options.dry_run) {
    if (const int refused = session.require(workflows::Permission::heal, "heal"); refused != exit_done) return refused;
  }
  auto error = told_error(options);
  if (!error) return session.fail(error.error());
  if (options.dry_run) {
    const auto spec = named_engine(session, options.engine);
    return spec ? dry_run(session, **spec, error->value_or(std::string())) : session.fail(spec.error());
  }
  OperationBody body;
  body.engine = options.engine;
  body.error = std::move(*error);
  return perform_operation(session, "heal", std::move(body),
                           [&](const std::string& answer) { return print_heal(session, options, answer); });
}

}  // namespace

void add_heal(CommandLine& line) {
  // A dry run looks at this host alone, so no daemon can stand in for an invalid configuration.
  const auto needs = [](const HealOptions& options) { return options.dry_run ? Needs::configuration : Needs::daemon; };
  auto [command, options] =
      line.add<HealOptions>("heal", "heal one engine now and wait for the outcome", needs, run_heal);
  add_engine_argument(command, options.engine).required();
  command.option(
      "--test-result", options.test_result_file, "FILE",
      "a test result as JSON {engine, action?, result?, error?}, or - for stdin; without it the self-test runs first");
  command.option("--error", options.error, "TEXT", "what failed, in your words, instead of a test result");
  command.flag("--dry-run", options.dry_run, "plan and preflight only: nothing is touched, nothing recorded");
}

}  // namespace autoheal::cli
