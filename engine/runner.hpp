// The one loop: take the inputs that are ready, fold, decide, append all of it in one commit, then perform. Nothing
// else in the project knows this order. Recovery is a turn of the same loop; it has no thread, timer or signal of its
// own, so tests, the simulator and the benches turn it by hand and the runtime turns it on an executor.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "autoheal/engine/instance.hpp"
#include "autoheal/engine/ledger.hpp"
#include "autoheal/engine/ports.hpp"
#include "autoheal/engine/wake_queue.hpp"

namespace autoheal::engine {

// All given by the caller, all outlive the runner.
struct RunnerPorts {
  Ledger& ledger;
  BlobStore& blobs;
  const Clock& clock;
  IdSource& ids;
};

// Callbacks for events inside the loop. Called on the loop's thread, after the commit that they report.
struct RunnerHooks {
  std::function<void()> input_waits;  // from any thread: a turn has something to do
  std::function<void(Position head)> committed;
  std::function<void(const std::string& stream)> ended;                    // state() still answers during the call
  std::function<void(const std::string& stream)> waits;                    // for a moment to come, and for nothing else
  std::function<void(const std::string& stream, const Error&)> set_aside;  // an unreadable stream at recovery
  // The store cannot serve now: what was to begin was refused, what has begun waits for its next commit.
  std::function<void(const std::string& why)> unavailable;
  // Asked where an effect's outcome comes from, on its thread. False: the effect was asked to end early, so that its
  // outcome means nothing; it is left to the next process.
  std::function<bool()> outcome_counts;
  std::function<void(const Error&)> stopped;  // nothing more is acknowledged; the process should end
};

class Runner {
 public:
  explicit Runner(RunnerPorts ports) : ports_(ports) {}
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  RunnerHooks hooks;

  // Before the first turn. Streams of W are named `stream_prefix` + UUID. `performer` outlives the runner.
  template <Workflow W>
  void register_workflow(EffectPerformer<W>& performer, std::string stream_prefix = {});

  // A place in the ledger or why not; called on the loop's thread once the first commit is durable. unavailable: the
  // store cannot serve now, and nothing was begun.
  using Started = std::function<void(Result<std::string> stream)>;

  // Thread-safe. With a key that was used before, `started` gets the stream of its first use and nothing is begun.
  template <Workflow W>
  void start(typename W::Input input, std::string idempotency_key, Started started);
  // Thread-safe. Dropped if the stream has ended meanwhile.
  template <Workflow W>
  void submit(const std::string& stream, typename W::Input input);
  // Thread-safe. An input for a stream that has ended; its state is folded from the ledger first.
  template <Workflow W>
  void reopen(const std::string& stream, typename W::Input input, Started begun);
  // Thread-safe. Entries of a stream that no workflow owns ("ledger"), in the next commit.
  void append(const std::string& stream, NewEntry entry, std::function<void(AppendStatus)> committed);
  // Rides on the next commit that happens anyway. Loop's thread.
  void save_place(const std::string& subscriber, Position position) { places_[subscriber] = position; }
  // Places that still wait get a commit of their own in the next turn. For subscribers whose progress is not to be
  // repeated for long after a crash; each such commit is a sync of the disk. Loop's thread.
  void commit_places();

  // Once, before the first turn: folds every open stream; turns then resume them, some at a time. Returns how many.
  [[nodiscard]] Result<std::size_t> recover();
  // The same in steps, between which others get their turn: begin_recovery() once, then fold_some() while it is true.
  // Nothing is resumed before all are folded. unavailable, busy: the store cannot serve now; call again later.
  [[nodiscard]] Result<void> begin_recovery();
  [[nodiscard]] Result<bool> fold_some();

  // One turn: false if there was nothing to do. Loop's thread.
  bool turn();
  // The process ends: what comes of effects that are under way is still decided on and committed, and nothing else is
  // begun. An entry of one of the types `announcing` at the end of a decision is left out if its effect will not be
  // performed any more: the next process finds the stream as before that entry. Loop's thread.
  void close(std::vector<std::string> announcing);
  // An input, or what was decided on one, waits for a commit. Loop's thread.
  [[nodiscard]] bool has_uncommitted();

