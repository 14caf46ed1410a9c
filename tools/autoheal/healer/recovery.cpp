#include "tools/autoheal/healer/recovery.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "autoheal/replay/text/timeline.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

Recovery::Recovery(HealerParts& parts, workflows::AutoHealTrigger& trigger, const Archiving& archiving)
    : parts_(parts), trigger_(trigger), archiving_(archiving) {
  parts_.runtime->runner().hooks.set_aside = [this](const std::string& stream, const Error& error) {
    parts_.console.note(fmt::format("autoheal: {} is set aside: {}{}", stream, parts_.secrets.mask(error.message),
                                    error.hint.empty() ? "" : "; " + error.hint));
    set_aside_.push_back(stream);
    parts_.figures.set_aside();
  };
}

asio::awaitable<Result<void>> Recovery::recover() {
  AUTOHEAL_CO_TRY(co_await parts_.runtime->recover_in_turns());
  const auto open = parts_.ledger->open_streams();
  AUTOHEAL_CO_TRY(open);
  for (const std::string& stream : *open) {
    if (parts_.runtime->runner().state<workflows::Heal>(stream) != nullptr) recovered_.push_back(stream);
  }
  trigger_.adopt_recovered(recovered_);
  under_way_ = false;
  recovered_now_.cancel();
  co_return Result<void>();
}

asio::awaitable<void> Recovery::until_recovered() {
  if (under_way_) (void)co_await recovered_now_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> Recovery::finish() {
  for (const std::string& heal : recovered_) {
    const auto* state = parts_.runtime->runner().state<workflows::Heal>(heal);
    if (state == nullptr) continue;  // it ended while an earlier one was waited for
    co_await trigger_.wait_for(state->request->engine, heal);
  }
  for (const std::string& heal : recovered_) {
    if (auto result = result_of_ended(heal)) results_.push_back(std::move(*result));
  }
}

std::optional<workflows::HealResult> Recovery::result_of_ended(const std::string& heal) const {
  const auto timeline = replay::timeline_of(heal, *parts_.ledger, *parts_.vault);
  if (!timeline) return std::nullopt;
  return workflows::result_of(timeline->state, heal);
}

asio::awaitable<Result<workflows::HealState>> Recovery::roll_back_again(std::string heal, workflows::By by) {
  using Outcome = Result<workflows::HealState>;
  if (archiving_.is_under_way())
    co_return Outcome(failure(ErrorKind::busy, "entries are being archived at this moment", "try again later"));
  const auto before = replay::timeline_of(heal, *parts_.ledger, *parts_.vault);
  if (!before) co_return Outcome(std::unexpected(before.error()));
  const auto is_left = [](const auto& item) {
    return item.second.status == workflows::UndoStatus::foreign || item.second.status == workflows::UndoStatus::failed;
  };
  const auto& attempt = before->state.attempt;
  const bool something_is_left = attempt && std::ranges::any_of(attempt->undone, is_left);
  if (before->state.exhausted() == nullptr || !something_is_left) {
    co_return Outcome(
        failure(ErrorKind::failed, fmt::format("heal {} left nothing to roll back", heal), "autoheal show " + heal));
  }
  const auto begun = co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<std::string>)>(
      [this, &heal, &by](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        parts_.runtime->runner().reopen<workflows::Heal>(
            heal, workflows::RetryRollback{by}, [this, shared](Result<std::string> stream) {
              asio::dispatch(parts_.loop,
                             [shared, stream = std::move(stream)]() mutable { (*shared)(std::move(stream)); });
            });
      },
      asio::use_awaitable);
  if (!begun) co_return Outcome(std::unexpected(begun.error()));
  co_return co_await parts_.runtime->finished<workflows::Heal>(heal);
}

}  // namespace autoheal::cli
