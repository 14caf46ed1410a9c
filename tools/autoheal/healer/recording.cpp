#include "tools/autoheal/healer/recording.hpp"

#include "autoheal/engine/large_data.hpp"
#include "tools/autoheal/output/exit_code.hpp"

namespace autoheal::cli {

namespace {

// A lock that somebody holds for a moment may be gone by then; a disk that is full is not.
constexpr std::chrono::milliseconds patience_of_a_command{500};

}  // namespace

boost::asio::awaitable<Result<void>> Recording::record(engine::NewEntry entry) {
  auto data = engine::shorten(*parts_.vault, std::move(entry.data));
  AUTOHEAL_CO_TRY(data);
  entry.data = std::move(*data);
  const bool standing = entry.type.starts_with("engine.") || entry.type == "baseline.adopted";
  const auto status = co_await parts_.runtime->append("ledger", std::move(entry));
  if (status != engine::AppendStatus::ok)
    co_return failure(ErrorKind::unavailable, "the ledger could not be written", "autoheal doctor");
  if (standing) co_return in_force_.read_ledger();
  co_return Result<void>();
}

void Recording::failed(const std::string& why) {
  look_at_place();
  const std::string before = std::exchange(not_recorded_because_, parts_.secrets.mask(why));
  if (before != not_recorded_because_ && !give_up_ && ledger_elsewhere_.empty())
    parts_.console.note("autoheal: nothing can be recorded now: " + not_recorded_because_);
  if (before.empty() && give_up_) wait_for_the_ledger();
}

void Recording::committed() {
  if (std::exchange(not_recorded_because_, {}).empty()) return;
  patience_.cancel();
  if (!give_up_) parts_.console.note("autoheal: recording goes on");
}

// The heals that a command has begun are left open then, as where the process ends by itself; the next process goes on
// with them.
void Recording::wait_for_the_ledger() {
  patience_.expires_after(patience_of_a_command);
  patience_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled || closed_) return;
    parts_.console.end_progress();
    parts_.console.error({ErrorKind::unavailable, "nothing can be recorded: " + not_recorded_because_,
                          "make room for the ledger, or let go of it; `autoheal doctor` says more"},
                         exit_busy);
    give_up_();
  });
}

void Recording::look_at_place() {
  const std::string before = std::exchange(ledger_elsewhere_, parts_.secrets.mask(parts_.ledger->problem_of_place()));
  if (before == ledger_elsewhere_) return;
  if (before.empty()) parts_.figures.lost_lease();
  if (ledger_elsewhere_.empty()) {
    if (not_recorded_because_ == before) not_recorded_because_.clear();
    patience_.cancel();
    parts_.console.note("autoheal: the ledger is in its place again: healing goes on");
  } else {
    parts_.console.note("autoheal: nothing is healed: " + ledger_elsewhere_);
    if (give_up_) {
      not_recorded_because_ = ledger_elsewhere_;
      wait_for_the_ledger();
    }
  }
  if (place_changed) place_changed();
}

}  // namespace autoheal::cli
