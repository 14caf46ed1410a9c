// An archiver that is killed at a chosen moment: `killed_archive STEP N autoheal.yaml BEFORE` archives and dies
// (SIGKILL) when STEP (written, recorded, rows, dropped) is done for the N-th time. STEP none: lives.
#include <signal.h>

#include <cstdlib>
#include <string>

#include "tools/autoheal/healer/healer.hpp"
#include "tools/database/database_worker.hpp"

int main(int argc, char** argv) {
  using namespace autoheal;
  if (argc == 3 && argv[1] == database::worker_argument) return database::run_database_worker(argv[2], STDOUT_FILENO);
  if (argc != 5) return 64;
  const std::string chosen = argv[1];
  int left = std::atoi(argv[2]);
  cli::Options options;
  options.config_file = argv[3];
  cli::Console console(options.output, options.color);
  const auto before = parse_timestamp(argv[4]);
  auto configuration = cli::load_configuration(options);
  if (!configuration || !before) return 78;
  auto healer = cli::Healer::open(*configuration, console);
  if (!healer) return 6;
  cli::Archiving& archiving = *(*healer)->services().archiving;
  archiving.step_done = [&](std::string_view step) {
    if (step == chosen && --left == 0) raise(SIGKILL);
  };
  return (*healer)->run([&]() -> boost::asio::awaitable<int> {
    cli::ArchiveRequest request{*before, {}};
    workflows::By by = cli::by(configuration->caller, configuration->principal, "");
    const auto archived = co_await archiving.archive(std::move(request), std::move(by));
    co_return archived ? 0 : 1;
  });
}
