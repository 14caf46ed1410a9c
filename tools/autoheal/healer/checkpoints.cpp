#include "tools/autoheal/healer/checkpoints.hpp"

#include <fmt/core.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "autoheal/engine/base/placeholders.hpp"
#include "autoheal/store/file/posix_file.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

constexpr Duration sign_after = std::chrono::milliseconds(500);  // a storm of heals is one signature

workflows::RunRequest request_of(const workflows::ProgramRun& command, const std::string& file) {
  workflows::RunRequest request{.run = command, .mark = {}};
  fill_in(request.run.argv, "{checkpoint}", file);
  return request;
}

Error key_changes() { return {ErrorKind::busy, "the signing key is being changed", "try again"}; }

}  // namespace

Result<std::unique_ptr<Checkpoints>> Checkpoints::create(const std::string& ledger_path, CheckpointPorts ports) {
  std::unique_ptr<Checkpoints> made(new Checkpoints(std::move(ports)));
  auto timer = engine::BootTimer::create(made->ports_.loop, made->ports_.clock);
  AUTOHEAL_TRY(timer);
  made->timer_ = std::move(*timer);
  made->timer_->due = [self = made.get()] {
    self->waits_ = false;
    asio::co_spawn(self->ports_.loop, self->sign_in_time(), asio::detached);
  };
  auto signer = store::CheckpointSigner::open(ledger_path, made->ports_.settings().key, made->ports_.ledger,
                                              made->ports_.randomness);
  if (signer) {
    made->signer_ = std::move(*signer);
    made->committed();  // what an earlier process left unsigned
  } else if (signer.error().kind == ErrorKind::not_found) {
    made->why_not_ = signer.error().message;
    made->tell_once(signer.error());
  } else {
    return std::unexpected(std::move(signer.error()));
  }
  return made;
}

void Checkpoints::committed() {
  if (waits_ || signer_ == nullptr) return;
  waits_ = true;
  timer_->set(ports_.clock.since_boot() + sign_after);
}

asio::awaitable<void> Checkpoints::sign_in_time() {
  const bool elsewhere = !ports_.ledger.problem_of_place().empty();  // told by who looks for it
  if (signing_ || paused_ || elsewhere) {
    committed();
    co_return;
  }
  const auto done = co_await sign();
  if (!done) tell_once(done.error());
}

asio::awaitable<void> Checkpoints::nobody_signs() {
  while (signing_) {
    boost::system::error_code woken;
    co_await signed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

asio::awaitable<Result<void>> Checkpoints::pause() {
  if (paused_) co_return std::unexpected(key_changes());
  paused_ = true;
  co_await nobody_signs();
  co_return Result<void>();
}

asio::awaitable<Result<void>> Checkpoints::sign() {
  if (signer_ == nullptr) co_return failure(ErrorKind::unavailable, why_not_);
  co_await nobody_signs();
  if (paused_) co_return std::unexpected(key_changes());
  // A signed head is noted beside the ledger itself, not beside a file that lies in its place now.
  if (std::string problem = ports_.ledger.problem_of_place(); !problem.empty())
    co_return failure(ErrorKind::unavailable, std::move(problem));
  const auto head = signer_->next(ports_.ledger);
  AUTOHEAL_CO_TRY(head);
  if (!*head) co_return Result<void>();
  signing_ = true;
  auto on_pool = [this, head = **head]() -> asio::awaitable<Result<store::StoredCheckpoint>> {
    co_return signer_->sign(head);
  };
  const auto checkpoint = co_await asio::co_spawn(ports_.pool, std::move(on_pool), asio::use_awaitable);
  signing_ = false;
  signed_.cancel();
  AUTOHEAL_CO_TRY(checkpoint);
  if (auto done = ports_.ledger.keep_checkpoint(*checkpoint); !done) co_return done;
  if (kept) kept();
  auto away = [this, checkpoint = *checkpoint]() -> asio::awaitable<Result<void>> { co_return publish(checkpoint); };
  co_return co_await asio::co_spawn(ports_.pool, std::move(away), asio::use_awaitable);
}

void Checkpoints::sign_last() {
  if (signer_ == nullptr) return;
  const auto checkpoint = signer_->sign_now(ports_.ledger);
  if (!checkpoint) return tell_once(checkpoint.error());
  if (!*checkpoint) return;
  if (auto away = publish(**checkpoint); !away) tell_once(away.error());
}

// The checkpoint is made and kept by now; that it could not be carried away is told, and the next one is tried again.
Result<void> Checkpoints::publish(const store::StoredCheckpoint& checkpoint) const {
  const config::CheckpointsSpec settings = ports_.settings();
  if (settings.file.empty()) return {};
  if (auto written = store::replace_file(settings.file, checkpoint.note, 0644); !written) return written;
  if (!settings.command) return {};
  const workflows::RunRequest request = request_of(*settings.command, settings.file);
  const workflows::RunOutcome outcome = ports_.host.run(request);
  if (outcome.started && !outcome.timed_out && outcome.exit_code == 0) return {};
  const std::string how = !outcome.started    ? "did not start: " + outcome.message
                          : outcome.timed_out ? "was ended at its time limit"
                                              : fmt::format("ended with {}", outcome.exit_code);
  return failure(ErrorKind::failed, fmt::format("checkpoints.command {} {}", request.run.argv.front(), how),
                 "the checkpoint itself is in " + settings.file);
}

void Checkpoints::tell_once(const Error& error) {
  if (std::exchange(told_, error.message) == error.message) return;
  ports_.tell(fmt::format("warning: {}{}", error.message, error.hint.empty() ? "" : "\n  " + error.hint));
}

}  // namespace autoheal::cli
