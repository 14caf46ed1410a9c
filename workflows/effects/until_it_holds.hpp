// Waits until a repair has proved itself over time: its self-test holds, its process stays the same, and no other
// program answers in its place. It is inspected again and again; nothing runs between two inspections.
#pragma once

#include <optional>

#include "autoheal/workflows/effects/gather_evidence.hpp"

namespace autoheal::workflows {

inline constexpr Duration look_at_probes_every = std::chrono::milliseconds(100);

// That its process stays what it is: a port may be answered by what is left of the last run.
class SameRun {
 public:
  SameRun(Host& host, const EngineSpec& spec) : host_(host), spec_(spec) {}

  // Asks how it is now.
  const ServiceStatus& look();
  // Empty if it has been so since the first inspection, or was never known. After that status() is that of this look.
  std::string problem();
  [[nodiscard]] const ServiceStatus& status() const { return status_; }

 private:
  Host& host_;
  const EngineSpec& spec_;
  ServiceStatus status_;
  std::string run_;
};

// All given outlives it. After a service was touched (`polls`) it may need a while to come up: looked at until all
// probes pass, and on while they must hold; else once.
class UntilItHolds {
 public:
  UntilItHolds(const Probing& probing, const engine::Clock& clock, const EngineSpec& spec, bool polls, EffectMark mark);

  // Null: call again after look_at_probes_every. A result stays; if it held and time has passed since, it is inspected
  // once more.
  const Held* look();
  // No further look: what the newest one saw.
  const Held& give_up();

 private:
  bool is_decided(Held& held);
  bool has_come_and_gone(Duration now);
  void look_once_more();
  [[nodiscard]] std::vector<PortFinding> port_holders() const;

  Probing probing_;
  const engine::Clock& clock_;
  const EngineSpec& spec_;
  bool polls_;
  EffectMark mark_;
  std::vector<Probe> probes_;
  Duration began_;
  SameRun run_;
  std::optional<Duration> holds_since_, gone_since_;
  bool came_up_ = false;   // its process was seen
  Duration looked_at_{0};  // when `held_` was found
  Held held_;
  bool decided_ = false;
};

}  // namespace autoheal::workflows
