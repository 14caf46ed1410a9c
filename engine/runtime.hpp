// The loop on an executor, with Asio. One timer for all who wait, no thread, signal or global of
// its own. The executor must run one thing at a time (one thread, or a strand); it is the loop's thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <unordered_map>

#include "autoheal/engine/boot_timer.hpp"
#include "autoheal/engine/runner.hpp"

namespace autoheal::engine {

class Runtime {
 public:
  // `ports` and `executor`'s context outlive the runtime. Fails (unavailable) where the kernel gives no timer.
  static Result<std::unique_ptr<Runtime>> create(boost::asio::any_io_executor executor, RunnerPorts ports);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  [[nodiscard]] Runner& runner() { return runner_; }
  [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }

  template <Workflow W>
  void register_workflow(EffectPerformer<W>& performer, std::string stream_prefix = {}) {
    runner_.register_workflow<W>(performer, std::move(stream_prefix));
  }

  // The stream's name once its first commit is durable. Awaited on the loop's executor.
  template <Workflow W>
  boost::asio::awaitable<Result<std::string>> start(typename W::Input input, std::string idempotency_key = {});

  // The last state of a stream that ends from now on; not_found if it is not open, and the loop's failure where that
  // stops before. Awaited on the loop's executor.
  template <Workflow W>
  boost::asio::awaitable<Result<typename W::State>> finished(std::string stream);

  // An entry of a stream that no workflow owns; back once it is durable or refused. Awaited on the loop's executor.
  boost::asio::awaitable<AppendStatus> append(std::string stream, NewEntry entry);

  // Folds what is open and lets it go on. Loop's thread, once.
  [[nodiscard]] Result<std::size_t> recover() { return runner_.recover(); }

  // The same, and others on the executor get their turn meanwhile; a store that cannot serve now is waited for.
  boost::asio::awaitable<Result<std::size_t>> recover_in_turns();

  // Called on the loop's thread after every turn that committed or failed.
  std::function<void()> after_turn;

 private:
  Runtime(boost::asio::any_io_executor executor, RunnerPorts ports, std::unique_ptr<BootTimer> timer);
  void turn_soon();
  void turn();
  void tell_ended(const std::string& stream);

  boost::asio::any_io_executor executor_;
  Runner runner_;
  std::unique_ptr<BootTimer> timer_;
  std::unordered_multimap<std::string, std::function<void()>> ending_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

template <Workflow W>
boost::asio::awaitable<Result<std::string>> Runtime::start(typename W::Input input, std::string idempotency_key) {
  co_return co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void(Result<std::string>)>(
      [this](auto handler, auto first, auto key) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        runner_.start<W>(std::move(first), std::move(key), [this, shared](Result<std::string> stream) {
          boost::asio::dispatch(executor_,
                                [shared, stream = std::move(stream)]() mutable { (*shared)(std::move(stream)); });
        });
      },
      boost::asio::use_awaitable, std::move(input), std::move(idempotency_key));
}

template <Workflow W>
boost::asio::awaitable<Result<typename W::State>> Runtime::finished(std::string stream) {
  if (runner_.state<W>(stream) == nullptr) {
    co_return autoheal::failure(ErrorKind::not_found, "stream " + stream + " is not open");
  }
  using Outcome = Result<typename W::State>;
  co_return co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void(Outcome)>(
      [this](auto handler, const std::string& name) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        ending_.emplace(name, [this, shared, name] {
          // A loop that has stopped knows states that were never committed, of streams that have not ended.
          const auto& failure = runner_.failure();
          Outcome outcome = failure ? Outcome(std::unexpected(*failure)) : Outcome(*runner_.state<W>(name));
          boost::asio::post(executor_,
                            [shared, outcome = std::move(outcome)]() mutable { (*shared)(std::move(outcome)); });
        });
      },
      boost::asio::use_awaitable, std::move(stream));
}

}  // namespace autoheal::engine
