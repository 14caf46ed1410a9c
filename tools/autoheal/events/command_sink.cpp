#include "tools/autoheal/events/command_sink.hpp"

#include <fmt/core.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tools/host/process/process_runner.hpp"

namespace autoheal::cli {

namespace {

constexpr std::size_t output_limit_bytes = 4U << 10U;

Result<void> run(const workflows::ProgramRun& program, const std::string& mark, const workflows::OutgoingEvent& event) {
  workflows::RunRequest request;
  request.run = program;
  request.run.environment["AUTOHEAL_EVENT_ID"] = event.id;
  request.run.environment["AUTOHEAL_EVENT_TOPIC"] = event.topic;
  request.mark = mark + event.id;
  request.output_limit = output_limit_bytes;
  request.input = event.body + "\n";
  const auto ran = host::run_program(request);
  if (ran.started && !ran.timed_out && ran.exit_code == 0) return {};
  const std::string& name = program.argv.front();
  if (!ran.started || ran.timed_out || ran.exit_code >= 128)
    return failure(ErrorKind::failed, fmt::format("{}: {}", name, ran.message));
  return failure(ErrorKind::failed, fmt::format("{} ended with {}", name, ran.exit_code));
}

}  // namespace

boost::asio::awaitable<Result<void>> CommandSink::deliver(workflows::OutgoingEvent event, Timestamp) {
  auto on_its_thread = [program = run_, mark = mark_,
                        event = std::move(event)]() -> boost::asio::awaitable<Result<void>> {
    co_return run(program, mark, event);
  };
  co_return co_await boost::asio::co_spawn(thread_.get_executor(), std::move(on_its_thread),
                                           boost::asio::use_awaitable);
}

}  // namespace autoheal::cli
