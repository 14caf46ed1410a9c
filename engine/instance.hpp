// One running workflow with its type erased: the runner's view of it. A state and its version, nothing that could not
// be folded again from the ledger.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autoheal/engine/base/check.hpp"
#include "autoheal/engine/base/contained.hpp"
#include "autoheal/engine/blob_store.hpp"
#include "autoheal/engine/entry.hpp"
#include "autoheal/engine/large_data.hpp"
#include "autoheal/engine/workflow.hpp"

namespace autoheal::engine {

// A decision as text and closures, ready for the runner.
struct Step {
  std::vector<NewEntry> entries;
  std::vector<std::function<void()>> effects;  // to call once the entries are committed
  std::optional<Duration> wake_after;
  bool ends = false;
  std::optional<Defect> defect =
      {};  // nothing could be decided: the stream is set aside, and nothing else of this counts
};

class Instance {
 public:
  Instance(std::string stream, std::uint64_t& effects)
      : stream_(std::move(stream)), effects_(effects), first_effect_(effects + 1) {}
  virtual ~Instance() = default;

  // Folds a recorded entry. corrupt or invalid: the entry cannot be read; the stream is set aside.
  [[nodiscard]] virtual Result<void> fold(const Entry& entry, const BlobStore& blobs) = 0;
  [[nodiscard]] virtual Result<Step> take_resumed(Timestamp now, BlobStore& blobs) = 0;
  [[nodiscard]] virtual Result<Step> take_woken(Timestamp now, BlobStore& blobs) = 0;
  [[nodiscard]] virtual bool resumes_alone() const = 0;

  [[nodiscard]] const std::string& stream() const { return stream_; }

  // Nothing was decided that the ledger does not hold: only then may what was decided be performed.
  [[nodiscard]] bool all_is_committed() const { return committed == version; }

  // An effect's outcome has come. False: it was asked for by an earlier life of this stream, before it was revived.
  [[nodiscard]] bool accept_outcome(std::uint64_t effect) {
    AUTOHEAL_CHECK(effect <= effects_);
    if (effect < first_effect_) return false;
    const auto place = std::ranges::find(under_way_, effect);
    AUTOHEAL_CHECK(place != under_way_.end());  // asked for, and not answered before
    *place = under_way_.back();
    under_way_.pop_back();
    return true;
  }

  std::uint64_t version = 0;    // entries folded, committed or about to be
  std::uint64_t committed = 0;  // of those, in the ledger
  bool ended = false;
  bool to_be_resumed = false;  // folded, and does not know yet that the process began anew
  bool was_resumed = false;    // and knows that it began anew

 protected:
  [[nodiscard]] bool nothing_is_under_way() const { return under_way_.empty(); }
  [[nodiscard]] std::uint64_t number_effect() { return ++effects_; }
  void effect_begins(std::uint64_t effect) {
    AUTOHEAL_CHECK(all_is_committed());
    AUTOHEAL_CHECK(effect >= first_effect_ && effect <= effects_);  // numbered in this life of the stream
    under_way_.push_back(effect);
  }
  [[nodiscard]] std::unexpected<Error> cannot_follow(const Entry& entry, const char* why) const;

 private:
  std::string stream_;
  std::uint64_t& effects_;  // numbered so far, by all instances of the runner: no number is given twice
  std::uint64_t first_effect_;
  std::vector<std::uint64_t> under_way_;
};

// `deliver` brings an effect's outcome back to the loop, from any thread.
template <Workflow W>
class TypedInstance final : public Instance {
 public:
  using Deliver = std::function<void(const std::string& stream, std::uint64_t effect, typename W::Input)>;

  TypedInstance(std::string stream, std::uint64_t& effects, EffectPerformer<W>& performer, Deliver deliver)
      : Instance(std::move(stream), effects), performer_(performer), deliver_(std::move(deliver)) {}

  [[nodiscard]] const typename W::State& state() const { return state_; }

  [[nodiscard]] Result<Step> take(const typename W::Input& input, Timestamp now, BlobStore& blobs) {
    AUTOHEAL_CHECK(!ended && !to_be_resumed);
    AUTOHEAL_CHECK(committed <= version);
    Decision<W> decision;
    auto decided = contained(W::type, [&] {
      decision = W::decide(std::as_const(state_), input, now);
      return encoded_entries(decision);
    });
    Step step;
    if (!decided) {
      ended = true;  // what its state is worth nobody knows: it takes no more input in this process
      step.defect = decided.error();
      return step;
    }
    AUTOHEAL_CHECK(decided->size() == decision.entries.size());
    AUTOHEAL_CHECK(!decision.ends || !decision.wake_after);  // an ended stream waits for nothing
    for (const NewContent& content : decision.contents) {
      AUTOHEAL_TRY(blobs.put(content.bytes, content.naming));
    }
    for (Encoded& encoded : *decided) {
      auto data = shorten(blobs, std::move(encoded.data));
      AUTOHEAL_TRY(data);
      step.entries.push_back({std::move(encoded.type), encoded.dataversion, now, std::move(encoded.actor),
                              std::move(encoded.subject), std::move(*data)});
    }
    version += step.entries.size();
    ended = decision.ends;
    step.ends = decision.ends;
    step.wake_after = decision.wake_after;
    for (auto& effect : decision.effects) {
      step.effects.push_back(
          [this, name = this->stream(), deliver = deliver_, number = number_effect(), effect = std::move(effect)] {
            effect_begins(number);
            performer_.perform(name, effect, [name, deliver, number](typename W::Input outcome) {
              deliver(name, number, std::move(outcome));
            });
          });
    }
    return step;
  }

  Result<void> fold(const Entry& entry, const BlobStore& blobs) override {
    AUTOHEAL_CHECK(entry.version == version + 1);
    AUTOHEAL_CHECK(all_is_committed() &&
                   nothing_is_under_way());  // a stream is folded before anything is decided on it
    std::string from_blob;
    auto data = lengthen(blobs, entry.data, from_blob);
    AUTOHEAL_TRY(data);
    auto decoded = W::decode(entry.type, entry.dataversion, *data);
    AUTOHEAL_TRY(decoded);
    if (const char* why = violation_in<W>(state_, *decoded); why != nullptr) {
      return cannot_follow(entry, why);
    }
    state_ = W::apply(std::move(state_), *decoded);
    committed = ++version;
    return {};
  }

  Result<Step> take_resumed(Timestamp now, BlobStore& blobs) override { return take(W::resumed(), now, blobs); }
  Result<Step> take_woken(Timestamp now, BlobStore& blobs) override { return take(W::woken(), now, blobs); }
  bool resumes_alone() const override { return W::resumes_alone(state_); }

 private:
  // Folds them, too: each is written as of the state after it.
  std::vector<Encoded> encoded_entries(const Decision<W>& decision) {
    std::vector<Encoded> all;
    for (const auto& entry : decision.entries) {
      AUTOHEAL_CHECK(violation_in<W>(state_, entry) == nullptr);
      state_ = W::apply(std::move(state_), entry);
      all.push_back(W::encode(std::as_const(state_), entry));
      for (const std::string* name : {&all.back().type, &all.back().actor, &all.back().subject})
        AUTOHEAL_CHECK(name->size() <=
                       largest_entry_name_bytes);  // the workflow's own fault, and ends its stream alone
    }
    return all;
  }

  EffectPerformer<W>& performer_;
  Deliver deliver_;
  typename W::State state_{};
};

}  // namespace autoheal::engine