  // When the next wait is over (boot clock); a turn after that moment wakes it.
  [[nodiscard]] std::optional<Duration> next_wake() {
    return retry_at_ ? retry_at_ : closed_ ? std::nullopt : wakes_.next();
  }
  // How often it took inputs, decided and committed. With has_work(), what a watchdog asks for. Loop's thread.
  [[nodiscard]] std::uint64_t turns() const { return turns_; }
  // A turn now would have something to do.
  [[nodiscard]] bool has_work();
  // The current activity, for a watchdog that finds the loop stuck; any thread.
  [[nodiscard]] const char* activity() const { return doing_; }
  // Others are not resumed before this stream has made progress: it must not wait for them. Loop's thread.
  [[nodiscard]] bool is_resumed_alone(const std::string& stream) const { return stream == alone_; }
  // Streams that have begun and not ended.
  [[nodiscard]] std::size_t open_count() const { return instances_.size(); }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  // The state as of the newest commit; null if the stream is not open. Loop's thread; valid until the next turn.
  template <Workflow W>
  [[nodiscard]] const typename W::State* state(const std::string& stream) const;

 private:
  struct Work {
    Instance* instance = nullptr;
    std::uint64_t version_before = 0;
    Step step;
    std::string idempotency_key;
    Started started;
  };
  struct Unowned {  // an entry outside any workflow
    std::string stream;
    NewEntry entry;
    std::function<void(AppendStatus)> committed;
  };
  struct Kind {
    std::string prefix;
    std::function<std::unique_ptr<Instance>(const std::string& stream)> make;
  };

  template <Workflow W>
  void bring_outcome(const std::string& stream, std::uint64_t effect, typename W::Input outcome);
  template <Workflow W>
  void take_input(TypedInstance<W>& instance, const typename W::Input& input);
  void post(std::function<void()> input);
  void take_inputs();
  void resume_some();
  void wake_due();
  void leave_out_announcements(Instance& instance, Step& step) const;
  void take_step(Instance& instance, std::uint64_t version_before, Result<Step> step, std::string key, Started started);
  Instance* find(const std::string& stream);
  Result<void> load(const std::string& stream);
  void begin_to_resume();
  void resume(Instance& instance);
  void resume_next_alone();
  bool commit();
  AppendResult write(const Batch& batch);
  bool committed(const AppendResult& result);
  void perform(std::vector<Work> works);
  void set_aside(const Work& work);
  void already_started(const AppendResult& result);
  void stop(Error error);
  void refuse_all();
  void refuse_starts(const Error& error);
  Result<Batch> batch_of_works();
  StreamAppend append_of(const Work& work) const;
  Result<std::uint64_t> unowned_version(const std::string& stream);

  RunnerPorts ports_;
  std::map<std::string, Kind, std::less<>> kinds_;  // workflow type -> how to make an instance
  std::unordered_map<std::string, std::unique_ptr<Instance>> instances_;
  WakeQueue wakes_;

  std::mutex mailbox_mutex_;
  std::vector<std::function<void()>> mailbox_;

