// When a simulated process dies: every call to the machine and to the ledger is a moment at which it may, right before
// the call takes effect or right after.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>

#include "autoheal/workflows/effects/host.hpp"
#include "tests/support/worlds/simulated_pool.hpp"

namespace autoheal::simulation {

class Fate {
 public:
  // It lives so many moments more.
  void dies_after(std::size_t moments) { left_ = moments; }
  void lives_on() { left_ = std::numeric_limits<std::size_t>::max(); }
  // True once that moment has come, and from then on.
  [[nodiscard]] bool has_come() {
    if (left_ > 0) --left_;
    return left_ == 0;
  }

 private:
  std::size_t left_ = std::numeric_limits<std::size_t>::max();
};

// The machine as a mortal process sees it. On a job's thread only.
class MortalHost final : public workflows::Host {
  template <class Call>
  auto mortal(const Call& call) {
    if (fate_.has_come()) throw autoheal::testing::ProcessDied();
    auto outcome = call();
    if (fate_.has_come()) throw autoheal::testing::ProcessDied();
    return outcome;
  }

 public:
  MortalHost(workflows::Host& host, Fate& fate) : host_(host), fate_(fate) {}

  // Planted: what tests would say is not asked for.
  bool tests_always_pass = false;

  Result<workflows::Observation> observe(const workflows::EngineSpec& spec,
                                         const workflows::ObserveRequest& request) override {
    return mortal([&] { return host_.observe(spec, request); });
  }
  std::vector<workflows::ChangeOutcome> apply(const workflows::EngineSpec& spec,
                                              std::span<const workflows::Change> changes, unsigned first_number,
                                              const workflows::EffectMark& mark) override {
    return mortal([&] { return host_.apply(spec, changes, first_number, mark); });
  }
  std::vector<workflows::UndoOutcome> restore(const workflows::EngineSpec& spec,
                                              std::span<const workflows::Change> changes, unsigned first_number,
                                              std::span<const workflows::ChangeOutcome> outcomes,
                                              const workflows::EffectMark& mark) override {
    return mortal([&] { return host_.restore(spec, changes, first_number, outcomes, mark); });
  }
  std::vector<std::string> settle(const workflows::EngineSpec& spec, const workflows::SettleRequest& request) override {
    return mortal([&] { return host_.settle(spec, request); });
  }
  workflows::RunOutcome run(const workflows::RunRequest& request) override {
    if (tests_always_pass && request.run.argv.front().starts_with("/tests/")) {
      workflows::RunOutcome passed;
      passed.started = true;
      passed.exit_code = 0;
      passed.program_sha256 = "sha256:planted";
      return passed;
    }
    return mortal([&] { return host_.run(request); });
  }
  workflows::CallOutcome call(const workflows::HttpCall& call, const std::string& key) override {
    return mortal([&] { return host_.call(call, key); });
  }
  Result<std::vector<workflows::TargetFacts>> outputs(const workflows::EngineSpec& spec,
                                                      const std::vector<std::string>& globs) override {
    return mortal([&] { return host_.outputs(spec, globs); });
  }
  workflows::ReleaseFacts check_release(const workflows::EngineSpec& spec, const workflows::ReleaseRepair& repair,
                                        const std::string& name) override {
    return mortal([&] { return host_.check_release(spec, repair, name); });
  }
  workflows::ProbeResult probe(const workflows::EngineSpec& spec, const workflows::Probe& probe,
                               const workflows::EffectMark& mark) override {
    return mortal([&] { return host_.probe(spec, probe, mark); });
  }
  workflows::ServiceStatus service_status(const workflows::EngineSpec& spec,
                                          const workflows::ServiceRepair& service) override {
    return mortal([&] { return host_.service_status(spec, service); });
  }
  workflows::PortFinding port_holder(const workflows::EngineSpec& spec, const workflows::ServiceRepair& service,
                                     const workflows::ServiceStatus& status, const workflows::Probe& probe) override {
    return mortal([&] { return host_.port_holder(spec, service, status, probe); });
  }
  Result<std::vector<workflows::HashFinding>> hash(const workflows::EngineSpec& spec,
                                                   const workflows::HashRequest& request) override {
    return mortal([&] { return host_.hash(spec, request); });
  }
  Result<std::vector<workflows::SecurityFinding>> scan(const workflows::EngineSpec& spec,
                                                       const workflows::SecuritySpec& policy,
                                                       const std::vector<std::string>& touched) override {
    return mortal([&] { return host_.scan(spec, policy, touched); });
  }
  Result<std::vector<workflows::TargetFacts>> look(const workflows::EngineSpec& spec,
                                                   const std::vector<std::string>& paths) override {
    return mortal([&] { return host_.look(spec, paths); });
  }
  // Reads, and changes nothing: to die here is to die at the call before or behind it.
  std::vector<workflows::FileInWriting> being_written(const workflows::EngineSpec& spec,
                                                      const std::vector<std::string>& paths,
                                                      const workflows::WritingQuestion& question) override {
    return host_.being_written(spec, paths, question);
  }
  Result<std::string> read(const workflows::EngineSpec& spec, const std::string& path) override {
    return mortal([&] { return host_.read(spec, path); });
  }
  std::size_t end_marked(const workflows::EffectMark& mark) override {
    return mortal([&] { return host_.end_marked(mark); });
  }

 private:
  workflows::Host& host_;
  Fate& fate_;
};

}  // namespace autoheal::simulation
