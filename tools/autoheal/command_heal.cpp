#include <boost/asio/awaitable.hpp>

#include "tools/autoheal/commands.hpp"
#include "tools/autoheal/dry_run.hpp"
#include "tools/autoheal/heal_progress.hpp"
#include "tools/autoheal/heal_text.hpp"
#include "tools/autoheal/healer.hpp"
#include "tools/autoheal/test_result.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

void print(const Session& session, const workflows::HealResult& result) {
  session.console.data(session.console.json() ? to_json(result, true) : line_of(session.console, result));
}

std::string where_to_look(const workflows::HealResult& result) {
  return result.heal.empty() ? std::string() : "autoheal show " + result.heal;
}

// What failed: as the caller says, else as the self-test says. Empty: nothing failed.
Result<std::string> find_failure(const Session& session, Healer& healer, const workflows::EngineSpec& spec) {
  if (session.options.error) return *session.options.error;
  if (!session.options.test_result_file.empty()) return read_test_result(session.options.test_result_file, spec.name);
  const auto tested =
      workflows::test_engine(healer.surroundings(), spec, healer.ledger().id() + "/selftest/" + spec.name + "/0")
          .tested;
  if (tested.outcome == workflows::TestOutcome::unknown)
    return failure(ErrorKind::failed, "the self-test of " + spec.name + " could not be made: " + tested.error);
  return tested.error;
}

asio::awaitable<int> heal_it(const Session& session, Healer& healer, const workflows::EngineSpec& spec) {
  const auto failed = find_failure(session, healer, spec);
  if (!failed && failed.error().kind == ErrorKind::failed) {
    workflows::HealResult never;
    never.engine = spec.name;
    never.error = failed.error().message;
    print(session, never);
    co_return exit_failed;
  }
  if (!failed) co_return session.fail(failed.error());
  const bool asked = session.options.error || !session.options.test_result_file.empty();
  if (!asked && failed->empty()) {
    session.console.note(spec.name + " passes its self-test: there is nothing to heal");
    co_return exit_done;
  }
  workflows::TestFailure test_failure;  // named: g++ 12 destroys braced temporaries of a co_await twice
  test_failure.error = healer.surroundings().mask(*failed);
  test_failure.asked_for = true;
  workflows::By by = session.by();
  by.reason = healer.surroundings().mask(by.reason);
  const workflows::HealResult result =
      co_await healer.trigger().heal_engine(spec.name, std::move(test_failure), std::move(by));
  print(session, result);
  if (!session.console.json() && !result.heal.empty()) session.console.note("  more: " + where_to_look(result));
  co_return exit_code_of(result);
}

}  // namespace

int command_heal(const Session& session) {
  if (const int refused = session.require(workflows::Permission::heal, "heal"); refused != exit_done) return refused;
  const workflows::EngineSpec* spec = session.configuration.find(session.options.engine);
  if (spec == nullptr) {
    std::vector<std::string> names;
    for (const auto& engine : session.configuration.settings.engines) names.push_back(engine.name);
    const std::string meant = config::did_you_mean(session.options.engine, names);
    return session.fail(
        {ErrorKind::not_found,
         "there is no engine \"" + session.options.engine + "\" in " + session.configuration.settings.file,
         meant.empty() ? "`autoheal engines` lists them" : meant});
  }
  if (session.options.dry_run) return dry_run(session, *spec);
  // Bad input is told before anything is opened.
  if (session.options.test_result_file == "-" || !session.options.test_result_file.empty()) {
    if (session.options.error)
      return session.fail({ErrorKind::invalid, "--test-result and --error exclude each other", {}});
  }
  auto healer = Healer::open(session.configuration, session.console);
  if (!healer) return session.fail(healer.error());
  (*healer)->progress = [&] { return heal_progress(**healer); };
  return (*healer)->run([&] { return heal_it(session, **healer, *spec); });
}

int command_resume(const Session& session) {
  if (const int refused = session.require(workflows::Permission::heal, "resume heals"); refused != exit_done)
    return refused;
  auto healer = Healer::open(session.configuration, session.console);
  if (!healer) return session.fail(healer.error());
  (*healer)->progress = [&] { return heal_progress(**healer); };
  return (*healer)->run([&]() -> asio::awaitable<int> {
    const std::size_t open = (*healer)->recovered().size();
    if (open == 0) session.console.note("no heal is open");
    co_await (*healer)->finish_recovered();
    int code = exit_done;
    for (const auto& result : (*healer)->recovered_results()) {
      print(session, result);
      if (result.ending != workflows::HealEnding::certified) code = exit_failed;
    }
    co_return code;
  });
}

int command_cancel(const Session& session) {
  if (const int refused = session.require(workflows::Permission::heal, "cancel heals"); refused != exit_done)
    return refused;
  auto healer = Healer::open(session.configuration, session.console);
  if (!healer) return session.fail(healer.error());
  return (*healer)->run([&]() -> asio::awaitable<int> {
    const auto heal = find_heal((*healer)->ledger(), session.options.heal);
    if (!heal) co_return session.fail(heal.error());
    const auto* state = (*healer)->runtime().runner().state<workflows::Heal>(*heal);
    if (state == nullptr)
      co_return session.fail(
          {ErrorKind::failed, "heal " + *heal + " has ended: there is nothing to cancel", "autoheal show " + *heal});
    (*healer)->runtime().runner().submit<workflows::Heal>(
        *heal, workflows::Cancel{workflows::EndReason::cancelled, session.by()});
    const std::string engine = state->engine;
    const workflows::HealResult result = co_await (*healer)->trigger().wait_for(engine, *heal);
    print(session, result);
    co_return exit_done;
  });
}

int command_rollback(const Session& session) {
  if (const int refused = session.require(workflows::Permission::heal, "roll back heals"); refused != exit_done)
    return refused;
  auto healer = Healer::open(session.configuration, session.console);
  if (!healer) return session.fail(healer.error());
  return (*healer)->run([&]() -> asio::awaitable<int> {
    const auto heal = find_heal((*healer)->ledger(), session.options.heal);
    if (!heal) co_return session.fail(heal.error());
    const auto state = co_await (*healer)->roll_back_again(*heal, session.by());
    if (!state) co_return session.fail(state.error());
    int code = exit_done;
    for (const auto& [number, outcome] : state->undone) {
      const bool left =
          outcome.status == workflows::UndoStatus::foreign || outcome.status == workflows::UndoStatus::failed;
      if (left) code = exit_failed;
      session.console.data("change " + std::to_string(number) + ": " + std::string(name_of(outcome.status)) +
                           (outcome.message.empty() ? "" : ", " + outcome.message));
    }
    co_return code;
  });
}

}  // namespace autoheal::cli