  std::vector<Work> works_;  // decided, not yet committed
  std::vector<Unowned> unowned_;
  std::map<std::string, Position> places_;
  bool places_are_due_ = false;
  std::unordered_map<std::string, std::uint64_t> unowned_versions_;
  std::deque<std::string> to_fold_;    // found open at the start
  std::vector<std::string> folded_;    // of those, in the same order
  std::deque<std::string> to_resume_;  // folded; some with each turn
  std::deque<std::string> lonely_;     // to be resumed one after the other
  std::string alone_;                  // the one that is being resumed now
  std::uint64_t alone_version_ = 0;
  std::optional<Duration> retry_at_;  // after `unavailable`
  std::optional<Error> failure_;
  std::uint64_t turns_ = 0;
  std::uint64_t effects_ = 0;                       // asked of the world so far
  std::optional<std::vector<std::string>> closed_;  // what announcing entries are called
  bool in_turn_ = false;
  bool in_commit_ = false;
  std::atomic<const char*> doing_ = "nothing";
};

template <Workflow W>
void Runner::register_workflow(EffectPerformer<W>& performer, std::string stream_prefix) {
  auto deliver = [this](const std::string& stream, std::uint64_t effect, typename W::Input outcome) {
    bring_outcome<W>(stream, effect, std::move(outcome));
  };
  auto make = [this, &performer, deliver](const std::string& stream) {
    return std::make_unique<TypedInstance<W>>(stream, effects_, performer, deliver);
  };
  AUTOHEAL_CHECK(turns_ == 0);
  const bool is_new = kinds_.try_emplace(std::string(W::type), Kind{std::move(stream_prefix), std::move(make)}).second;
  AUTOHEAL_CHECK(is_new);
}

template <Workflow W>
void Runner::start(typename W::Input input, std::string idempotency_key, Started started) {
  post([this, input = std::move(input), key = std::move(idempotency_key), started = std::move(started)]() mutable {
    if (closed_) {
      if (started) started(autoheal::failure(ErrorKind::unavailable, "the process ends"));
      return;
    }
    const auto kind = kinds_.find(W::type);
    AUTOHEAL_CHECK(kind != kinds_.end());
    const std::string stream = kind->second.prefix + to_string(ports_.ids.next());
    const auto [place, is_new] = instances_.try_emplace(stream, kind->second.make(stream));
    AUTOHEAL_CHECK(is_new);  // no id is given twice
    auto& instance = static_cast<TypedInstance<W>&>(*place->second);
    take_step(instance, 0, instance.take(input, ports_.clock.now(), ports_.blobs), std::move(key), std::move(started));
  });
}

template <Workflow W>
void Runner::submit(const std::string& stream, typename W::Input input) {
  post([this, stream, input = std::move(input)] {
    auto* instance = static_cast<TypedInstance<W>*>(find(stream));
    if (instance != nullptr && !closed_) take_input<W>(*instance, input);
  });
}

template <Workflow W>
void Runner::bring_outcome(const std::string& stream, std::uint64_t effect, typename W::Input outcome) {
  if (hooks.outcome_counts && !hooks.outcome_counts()) return;
  post([this, stream, effect, outcome = std::move(outcome)] {
    auto* instance = static_cast<TypedInstance<W>*>(find(stream));
    if (instance != nullptr && instance->accept_outcome(effect)) take_input<W>(*instance, outcome);
  });
}

template <Workflow W>
void Runner::take_input(TypedInstance<W>& instance, const typename W::Input& input) {
  if (instance.ended) return;
  if (instance.to_be_resumed) resume(instance);
  if (instance.ended) return;
  const std::uint64_t before = instance.version;
  take_step(instance, before, instance.take(input, ports_.clock.now(), ports_.blobs), {}, {});
}

template <Workflow W>
void Runner::reopen(const std::string& stream, typename W::Input input, Started begun) {
  post([this, stream, input = std::move(input), begun = std::move(begun)]() mutable {
    if (closed_) return begun(autoheal::failure(ErrorKind::unavailable, "the process ends"));
    if (find(stream) != nullptr) return begun(autoheal::failure(ErrorKind::busy, "stream " + stream + " is open"));
    if (auto loaded = load(stream); !loaded) return begun(std::unexpected(std::move(loaded.error())));
    auto& instance = static_cast<TypedInstance<W>&>(*find(stream));
    const std::uint64_t before = instance.version;
    take_step(instance, before, instance.take(input, ports_.clock.now(), ports_.blobs), {}, std::move(begun));
  });
}

template <Workflow W>
const typename W::State* Runner::state(const std::string& stream) const {
  const auto found = instances_.find(stream);
  if (found == instances_.end()) return nullptr;
  const auto* typed = dynamic_cast<const TypedInstance<W>*>(found->second.get());
  return typed == nullptr ? nullptr : &typed->state();
}

}  // namespace autoheal::engine
