// A healer that is killed at a chosen moment: `killed_heal committed|performed N autoheal.yaml ENGINE` heals ENGINE and
// dies (SIGKILL) right after its N-th commit, or when the outcome of what that commit led to is about to be taken.
// N = 0: lives, and prints how many commits it took. `killed_heal starved N ...` refuses its N-th allocation instead;
// with N = 0 it prints how many there are.
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/crash/starved_memory.hpp"
#include "tools/autoheal/healer/healer.hpp"
#include "tools/database/database_worker.hpp"
#include "tools/host/process/drain_worker.hpp"
#include "tools/host/process/output_drain.hpp"

int main(int argc, char** argv) {
  using namespace autoheal;
  if (argc == 2 && argv[1] == host::drain_argument) return host::run_output_drain(STDIN_FILENO);
  if (argc == 3 && argv[1] == database::worker_argument) return database::run_database_worker(argv[2], STDOUT_FILENO);
  if (argc != 5) return 64;
  const std::string moment = argv[1];
  const bool starved = moment == "starved";
  const unsigned die_after = starved ? 0 : static_cast<unsigned>(std::atoi(argv[2]));
  if (starved) testing::starve_at(static_cast<std::uint64_t>(std::atoll(argv[2])));
  cli::Options options;
  options.config_file = argv[3];
  const std::string engine = argv[4];
  cli::Console console(options.output, options.color);
  auto configuration = cli::load_configuration(options);
  if (!configuration) return 78;
  auto healer = cli::Healer::open(*configuration, console);
  if (!healer) return 6;
  std::atomic<unsigned> commits = 0;
  auto& hooks = (*healer)->services().parts.runtime->runner().hooks;
  hooks.committed = [&](engine::Position) {
    if (++commits == die_after && moment == "committed") raise(SIGKILL);
  };
  hooks.input_waits = [&, inner = hooks.input_waits] {
    if (die_after > 0 && commits >= die_after && moment == "performed") raise(SIGKILL);
    inner();
  };
  const int code = (*healer)->run([&]() -> boost::asio::awaitable<int> {
    workflows::TestFailure failure;
    failure.error = "it is broken";
    failure.asked_for = true;
    workflows::By by = cli::by(configuration->caller, configuration->principal, "");
    const auto result =
        co_await (*healer)->services().workflows->trigger().heal_engine(engine, std::move(failure), std::move(by));
    co_return result.ending == workflows::HealEnding::certified ? 0 : 1;
  });
  std::printf("%llu\n", starved ? static_cast<unsigned long long>(testing::allocations()) : commits.load());
  return code;
}
