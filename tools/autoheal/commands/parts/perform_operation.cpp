#include "tools/autoheal/commands/parts/perform_operation.hpp"

#include <fmt/core.h>

#include "tools/autoheal/commands/parts/heal_progress.hpp"
#include "tools/autoheal/healer/kept_images.hpp"
#include "tools/autoheal/healer/operations.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"
#include "tools/autoheal/session/unread_configuration.hpp"

namespace autoheal::cli {

namespace {

int print_or_fail(const Session& session, const Result<std::string>& answer,
                  const std::function<int(const std::string&)>& print) {
  return answer ? print(*answer) : session.fail(answer.error());
}

std::optional<int> through_the_daemon(const Session& session, const std::string& operation, const OperationBody& body,
                                      const std::function<int(const std::string&)>& print) {
  for (const std::string& name : environment_that_differs(session.configuration)) {
    session.console.note(
        fmt::format("warning: {} is not what the daemon has in its environment: the daemon's counts", name));
  }
  session.console.progress("waiting for the daemon: " + operation);
  const auto answer = ask_daemon(session.configuration, operation, body);
  session.console.end_progress();
  if (!answer) return std::nullopt;
  return print_or_fail(session, *answer, print);
}

}  // namespace

int perform_operation(const Session& session, const std::string& operation, OperationBody body,
                      const std::function<int(const std::string& answer)>& print) {
  body.reason = session.options.reason;
  if (const auto code = through_the_daemon(session, operation, body, print)) return *code;
  if (session.configuration.unread) {
    session.console.error(roles_unknown(session.configuration), exit_configuration);
    return exit_configuration;
  }
  const auto [permission, what] = Operations::permission_of(operation);
  if (const int refused = session.require(permission, what); refused != exit_done) return refused;
  auto healer = Healer::open(session.configuration, session.console);
  if (!healer) return session.fail(healer.error());
  std::string run;
  OperationHooks hooks;
  hooks.self_test_began = [&run](const std::string& stream) { run = stream; };
  Operations operations((*healer)->services(), std::move(hooks));
  (*healer)->show_progress([&] { return heal_progress((*healer)->services(), run); });
  return (*healer)->run([&]() -> boost::asio::awaitable<int> {
    Requester who{session.configuration.principal, session.by()};
    std::string name = operation, request = to_json(body);
    const auto answer = co_await operations.perform(std::move(name), std::move(request), std::move(who));
    const int code = print_or_fail(session, answer, print);
    // Nobody stays for what others still write: it is named, and settled by the next command or the daemon.
    KeptImages kept((*healer)->services().workflows->leftovers(),
                    [&session](const std::string& sentence) { session.console.note("  " + sentence); });
    (void)co_await kept.settle();
    co_return code;
  });
}

int print_said(const Session& session, const std::string& answer) {
  const auto sentence = read_said(answer);
  if (!sentence) return session.fail(sentence.error());
  session.console.note(*sentence);
  return exit_done;
}

int print_nothing(const std::string&) { return exit_done; }

}  // namespace autoheal::cli
