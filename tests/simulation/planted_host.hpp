// The machine as a healer with a planted bug would treat it: it does something else than it was asked for, and says
// that it did what it was asked for. No certification that relies on what it says can notice; only who looks at the
// files can.
#pragma once

#include <map>

#include "autoheal/workflows/testing/simulated_host.hpp"
#include "tests/simulation/host_over.hpp"
#include "tests/simulation/planted.hpp"
#include "tests/support/worlds/simulated_pool.hpp"

namespace autoheal::simulation {

class PlantedHost final : public HostOver {
 public:
  PlantedHost(workflows::testing::SimulatedHost& machine, Planted planted)
      : HostOver(machine), machine_(machine), planted_(planted) {
    machine_.overlooks_writers = planted == Planted::swapped_while_open;
  }

  // Engines in whose repair something of ours throws now.
  std::function<bool(const std::string& engine)> throws;

  Result<workflows::Observation> observe(const workflows::EngineSpec& spec,
                                         const workflows::ObserveRequest& request) override;
  std::vector<workflows::ChangeOutcome> apply(const workflows::EngineSpec& spec,
                                              std::span<const workflows::Change> changes, unsigned first_number,
                                              const workflows::EffectMark& mark) override;
  std::vector<workflows::UndoOutcome> restore(const workflows::EngineSpec& spec,
                                              std::span<const workflows::Change> changes, unsigned first_number,
                                              std::span<const workflows::ChangeOutcome> outcomes,
                                              const workflows::EffectMark& mark) override;
  std::vector<std::string> settle(const workflows::EngineSpec& spec, const workflows::SettleRequest& request) override;
  workflows::ProbeResult probe(const workflows::EngineSpec& spec, const workflows::Probe& probe,
                               const workflows::EffectMark& mark) override;
  workflows::ServiceStatus service_status(const workflows::EngineSpec& spec,
                                          const workflows::ServiceRepair& service) override;
  Result<std::vector<workflows::HashFinding>> hash(const workflows::EngineSpec& spec,
                                                   const workflows::HashRequest& request) override;
  Result<std::vector<workflows::TargetFacts>> look(const workflows::EngineSpec& spec,
                                                   const std::vector<std::string>& paths) override;
  Result<std::string> read(const workflows::EngineSpec& spec, const std::string& path) override;
  std::vector<workflows::FileInWriting> being_written(const workflows::EngineSpec& spec,
                                                      const std::vector<std::string>& paths,
                                                      const workflows::WritingQuestion& question) override;

 private:
  struct Lie {
    workflows::testing::SimulatedFile asked_for, done;
    workflows::TargetFacts told;
  };
  [[nodiscard]] std::optional<workflows::testing::SimulatedFile> done_instead(
      const workflows::Change& change, const std::optional<workflows::testing::SimulatedFile>& before,
      const workflows::testing::SimulatedFile& asked_for);
  [[nodiscard]] bool number_is_used(const std::string& pidfile) const;
  [[nodiscard]] const Lie* lie_of(const std::string& path) const;

  workflows::testing::SimulatedHost& machine_;
  const Planted planted_;
  std::map<std::string, Lie> lies_;  // by path
};

}  // namespace autoheal::simulation
