// Stands beside the simulated machine and sees what repairs do to its files, whatever they say that they did.
#pragma once

#include <functional>

#include "autoheal/workflows/testing/simulated_host.hpp"
#include "tests/simulation/host_over.hpp"
#include "tests/simulation/life_record.hpp"

namespace autoheal::simulation {

class WitnessHost final : public HostOver {
 public:
  WitnessHost(workflows::Host& under, const workflows::testing::SimulatedHost& machine)
      : HostOver(under), machine_(machine) {}

  std::function<void(SeenChange)> changed;
  std::vector<std::string> named;  // what had to stay beside its target

  std::vector<workflows::ChangeOutcome> apply(const workflows::EngineSpec& spec,
                                              std::span<const workflows::Change> changes, unsigned first_number,
                                              const workflows::EffectMark& mark) override {
    std::vector<SeenChange> seen;
    for (const workflows::Change& change : changes) {
      SeenChange& one = seen.emplace_back();
      one.engine = spec.name;
      one.path = change.before.path;
      one.before = machine_.file(one.path);
    }
    auto outcomes = under_.apply(spec, changes, first_number, mark);
    for (SeenChange& one : seen) {
      one.after = machine_.file(one.path);
      if (changed && one.after != one.before) changed(std::move(one));
    }
    return outcomes;
  }
  std::vector<std::string> settle(const workflows::EngineSpec& spec, const workflows::SettleRequest& request) override {
    auto kept = under_.settle(spec, request);
    named.insert(named.end(), kept.begin(), kept.end());
    return kept;
  }

 private:
  const workflows::testing::SimulatedHost& machine_;
};

}  // namespace autoheal::simulation
