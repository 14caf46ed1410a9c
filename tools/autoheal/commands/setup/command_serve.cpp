// serve: the daemon, from its start to its end.
#include <fmt/core.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/daemon/daemon.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/autoheal/session/unread_configuration.hpp"
#include "tools/host/process/inherited_bounds.hpp"
#include "tools/host/service/passed_sockets.hpp"
#include "tools/host/system/joined_names.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* serve_example = R"(
Tests run on schedule (`every:`) and at once when a watched file changes or a watched process ends.
SIGHUP reads the configuration again (an invalid one is rejected, the old one stays in force), SIGTERM ends it; open
heals go on at the next start. While it runs, the other commands reach it through <ledger>.sock.
)";

bool starts_something(const workflows::EngineSpec& spec) {
  return spec.repair.service.has_value() || !spec.repair.commands.empty();
}

void tell_what_services_inherit(const std::vector<workflows::EngineSpec>& engines, Console& console) {
  if (std::ranges::none_of(engines, starts_something)) return;
  const auto bounds = host::inherited_bounds();
  if (bounds.empty()) return;
  console.note(
      fmt::format("warning: what a heal starts inherits what this daemon is bound by: {}; "
                  "tools/packaging/starts-services.conf takes that off",
                  host::joined_names(bounds)));
}

int run_serve(const Session& start) {
  auto passed = host::passed_sockets(host::take_socket_variables(), ::getpid());
  if (!passed) return start.fail(passed.error());
  auto loaded = configuration_for(Needs::configuration, start.options, start.console);
  if (!loaded) return exit_configuration;
  ::prctl(PR_SET_DUMPABLE, 0);  // what it knows of secrets stays out of core dumps and away from debuggers
  ::mallopt(M_ARENA_MAX, 2);    // one a thread would hold on to what each of them once needed
  // The daemon keeps it for as long as it is in force, and no longer.
  const auto own = std::make_shared<LoadedConfiguration>(std::move(*loaded));
  const Session session{start.options, start.console, *own};
  if (const int refused = session.require(workflows::Permission::heal, "run the daemon"); refused != exit_done)
    return refused;
  tell_what_services_inherit(own->settings.engines, session.console);
  auto healer = Healer::open(own, session.console);
  if (!healer) return session.fail(healer.error());
  const auto load_again = [&start]() -> Result<std::shared_ptr<LoadedConfiguration>> {
    auto again = load_configuration(start.options);
    AUTOHEAL_TRY(again);
    return std::make_shared<LoadedConfiguration>(std::move(*again));
  };
  auto daemon = Daemon::create(**healer, session.console, load_again, std::move(*passed));
  if (!daemon) return session.fail(daemon.error());
  return (*healer)->serve([&] { return (*daemon)->serve(); });
}

}  // namespace

void add_serve(CommandLine& line) {
  line.add("serve", "the daemon: resumes open heals, watches, tests, heals, and answers the other commands",
           Needs::own_configuration, run_serve)
      .footer(serve_example);
}

}  // namespace autoheal::cli
