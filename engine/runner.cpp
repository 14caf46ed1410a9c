#include "autoheal/engine/runner.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "autoheal/engine/base/check.hpp"

namespace autoheal::engine {

namespace {
constexpr Duration retry_unavailable_after = std::chrono::milliseconds(250);
// So many take some milliseconds: what else waits for the loop is not kept waiting by a recovery.
constexpr std::size_t folded_at_once = 256;
constexpr std::size_t resumed_at_once = 512;

bool passes(const Error& error) { return error.kind == ErrorKind::unavailable || error.kind == ErrorKind::busy; }

// Turns and commits do not nest: what is called back during one only posts.
class ReentrancyGuard {
 public:
  explicit ReentrancyGuard(bool& busy) : busy_(busy) {
    AUTOHEAL_CHECK(!busy_);
    busy_ = true;
  }
  ~ReentrancyGuard() { busy_ = false; }
  ReentrancyGuard(const ReentrancyGuard&) = delete;
  ReentrancyGuard& operator=(const ReentrancyGuard&) = delete;

 private:
  bool& busy_;
};

// "heal.triggered" -> "heal"
std::string_view workflow_of(std::string_view entry_type) { return entry_type.substr(0, entry_type.rfind('.')); }
}  // namespace

void Runner::post(std::function<void()> input) {
  bool first = false;
  {
    const std::lock_guard lock(mailbox_mutex_);
    first = mailbox_.empty();
    mailbox_.push_back(std::move(input));
  }
  if (first && hooks.input_waits) hooks.input_waits();
}

void Runner::append(const std::string& stream, NewEntry entry, std::function<void(AppendStatus)> done) {
  post([this, stream, entry = std::move(entry), done = std::move(done)]() mutable {
    unowned_.push_back({stream, std::move(entry), std::move(done)});
  });
}

void Runner::commit_places() {
  if (places_.empty()) return;
  places_are_due_ = true;
  if (hooks.input_waits) hooks.input_waits();
}

bool Runner::turn() {
  const ReentrancyGuard turn(in_turn_);
  if (failure_) return false;
  if (retry_at_) {
    if (ports_.clock.since_boot() < *retry_at_) return false;
    retry_at_.reset();
  }
  doing_ = "deciding";
  take_inputs();
  resume_some();
  wake_due();
  ++turns_;
  if (failure_) refuse_all();
  const bool idle = works_.empty() && unowned_.empty() && !places_are_due_;
  const bool worked = idle ? !to_resume_.empty() : commit();
  doing_ = "nothing";
  if (failure_ || retry_at_) return false;
  if (to_resume_.empty()) {
    resume_next_alone();
  } else if (hooks.input_waits) {
    hooks.input_waits();
  }
  return worked;
}

bool Runner::has_work() {
  if (failure_) return false;
  const Duration now = ports_.clock.since_boot();
  if (retry_at_) return *retry_at_ <= now;
  const std::lock_guard lock(mailbox_mutex_);
  const auto wake = wakes_.next();
  return !mailbox_.empty() || !to_resume_.empty() || (!closed_ && wake && *wake <= now);
}

void Runner::close(std::vector<std::string> announcing) {
  closed_ = std::move(announcing);
  to_resume_.clear();
  lonely_.clear();
  // Entries that were decided and are not committed yet; they have to stay if more was decided on their stream after
  // them.
  std::unordered_set<const Instance*> seen;
  for (auto work = works_.rbegin(); work != works_.rend(); ++work) {
    if (seen.insert(work->instance).second) leave_out_announcements(*work->instance, work->step);
    work->step.effects.clear();
    work->step.wake_after.reset();
  }
}

bool Runner::has_uncommitted() {
  if (failure_) return false;
  const std::lock_guard lock(mailbox_mutex_);
  return !mailbox_.empty() || !works_.empty() || !unowned_.empty();
}

void Runner::take_inputs() {
  std::vector<std::function<void()>> inputs;
  {
    const std::lock_guard lock(mailbox_mutex_);
    inputs.swap(mailbox_);
  }
  for (auto& input : inputs) input();
}

void Runner::wake_due() {
  if (closed_) return;
  while (auto stream = wakes_.take_due(ports_.clock.since_boot())) {
    Instance* instance = find(*stream);
    AUTOHEAL_CHECK(instance != nullptr);  // removing an instance also removes its pending wait
    if (instance->ended) continue;
    const std::uint64_t before = instance->version;
    take_step(*instance, before, instance->take_woken(ports_.clock.now(), ports_.blobs), {}, {});
  }
}

Instance* Runner::find(const std::string& stream) {
  const auto found = instances_.find(stream);
  return found == instances_.end() ? nullptr : found->second.get();
}

void Runner::take_step(Instance& instance, std::uint64_t version_before, Result<Step> step, std::string key,
                       Started started) {
  if (!step) return stop(std::move(step.error()));
  AUTOHEAL_CHECK(version_before + step->entries.size() == instance.version);
  if (closed_) leave_out_announcements(instance, *step);
  works_.push_back({&instance, version_before, std::move(*step), std::move(key), std::move(started)});
}

// The folded state is ahead of the ledger then and cannot be used any more.
void Runner::leave_out_announcements(Instance& instance, Step& step) const {
  instance.ended = true;
  step.wake_after.reset();
  if (step.effects.empty()) return;
  step.effects.clear();
  while (!step.entries.empty() && std::ranges::find(*closed_, step.entries.back().type) != closed_->end()) {
    step.entries.pop_back();
    --instance.version;
  }
  AUTOHEAL_CHECK(instance.version >= instance.committed);  // nothing that the ledger holds is left out
}

StreamAppend Runner::append_of(const Work& work) const {
  return {work.instance->stream(), work.version_before, work.step.entries,
          work.step.ends ? StreamLife::ends : StreamLife::goes_on, work.idempotency_key};
}

Result<std::uint64_t> Runner::unowned_version(const std::string& stream) {
  const auto known = unowned_versions_.find(stream);
  if (known != unowned_versions_.end()) return known->second;
  const auto version = ports_.ledger.version_of(stream);
  if (version) unowned_versions_[stream] = *version;
  return version;
}

// Several inputs of one stream become one append; a store sees each stream once per batch.
Result<Batch> Runner::batch_of_works() {
  Batch batch;
  std::unordered_map<std::string, std::size_t> place;
  // Entries from outside come before the entries that react to them.
  for (const Unowned& unowned : unowned_) {
    const auto [found, fresh] = place.try_emplace(unowned.stream, batch.streams.size());
    if (fresh) {
      const auto version = unowned_version(unowned.stream);
      AUTOHEAL_TRY(version);
      batch.streams.push_back({unowned.stream, *version, {}, StreamLife::goes_on, {}});
    }
    StreamAppend& same = batch.streams[found->second];
    // A stream without a workflow is never "open": nothing would ever resume it.
    same.life = StreamLife::ends;
    same.entries.push_back(unowned.entry);
  }
  for (const Work& work : works_) {
    if (work.step.entries.empty() && !work.step.ends) continue;
    const auto [found, fresh] = place.try_emplace(work.instance->stream(), batch.streams.size());
    if (fresh) {
      AUTOHEAL_CHECK(work.version_before == work.instance->committed);
      batch.streams.push_back(append_of(work));
      continue;
    }
    StreamAppend& same = batch.streams[found->second];
    AUTOHEAL_CHECK(same.life == StreamLife::goes_on);
    AUTOHEAL_CHECK(same.expected_version + same.entries.size() == work.version_before);
    same.entries.insert(same.entries.end(), work.step.entries.begin(), work.step.entries.end());
    if (work.step.ends) same.life = StreamLife::ends;
  }
  for (const auto& [subscriber, position] : places_) batch.places.push_back({subscriber, position});
  return batch;
}

bool Runner::commit() {
  const auto batch = batch_of_works();
  if (!batch) {
    // Nothing was appended: as if the ledger had said so itself, or else nobody can go on from what it holds.
    if (passes(batch.error())) return committed({AppendStatus::unavailable, {}, {}, {}, {}, batch.error().message});
    stop(batch.error());
    return false;
  }
  if (batch->streams.empty() && !places_are_due_) {
    perform(std::exchange(works_, {}));
    return true;
  }
  doing_ = "a commit";
  const AppendResult result = write(*batch);
  doing_ = "what follows a commit";
  return committed(result);
}

AppendResult Runner::write(const Batch& batch) {
  AUTOHEAL_CHECK((!batch.streams.empty() || !batch.places.empty()) && !failure_);
  const ReentrancyGuard commit(in_commit_);
  return ports_.ledger.append(batch);
}

bool Runner::committed(const AppendResult& result) {
  switch (result.status) {
    case AppendStatus::ok:
      break;
    case AppendStatus::duplicate:
      already_started(result);
      return true;
    case AppendStatus::unavailable:
      // Nothing was performed and nothing is lost: what has begun is tried again.
      refuse_starts({ErrorKind::unavailable, "nothing can be recorded now: " + result.message, {}});
      if (!works_.empty() || !unowned_.empty()) retry_at_ = ports_.clock.since_boot() + retry_unavailable_after;
      if (hooks.unavailable) hooks.unavailable(result.message);
      return false;
    case AppendStatus::conflict:
      stop({ErrorKind::fatal, "stream " + result.conflicting_stream + " was changed by somebody else", {}});
      return false;
    case AppendStatus::fenced:
      stop({ErrorKind::fatal, "another process owns the ledger now", {}});
      return false;
    case AppendStatus::unknown:
      stop({ErrorKind::fatal, result.message.empty() ? "a commit's outcome is not known" : result.message, {}});
      return false;
  }
  for (const Work& work : works_) {
    work.instance->committed += work.step.entries.size();
    AUTOHEAL_CHECK(work.instance->committed <= work.instance->version);
  }
  places_.clear();
  places_are_due_ = false;
  for (Unowned& unowned : std::exchange(unowned_, {})) {
    ++unowned_versions_[unowned.stream];
    if (unowned.committed) unowned.committed(AppendStatus::ok);
  }
  if (hooks.committed) hooks.committed(result.head);
  perform(std::exchange(works_, {}));
  return true;
}

// Nobody was told that they began, and what runs already needs the room that is left.
void Runner::refuse_starts(const Error& error) {
  std::vector<std::pair<std::string, Started>> refused;
  std::unordered_set<const Instance*> gone;
  for (Work& work : works_) {
    const bool begins = work.started != nullptr || work.version_before == 0;
    if (!begins || !gone.insert(work.instance).second) continue;
    AUTOHEAL_CHECK(work.instance->committed == work.version_before);  // the ledger holds nothing of its beginning
    refused.emplace_back(work.instance->stream(), std::move(work.started));
  }
  std::erase_if(works_, [&](const Work& work) { return gone.contains(work.instance); });
  for (auto& [stream, started] : refused) {
    instances_.erase(stream);
    if (started) started(std::unexpected(error));
  }
}

void Runner::perform(std::vector<Work> works) {
  for (Work& work : works) {
    const std::string stream = work.instance->stream();
    AUTOHEAL_CHECK(work.instance->all_is_committed());
    if (work.started && !work.step.defect) work.started(stream);
    if (work.step.defect) {
      set_aside(work);
      continue;
    }
    if (work.step.wake_after) wakes_.set(stream, ports_.clock.since_boot() + *work.step.wake_after);
    for (auto& effect : work.step.effects) effect();
    const bool waits = work.step.wake_after.value_or(Duration{0}) > Duration{0} && work.step.effects.empty();
    if (waits && hooks.waits) hooks.waits(stream);
    if (work.step.ends) {
      if (hooks.ended) hooks.ended(stream);
      wakes_.clear(stream);
      instances_.erase(stream);
    }
  }
}

// Its last entry stays its last one in the ledger: another process, of a version in which it was mended, goes on there.
void Runner::set_aside(const Work& work) {
  AUTOHEAL_CHECK(work.step.defect.has_value() && work.step.entries.empty() && work.step.effects.empty());
  const std::string stream = work.instance->stream();
  const Error error{ErrorKind::failed, sentence_of(*work.step.defect),
                    "nothing more is done about it by this process; tell the maintainers"};
  if (work.started) work.started(std::unexpected(error));
  if (hooks.set_aside) hooks.set_aside(stream, error);
  if (hooks.ended) hooks.ended(stream);
  wakes_.clear(stream);
  instances_.erase(stream);
}

// The batch was refused whole because one start repeats an earlier one: that start gets the earlier stream, the rest
// is tried again without it.
void Runner::already_started(const AppendResult& result) {
  AUTOHEAL_CHECK(!result.duplicate_key.empty());
  const auto again = std::ranges::find_if(works_, [&](const Work& work) {
    const bool is_first = work.instance->stream() == result.existing_stream;  // the first use, in this very batch
    return work.idempotency_key == result.duplicate_key && !is_first;
  });
  AUTOHEAL_CHECK(again != works_.end());  // else the same batch would be refused for ever
  const std::string stream = again->instance->stream();
  if (again->started) again->started(result.existing_stream);
  works_.erase(again);
  instances_.erase(stream);
  if (!works_.empty() || !unowned_.empty()) commit();
}

Result<std::size_t> Runner::recover() {
  AUTOHEAL_TRY(begin_recovery());
  for (;;) {
    const auto more = fold_some();
    AUTOHEAL_TRY(more);
    if (!*more) return instances_.size();
  }
}

Result<void> Runner::begin_recovery() {
  auto open = ports_.ledger.open_streams();
  AUTOHEAL_TRY(open);
  to_fold_.assign(std::make_move_iterator(open->begin()), std::make_move_iterator(open->end()));
  return {};
}

Result<bool> Runner::fold_some() {
  doing_ = "reading open streams";
  for (std::size_t count = 0; count < folded_at_once && !to_fold_.empty(); ++count) {
    auto loaded = load(to_fold_.front());
    // The store cannot serve now: that says nothing of the stream, which stays the next one.
    if (!loaded && passes(loaded.error())) return std::unexpected(std::move(loaded.error()));
    if (loaded) folded_.push_back(to_fold_.front());
    if (!loaded && hooks.set_aside) hooks.set_aside(to_fold_.front(), loaded.error());
    to_fold_.pop_front();
  }
  doing_ = "nothing";
  if (!to_fold_.empty()) return true;
  begin_to_resume();
  return false;
}

void Runner::begin_to_resume() {
  AUTOHEAL_CHECK(to_fold_.empty());  // nothing is resumed before all are known
  for (std::string& stream : folded_) {
    Instance* instance = find(stream);
    if (instance == nullptr) continue;
    const bool alone = instance->resumes_alone();
    instance->to_be_resumed = !alone;
    (alone ? lonely_ : to_resume_).push_back(std::move(stream));
  }
  folded_ = {};
  if (to_resume_.empty()) resume_next_alone();
  if (!instances_.empty() && hooks.input_waits) hooks.input_waits();
}

Result<void> Runner::load(const std::string& stream) {
  auto entries = ports_.ledger.read_stream(stream, 1);
  AUTOHEAL_TRY(entries);
  if (entries->empty())
    return autoheal::failure(ErrorKind::corrupt, fmt::format("stream {} is open but has no entries", stream));
  const auto kind = kinds_.find(workflow_of(entries->front().type));
  if (kind == kinds_.end()) {
    return autoheal::failure(ErrorKind::invalid, "no workflow here reads entries of type " + entries->front().type);
  }
  auto instance = kind->second.make(stream);
  for (const Entry& entry : *entries) {
    if (entry.version != instance->version + 1) {
      return autoheal::failure(ErrorKind::corrupt, fmt::format("stream {} lacks its entry {}: the next one is {}",
                                                               stream, instance->version + 1, entry.version));
    }
    const auto folded = contained("folding " + entry.type, [&] { return instance->fold(entry, ports_.blobs); });
    if (!folded) return autoheal::failure(ErrorKind::failed, sentence_of(folded.error()), "tell the maintainers");
    if (!*folded) return *folded;
  }
  instances_[stream] = std::move(instance);
  return {};
}

// Those that were sent something meanwhile have been resumed right before that.
void Runner::resume_some() {
  for (std::size_t count = 0; count < resumed_at_once && !to_resume_.empty() && !failure_; ++count) {
    Instance* instance = find(to_resume_.front());
    to_resume_.pop_front();
    if (instance != nullptr && instance->to_be_resumed) resume(*instance);
  }
}

void Runner::resume(Instance& instance) {
  AUTOHEAL_CHECK(!instance.was_resumed && !instance.ended);
  instance.was_resumed = true;
  instance.to_be_resumed = false;
  const std::uint64_t before = instance.version;
  take_step(instance, before, instance.take_resumed(ports_.clock.now(), ports_.blobs), {}, {});
}

// A stream that was resumed alone has made progress once it commits something after its resumption, or has ended.
void Runner::resume_next_alone() {
  if (!alone_.empty()) {
    const Instance* instance = find(alone_);
    if (instance != nullptr && instance->version <= alone_version_ + 1) return;
    alone_.clear();
  }
  if (lonely_.empty()) return;
  alone_ = std::move(lonely_.front());
  lonely_.pop_front();
  Instance* instance = find(alone_);
  AUTOHEAL_CHECK(instance != nullptr);
  alone_version_ = instance->version;
  post([this, stream = alone_] {
    Instance* open = find(stream);
    AUTOHEAL_CHECK(open != nullptr);  // what came before may have ended it, in this turn
    if (!open->ended && !closed_) resume(*open);
  });
}

void Runner::stop(Error error) {
  if (failure_) return;
  failure_ = std::move(error);
  refuse_all();
  AUTOHEAL_CHECK(works_.empty() && unowned_.empty());  // nobody waits for an answer that never comes
  if (hooks.stopped) hooks.stopped(*failure_);
}

void Runner::refuse_all() {
  AUTOHEAL_CHECK(failure_.has_value());
  for (Work& work : works_) {
    if (work.started) work.started(std::unexpected(*failure_));
  }
  works_.clear();
  for (Unowned& unowned : std::exchange(unowned_, {})) {
    if (unowned.committed) unowned.committed(AppendStatus::unknown);
  }
}

}  // namespace autoheal::engine
