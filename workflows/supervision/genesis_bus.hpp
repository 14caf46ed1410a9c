// Topics fed from the ledger: what is published was committed first. A subscription is a place in the ledger; a named
// one continues where it stopped, an unnamed one starts now. In order, at least once, once each without a crash. A slow
// or failing subscriber delays only itself.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/runner.hpp"
#include "autoheal/workflows/supervision/bus_topics.hpp"

namespace autoheal::workflows {

struct Subscription {
  std::string name;                      // empty: starts now (or at `from`), its place is not kept
  std::optional<engine::Position> from;  // for a name that has no place yet; left out: from now on
};

class GenesisBus {
 public:
  // False: not handled; the same event comes again after the next commit. Must not throw.
  using Handler = std::function<bool(const BusEvent& event)>;
  // Runs a job soon on a thread of the subscriber's choice, one at a time and in order.
  using Executor = std::function<void(std::function<void()> job)>;

  // All outlive the bus. `loop` brings a job to the loop's thread. Used on the loop's thread only.
  GenesisBus(engine::Runner& runner, const engine::LedgerView& ledger, const engine::BlobStore& blobs, Executor loop)
      : runner_(runner), ledger_(ledger), blobs_(blobs), loop_(std::move(loop)) {}

  // `topics`: a topic, or a beginning followed by `*`. `executor` left out: the loop itself. Fails where the ledger
  // cannot be read.
  [[nodiscard]] Result<void> subscribe(std::string topics, Handler handler, Subscription subscription,
                                       Executor executor = {});

  // To be called after every commit; also delivers what a subscriber missed before.
  void pump();

 private:
  struct Subscriber {
    std::string topics;
    Handler handler;
    std::string name;
    Executor executor;
    engine::Position place;  // handled up to here
    PhaseMemory phases;
    bool busy = false;  // a delivery is under way
  };
  void deliver(const std::shared_ptr<Subscriber>& subscriber);
  void delivered(const std::shared_ptr<Subscriber>& subscriber, engine::Position place, bool go_on);

  engine::Runner& runner_;
  const engine::LedgerView& ledger_;
  const engine::BlobStore& blobs_;
  Executor loop_;
  std::list<std::shared_ptr<Subscriber>> subscribers_;
};

}  // namespace autoheal::workflows
