#include "tools/autoheal/witness/witness_courier.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "autoheal/engine/random_number.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

// Only these have a body that counts.
bool needs_body(unsigned status) { return status == 200 || status == 409; }

}  // namespace

asio::awaitable<void> WitnessCourier::run() {
  wake_.emplace(co_await asio::this_coro::executor);
  course_.look(ports_.clock.since_boot());
  while (!stopped_) {
    const auto due = keeping_ ? std::optional<Duration>() : course_.due();
    if (due && *due <= ports_.clock.since_boot()) {
      co_await ask();
    } else {
      co_await rest(due);
    }
  }
  ended_ = true;
}

// Until that moment on the boot clock, or until something happens.
asio::awaitable<void> WitnessCourier::rest(std::optional<Duration> until) {
  if (until) {
    wake_->expires_after(std::max(Duration{0}, *until - ports_.clock.since_boot()));
  } else {
    wake_->expires_at(asio::steady_timer::time_point::max());
  }
  boost::system::error_code woken;
  co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

asio::awaitable<void> WitnessCourier::ask() {
  course_.begun();
  auto question = ports_.question(course_.seen());
  if (!question) co_return troubled(question.error());
  if (!*question || course_.has_cosigned((*question)->size)) co_return;
  std::string body = to_text((*question)->request);  // named: g++ 12 destroys temporaries of a co_await twice
  auto answer = co_await put(std::move(body));
  const auto* other = answer ? std::get_if<store::OtherOldSize>(&*answer) : nullptr;
  if (other != nullptr && course_.named(other->size, (*question)->request.old_size)) {
    question = ports_.question(other->size);
    if (!question) co_return troubled(question.error());
    if (!*question) co_return;
    body = to_text((*question)->request);
    answer = co_await put(std::move(body));
  }
  if (!answer) co_return troubled(answer.error());
  take(**question, *answer);
}

asio::awaitable<Result<store::WitnessAnswer>> WitnessCourier::put(std::string body) {
  course_.asked(ports_.clock.since_boot());
  const auto answer = co_await ports_.post(std::move(body));
  AUTOHEAL_CO_TRY(answer);
  if (!answer->body_problem.empty() && needs_body(answer->status))
    co_return failure(ErrorKind::unavailable, fmt::format("its answer is not whole: {}", answer->body_problem));
  co_return store::read_witness_answer(answer->status, answer->content_type, answer->body);
}

void WitnessCourier::take(const WitnessQuestion& question, const store::WitnessAnswer& answer) {
  if (const auto* other = std::get_if<store::OtherOldSize>(&answer)) {
    (void)course_.named(other->size, question.request.old_size);
    return troubled(
        {ErrorKind::invalid,
         fmt::format("asked from {} entries, it refuses that and names {}", question.request.old_size, other->size),
         {}});
  }
  auto note =
      store::cosignature_of(key_, question.request, std::get<store::CosignatureLines>(answer), ports_.clock.now());
  if (!note)
    return troubled({ErrorKind::failed, "what it answered is not kept: " + note.error().message, note.error().hint});
  if (note->empty()) return done(question.size);
  keeping_ = question.size;
  ports_.keep(std::move(*note));
}

void WitnessCourier::kept(const Result<void>& result) {
  const auto size = std::exchange(keeping_, std::nullopt);
  if (!size) return;
  if (result) {
    done(*size);
  } else {
    (void)course_.named(*size, 0);  // it saw that all the same
    troubled({ErrorKind::failed, "its cosignature is not kept: " + result.error().message, result.error().hint});
  }
  if (wake_) wake_->cancel();
}

void WitnessCourier::done(std::uint64_t size) {
  course_.cosigned(size);
  ports_.ended(fmt::format("cosigned {} entries", size));
  if (told_.is_over()) ports_.tell(fmt::format("witness {} cosigns", key_.name()));
}

void WitnessCourier::troubled(const Error& error) {
  ports_.ended(error.message);
  if (error.kind == ErrorKind::corrupt) course_.forget();
  // A witness that is added is an entry, and so in the next checkpoint.
  if (error.kind != ErrorKind::changed)
    course_.failed(ports_.clock.since_boot(), engine::random_number(ports_.randomness));
  if (told_.is_news(error)) tell_of(error);
}

void WitnessCourier::tell_of(const Error& error) {
  const std::string hint = error.hint.empty() ? std::string() : "\n  " + error.hint;
  if (error.kind == ErrorKind::corrupt)
    return ports_.tell(fmt::format("warning: THE HISTORY OF THIS LEDGER DIFFERS from what witness {} saw: {}{}",
                                   key_.name(), error.message, hint));
  ports_.tell(fmt::format("warning: witness {} does not cosign: {}{}", key_.name(), error.message, hint));
}

void WitnessCourier::look() {
  course_.look(ports_.clock.since_boot());
  if (wake_) wake_->cancel();
}

void WitnessCourier::stop() {
  stopped_ = true;
  if (wake_) wake_->cancel();
}

}  // namespace autoheal::cli
