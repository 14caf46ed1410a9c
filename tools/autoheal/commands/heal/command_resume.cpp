// resume: finishes the heals that an interrupted process left open.
#include <boost/asio/awaitable.hpp>

#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/heal/printed_heal.hpp"
#include "tools/autoheal/commands/parts/heal_progress.hpp"
#include "tools/autoheal/healer/healer.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

int run_resume(const Session& session) {
  if (const int refused = session.require(workflows::Permission::heal, "resume heals"); refused != exit_done)
    return refused;
  auto healer = Healer::open(session.configuration, session.console);
  if (!healer) return session.fail(healer.error());
  (*healer)->show_progress([&] { return heal_progress((*healer)->services()); });
  Recovery& recovery = *(*healer)->services().recovery;
  return (*healer)->run([&]() -> boost::asio::awaitable<int> {
    const bool all_read = recovery.set_aside().empty();
    if (recovery.recovered().empty() && all_read) session.console.note("no heal is open");
    co_await recovery.finish();
    int code = all_read ? exit_done : exit_failed;
    for (const auto& result : recovery.results()) {
      print_heal_result(session, result);
      if (result.ending != workflows::HealEnding::certified) code = exit_failed;
    }
    co_return code;
  });
}

}  // namespace

void add_resume(CommandLine& line) {
  line.add("resume", "finish the heals that an interrupted process left open", Needs::configuration, run_resume);
}

}  // namespace autoheal::cli
