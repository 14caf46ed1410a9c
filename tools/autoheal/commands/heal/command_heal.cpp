// heal, resume, cancel, rollback, and the brakes: hold, unhold, reset.
#include <boost/asio/awaitable.hpp>

#include "tools/autoheal/commands/heal/dry_run.hpp"
#include "tools/autoheal/commands/parts/commands.hpp"
#include "tools/autoheal/commands/parts/heal_progress.hpp"
#include "tools/autoheal/commands/parts/performed.hpp"
#include "tools/autoheal/commands/parts/test_result.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"
#include "tools/autoheal/healer/healer.hpp"
#include "tools/autoheal/output/heal_text.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

void print(const Session& session, const workflows::HealResult& result) {
  if (session.console.json()) return session.console.data(to_json(result, true));
  session.console.data(line_of(session.console, result));
  for (const std::string& line : lines_below(result)) session.console.data("   " + line);
}

int print_heal(const Session& session, const std::string& answer) {
  const auto result = read_heal_answer(answer);
  if (!result) return session.fail(result.error());
  if (!*result) {
    session.console.note(session.options.engine + " passes its self-test: there is nothing to heal");
    return exit_done;
  }
  print(session, **result);
  if (!session.console.json() && !(*result)->heal.empty())
    session.console.note("  more: autoheal show " + (*result)->heal);
  return exit_code_of(**result);
}

int print_said(const Session& session, const std::string& answer) {
  const auto sentence = read_said(answer);
  if (!sentence) return session.fail(sentence.error());
  session.console.note(*sentence);
  return exit_done;
}

// The engine that a brake is for: one, or all of them (empty).
Result<std::string> engine_of_brake(const Session& session) {
  const Options& options = session.options;
  if (options.all_engines == !options.engine.empty()) {
    return failure(ErrorKind::invalid, "expected the name of an engine, or --all",
                   "for example: autoheal " + options.command + " --all");
  }
  return options.engine;
}

int brake(const Session& session, const std::string& operation, OperationBody body) {
  auto engine = engine_of_brake(session);
  if (!engine) return session.fail(engine.error());
  body.engine = std::move(*engine);
  return perform_operation(session, operation, std::move(body),
                           [&session](const std::string& answer) { return print_said(session, answer); });
}

}  // namespace

int command_heal(const Session& session) {
  const Options& options = session.options;
  if (options.dry_run) {
    if (const int refused = session.require(workflows::Permission::heal, "heal"); refused != exit_done) return refused;
    const auto spec = named_engine(session);
    return spec ? dry_run(session, **spec) : session.fail(spec.error());
  }
  if (options.error && !options.test_result_file.empty())
    return session.fail({ErrorKind::invalid, "--test-result and --error exclude each other", {}});
  OperationBody body;
  body.engine = options.engine;
  body.error = options.error;
  if (!options.test_result_file.empty()) {
    auto told = read_test_result(options.test_result_file, options.engine);
    if (!told) return session.fail(told.error());
    body.error = std::move(*told);
  }
  return perform_operation(session, "heal", std::move(body),
                           [&session](const std::string& answer) { return print_heal(session, answer); });
}

int command_resume(const Session& session) {
  if (const int refused = session.require(workflows::Permission::heal, "resume heals"); refused != exit_done)
    return refused;
  auto healer = Healer::open(session.configuration, session.console);
  if (!healer) return session.fail(healer.error());
  (*healer)->show_progress([&] { return heal_progress((*healer)->services()); });
  Recovery& recovery = *(*healer)->services().recovery;
  return (*healer)->run([&]() -> asio::awaitable<int> {
    const bool all_read = recovery.set_aside().empty();
    if (recovery.recovered().empty() && all_read) session.console.note("no heal is open");
    co_await recovery.finish();
    int code = all_read ? exit_done : exit_failed;
    for (const auto& result : recovery.results()) {
      print(session, result);
      if (result.ending != workflows::HealEnding::certified) code = exit_failed;
    }
    co_return code;
  });
}

int command_cancel(const Session& session) {
  OperationBody body;
  body.heal = session.options.heal;
  return perform_operation(session, "cancel", std::move(body), [&session](const std::string& answer) {
    const auto result = read_heal_answer(answer);
    if (!result || !*result) return session.fail(result ? Error{ErrorKind::corrupt, "no answer", {}} : result.error());
    print(session, **result);
    return static_cast<int>(exit_done);
  });
}

int command_rollback(const Session& session) {
  OperationBody body;
  body.heal = session.options.heal;
  return perform_operation(session, "rollback", std::move(body), [&session](const std::string& answer) {
    const auto undone = read_undo_answer(answer);
    if (!undone) return session.fail(undone.error());
    int code = exit_done;
    for (const UndoLine& line : *undone) {
      if (line.status == "foreign" || line.status == "failed") code = exit_failed;
      session.console.data("change " + std::to_string(line.number) + ": " + line.status +
                           (line.message.empty() ? "" : ", " + line.message));
    }
    return code;
  });
}

int command_hold(const Session& session) {
  OperationBody body;
  if (!session.options.hold_for.empty()) {
    const auto time = parse_age(session.options.hold_for);
    if (!time) {
      return session.fail({ErrorKind::invalid, "\"" + session.options.hold_for + "\" is not a time to hold",
                           "expected for example 30m, 2h or 1d"});
    }
    body.for_us = time->count();
  }
  return brake(session, "hold", std::move(body));
}

int command_unhold(const Session& session) { return brake(session, "unhold", {}); }

int command_reset(const Session& session) { return brake(session, "reset", {}); }

}  // namespace autoheal::cli
