// serve: the daemon, from its start to its end.
#include <malloc.h>
#include <sys/prctl.h>

#include <algorithm>

#include "tools/autoheal/commands/parts/commands.hpp"
#include "tools/autoheal/daemon/daemon.hpp"
#include "tools/host/process/inherited_bounds.hpp"
#include "tools/host/system/joined_names.hpp"

namespace autoheal::cli {

namespace {

bool starts_something(const workflows::EngineSpec& spec) {
  return spec.repair.service.has_value() || !spec.repair.commands.empty();
}

void tell_what_services_inherit(const std::vector<workflows::EngineSpec>& engines, Console& console) {
  if (std::ranges::none_of(engines, starts_something)) return;
  const auto bounds = host::inherited_bounds();
  if (bounds.empty()) return;
  console.note("warning: what a heal starts inherits what this daemon is bound by: " + host::joined_names(bounds) +
               "; tools/packaging/autoheal.service does without");
}

}  // namespace

int command_serve(const Options& options, Console& console, LoadedConfiguration configuration) {
  ::prctl(PR_SET_DUMPABLE, 0);  // what it knows of secrets stays out of core dumps and away from debuggers
  ::mallopt(M_ARENA_MAX, 2);    // one a thread would hold on to what each of them once needed
  const auto own = std::make_shared<LoadedConfiguration>(std::move(configuration));
  const Session session{options, console, *own};
  if (const int refused = session.require(workflows::Permission::heal, "run the daemon"); refused != exit_done)
    return refused;
  tell_what_services_inherit(own->settings.engines, console);
  auto healer = Healer::open(own, console);
  if (!healer) return session.fail(healer.error());
  const auto load_again = [&options]() -> Result<std::shared_ptr<LoadedConfiguration>> {
    auto loaded = load_configuration(options);
    AUTOHEAL_TRY(loaded);
    return std::make_shared<LoadedConfiguration>(std::move(*loaded));
  };
  auto daemon = Daemon::create(**healer, console, load_again);
  if (!daemon) return session.fail(daemon.error());
  return (*healer)->serve([&] { return (*daemon)->serve(); });
}

}  // namespace autoheal::cli
