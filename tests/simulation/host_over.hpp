// A host that does what another one does: what stands between them changes the calls that it is about.
#pragma once

#include "autoheal/workflows/effects/host.hpp"

namespace autoheal::simulation {

class HostOver : public workflows::Host {
 public:
  explicit HostOver(workflows::Host& under) : under_(under) {}

  Result<workflows::Observation> observe(const workflows::EngineSpec& spec,
                                         const workflows::ObserveRequest& request) override {
    return under_.observe(spec, request);
  }
  std::vector<workflows::ChangeOutcome> apply(const workflows::EngineSpec& spec,
                                              std::span<const workflows::Change> changes, unsigned first_number,
                                              const workflows::EffectMark& mark) override {
    return under_.apply(spec, changes, first_number, mark);
  }
  std::vector<workflows::UndoOutcome> restore(const workflows::EngineSpec& spec,
                                              std::span<const workflows::Change> changes, unsigned first_number,
                                              std::span<const workflows::ChangeOutcome> outcomes,
                                              const workflows::EffectMark& mark) override {
    return under_.restore(spec, changes, first_number, outcomes, mark);
  }
  std::vector<std::string> settle(const workflows::EngineSpec& spec, const workflows::SettleRequest& request) override {
    return under_.settle(spec, request);
  }
  workflows::RunOutcome run(const workflows::RunRequest& request) override { return under_.run(request); }
  workflows::CallOutcome call(const workflows::HttpCall& call, const std::string& key) override {
    return under_.call(call, key);
  }
  Result<std::vector<workflows::TargetFacts>> outputs(const workflows::EngineSpec& spec,
                                                      const std::vector<std::string>& globs) override {
    return under_.outputs(spec, globs);
  }
  workflows::ReleaseFacts check_release(const workflows::EngineSpec& spec, const workflows::ReleaseRepair& repair,
                                        const std::string& name) override {
    return under_.check_release(spec, repair, name);
  }
  workflows::ProbeResult probe(const workflows::EngineSpec& spec, const workflows::Probe& probe,
                               const workflows::EffectMark& mark) override {
    return under_.probe(spec, probe, mark);
  }
  workflows::ServiceStatus service_status(const workflows::EngineSpec& spec,
                                          const workflows::ServiceRepair& service) override {
    return under_.service_status(spec, service);
  }
  workflows::PortFinding port_holder(const workflows::EngineSpec& spec, const workflows::ServiceRepair& service,
                                     const workflows::ServiceStatus& status, const workflows::Probe& probe) override {
    return under_.port_holder(spec, service, status, probe);
  }
  Result<std::vector<workflows::HashFinding>> hash(const workflows::EngineSpec& spec,
                                                   const workflows::HashRequest& request) override {
    return under_.hash(spec, request);
  }
  Result<std::vector<workflows::SecurityFinding>> scan(const workflows::EngineSpec& spec,
                                                       const workflows::SecuritySpec& policy,
                                                       const std::vector<std::string>& touched) override {
    return under_.scan(spec, policy, touched);
  }
  Result<std::vector<workflows::TargetFacts>> look(const workflows::EngineSpec& spec,
                                                   const std::vector<std::string>& paths) override {
    return under_.look(spec, paths);
  }
  Result<std::string> read(const workflows::EngineSpec& spec, const std::string& path) override {
    return under_.read(spec, path);
  }
  std::vector<workflows::FileInWriting> being_written(const workflows::EngineSpec& spec,
                                                      const std::vector<std::string>& paths,
                                                      const workflows::WritingQuestion& question) override {
    return under_.being_written(spec, paths, question);
  }
  std::size_t end_marked(const workflows::EffectMark& mark) override { return under_.end_marked(mark); }

 protected:
  workflows::Host& under_;
};

}  // namespace autoheal::simulation
