// serve: the daemon, from its start to its end.
#include "tools/autoheal/commands.hpp"
#include "tools/autoheal/daemon.hpp"

namespace autoheal::cli {

int command_serve(const Session& session) {
  if (const int refused = session.require(workflows::Permission::heal, "run the daemon"); refused != exit_done)
    return refused;
  auto healer = Healer::open(session.configuration, session.console);
  if (!healer) return session.fail(healer.error());
  const auto load_again = [&session]() -> Result<ConfigurationPtr> {
    auto loaded = load_configuration(session.options);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    return std::make_shared<const LoadedConfiguration>(std::move(*loaded));
  };
  auto daemon = Daemon::create(**healer, session.console, load_again);
  if (!daemon) return session.fail(daemon.error());
  return (*healer)->serve([&] { return (*daemon)->serve(); });
}

}  // namespace autoheal::cli
