// One running workflow with its type erased: the runner's view of it. A state and its version, nothing that could not
// be folded again from the ledger.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/blob_store.hpp"
#include "engine/check.hpp"
#include "engine/entry.hpp"
#include "engine/large_data.hpp"
#include "engine/workflow.hpp"

namespace autoheal::engine {

// A decision as text and closures, ready for the runner.
struct Step {
  std::vector<NewEntry> entries;
  std::vector<std::function<void()>> effects;  // to call once the entries are committed
  std::optional<Duration> wake_after;
  bool ends = false;
};

class Instance {
 public:
  explicit Instance(std::string stream) : stream_(std::move(stream)) {}
  virtual ~Instance() = default;

  // Folds a recorded entry. corrupt or invalid: the entry cannot be read; the stream is set aside.
  [[nodiscard]] virtual Result<void> fold(const Entry& entry, const BlobStore& blobs) = 0;
  [[nodiscard]] virtual Result<Step> take_resumed(Timestamp now, BlobStore& blobs) = 0;
  [[nodiscard]] virtual Result<Step> take_woken(Timestamp now, BlobStore& blobs) = 0;
  [[nodiscard]] virtual bool resumes_alone() const = 0;

  [[nodiscard]] const std::string& stream() const { return stream_; }

  std::uint64_t version = 0;  // entries folded, committed or about to be
  bool ended = false;
  bool to_be_resumed = false;  // folded, and has not been told yet that the process began anew

 private:
  std::string stream_;
};

// `deliver` brings an effect's outcome back to the loop, from any thread.
template <Workflow W>
class TypedInstance final : public Instance {
 public:
  using Deliver = std::function<void(const std::string& stream, typename W::Input)>;

  TypedInstance(std::string stream, EffectPerformer<W>& performer, Deliver deliver)
      : Instance(std::move(stream)), performer_(performer), deliver_(std::move(deliver)) {}

  [[nodiscard]] const typename W::State& state() const { return state_; }

  [[nodiscard]] Result<Step> take(const typename W::Input& input, Timestamp now, BlobStore& blobs) {
    AUTOHEAL_CHECK(!ended);
    Decision<W> decision = W::decide(std::as_const(state_), input, now);
    for (const NewContent& content : decision.contents) {
      if (auto name = blobs.put(content.bytes, content.naming); !name) return std::unexpected(std::move(name.error()));
    }
    Step step;
    for (const auto& entry : decision.entries) {
      AUTOHEAL_CHECK(misfit_in<W>(state_, entry) == nullptr);
      state_ = W::apply(std::move(state_), entry);
      Encoded encoded = W::encode(std::as_const(state_), entry);
      auto data = shorten(blobs, std::move(encoded.data));
      if (!data) return std::unexpected(std::move(data.error()));
      step.entries.push_back({std::move(encoded.type), encoded.dataversion, now, std::move(encoded.actor),
                              std::move(encoded.subject), std::move(*data)});
    }
    version += step.entries.size();
    ended = decision.ends;
    step.ends = decision.ends;
    step.wake_after = decision.wake_after;
    for (auto& effect : decision.effects) {
      step.effects.push_back([this, name = this->stream(), deliver = deliver_, effect = std::move(effect)] {
        performer_.perform(name, effect,
                           [name, deliver](typename W::Input outcome) { deliver(name, std::move(outcome)); });
      });
    }
    return step;
  }

  Result<void> fold(const Entry& entry, const BlobStore& blobs) override {
    AUTOHEAL_CHECK(entry.version == version + 1);
    auto data = lengthen(blobs, entry.data);
    if (!data) return std::unexpected(std::move(data.error()));
    auto decoded = W::decode(entry.type, entry.dataversion, *data);
    if (!decoded) return std::unexpected(std::move(decoded.error()));
    if (const char* why = misfit_in<W>(state_, *decoded); why != nullptr) {
      return failure(ErrorKind::corrupt, "entry " + std::to_string(entry.version) + " of stream " + this->stream() +
                                             " (" + entry.type + ") cannot follow: " + why);
    }
    state_ = W::apply(std::move(state_), *decoded);
    ++version;
    return {};
  }

  Result<Step> take_resumed(Timestamp now, BlobStore& blobs) override { return take(W::resumed(), now, blobs); }
  Result<Step> take_woken(Timestamp now, BlobStore& blobs) override { return take(W::woken(), now, blobs); }
  bool resumes_alone() const override { return W::resumes_alone(state_); }

 private:
  EffectPerformer<W>& performer_;
  Deliver deliver_;
  typename W::State state_{};
};

}  // namespace autoheal::engine
