// The concept of a workflow: a state that is folded from entries, and a pure decision about the next input. Neither
// uses a clock, file, thread or JSON library, so that crash recovery, replay and simulation run the very same code.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/engine/blob_store.hpp"

namespace autoheal::engine {

// Content that the decision's entries name.
struct NewContent {
  std::string bytes;
  BlobNaming naming = BlobNaming::plain;
};

// The reaction to one input. Order of duties: store the contents, append the entries (the commit), then perform the
// effects, then sleep.
template <class W>
struct Decision {
  std::vector<NewContent> contents;
  std::vector<typename W::Entry> entries;
  std::vector<typename W::Effect> effects;  // each with what makes repeating it safe; its outcome is the next input
  std::optional<Duration> wake_after;       // replaces any earlier wake-up; measured on the boot clock
  bool ends = false;                        // after these entries the stream takes no more input
};

// The fields around an entry's data, as views into the state and the entry.
struct Envelope {
  std::string_view type;
  unsigned dataversion = 1;
  std::string_view actor;
  std::string_view subject;
};

// An entry as text, ready for the ledger. Type, actor and subject have at most `largest_entry_name_bytes` each.
struct Encoded {
  std::string type;
  unsigned dataversion = 1;
  std::string actor;
  std::string subject;
  std::string data;
};

// decide: pure. `now` is the wall time at which the input was taken.
// apply: pure; called on every entry, when it is appended and when it is read back.
// encode gets the state after the entry was applied. The first entry's data names workflow and version.
// resumed / woken: the inputs that the loop itself gives, after a restart and when a wait is over.
// resumes_alone: true for a stream that may be what killed the process; it is resumed with nothing beside it.
template <class W>
concept Workflow = requires(typename W::State state, const typename W::Input& input, const typename W::Entry& entry,
                            Timestamp now, std::string_view text, unsigned version) {
  { W::type } -> std::convertible_to<std::string_view>;  // entry types begin with it and a dot
  { W::version } -> std::convertible_to<unsigned>;
  { W::decide(std::as_const(state), input, now) } -> std::same_as<Decision<W>>;
  { W::apply(std::move(state), entry) } -> std::same_as<typename W::State>;
  { W::encode(std::as_const(state), entry) } -> std::same_as<Encoded>;
  { W::decode(text, version, text) } -> std::same_as<Result<typename W::Entry>>;
  { W::resumed() } -> std::same_as<typename W::Input>;
  { W::woken() } -> std::same_as<typename W::Input>;
  { W::resumes_alone(std::as_const(state)) } -> std::same_as<bool>;
};

// A workflow may also know which entry can come next: static const char* violation(state, entry) says why one cannot,
// null that it can. The loop then ends the process before it writes one that does not fit, and sets aside a stream that
// holds one. Without it everything fits that can be decoded.
template <Workflow W>
[[nodiscard]] const char* violation_in(const typename W::State& state, const typename W::Entry& entry) {
  if constexpr (requires { W::violation(state, entry); }) return W::violation(state, entry);
  return nullptr;
}

// The port through which a workflow acts on the world.
template <class W>
class EffectPerformer {
 public:
  using Done = std::function<void(typename W::Input)>;
  virtual ~EffectPerformer() = default;
  // Starts one effect of `stream`, after the entries that announce it were committed. Called on the loop's thread, so
  // it must not block: long work goes to a thread pool. `done` is called exactly once, from any thread, with the
  // outcome as the workflow's next input. Never throws: every failure is an outcome that the workflow decides on. After
  // a crash the same effect may be asked for again, so performing it twice must do no harm.
  virtual void perform(const std::string& stream, const typename W::Effect& effect, Done done) = 0;
};

}  // namespace autoheal::engine
