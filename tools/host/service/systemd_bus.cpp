#include "tools/host/service/systemd_bus.hpp"

#include <fmt/core.h>

#include <array>
#include <csignal>

namespace autoheal::host {

namespace {

constexpr std::array<std::string_view, 17> unit_properties = {"LoadState",        "LoadError",
                                                              "ActiveState",      "SubState",
                                                              "InvocationID",     "Job",
                                                              "Result",           "Type",
                                                              "MainPID",          "NRestarts",
                                                              "ExecMainStatus",   "ExecMainCode",
                                                              "TimeoutStartUSec", "TimeoutStopUSec",
                                                              "RestartUSec",      "Id",
                                                              "ControlPID"};

std::optional<Duration> limit_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text == "infinity" ? without_end : Duration(number_in(text));
}

UnitFacts facts_of_unit(BusProperties properties) {
  const auto first = [&](const char* key) { return properties[key].first; };
  UnitFacts facts;
  facts.load_state = first("LoadState");
  facts.load_error = properties["LoadError"].second;
  facts.active_state = first("ActiveState");
  facts.sub_state = first("SubState");
  facts.result = first("Result");
  facts.type = first("Type");
  facts.invocation = first("InvocationID");
  facts.main_pid = number_in(first("MainPID"));
  facts.restarts = static_cast<unsigned>(number_in(first("NRestarts")));
  facts.main_status = static_cast<int>(number_in(first("ExecMainStatus")));
  const long code = number_in(first("ExecMainCode"));
  facts.by_signal = code == CLD_KILLED || code == CLD_DUMPED;
  facts.start_limit = limit_of(first("TimeoutStartUSec"));
  facts.stop_limit = limit_of(first("TimeoutStopUSec"));
  facts.restart_pause = limit_of(first("RestartUSec"));
  return facts;
}

const char* method_of(UnitVerb verb) {
  switch (verb) {
    case UnitVerb::start:
      return "StartUnit";
    case UnitVerb::stop:
      return "StopUnit";
    case UnitVerb::restart:
      return "RestartUnit";
    case UnitVerb::reload:
      return "ReloadUnit";
    case UnitVerb::reload_or_restart:
      return "ReloadOrRestartUnit";
  }
  return "StartUnit";
}

}  // namespace

SystemdBus::SystemdBus() {
  bus_.on_job = [this](const JobSignal& signal) {
    if (signal.ended && signal.job == job_) result_ = signal.result;
  };
}

// Units that do not run are not kept in memory, so each look loads the unit first.
Result<UnitFacts> SystemdBus::look(const std::string& unit) {
  const auto path = bus_.ask_manager("LoadUnit", {whole_unit_name(unit)});
  AUTOHEAL_TRY(path);
  auto properties = bus_.properties(*path, unit_properties);
  AUTOHEAL_TRY(properties);
  const BusProperty job = (*properties)["Job"];
  UnitFacts facts = facts_of_unit(std::move(*properties));
  if (!facts.told())
    return failure(ErrorKind::unavailable, fmt::format("systemd does not report the state of {}", unit));
  if (!job.first.empty())
    facts.job = bus_.property(job.second, "org.freedesktop.systemd1.Job", "JobType").value_or("?");
  return facts;
}

void SystemdBus::reset_failed(const std::string& unit) {
  (void)bus_.ask_manager("ResetFailedUnit", {whole_unit_name(unit)});
}

// Nothing that is queued is replaced: who asked for it knows why.
Result<void> SystemdBus::order(UnitVerb verb, const std::string& unit) {
  result_.clear();
  auto job = bus_.ask_manager(method_of(verb), {whole_unit_name(unit), "fail"});
  AUTOHEAL_TRY(job);
  job_ = std::move(*job);
  return {};
}

workflows::RunOutcome SystemdBus::order_and_wait(UnitVerb, const std::string&, Duration) {
  workflows::RunOutcome outcome;  // looks tell, or fail
  outcome.message = "systemd does not tell how units are";
  return outcome;
}

}  // namespace autoheal::host
