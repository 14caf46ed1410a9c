#include "tools/host/service/systemctl.hpp"

#include <map>
#include <thread>

namespace autoheal::host {

namespace {

constexpr Duration systemctl_limit = std::chrono::seconds(10);
constexpr const char* shown_properties =
    "--property=LoadState,LoadError,ActiveState,SubState,InvocationID,Job,Result,Type,MainPID,NRestarts,"
    "ExecMainStatus,ExecMainCode,TimeoutStartUSec,TimeoutStopUSec,RestartUSec";

}  // namespace

UnitFacts facts_of_show(std::string_view printed) {
  std::map<std::string, std::string> told;
  while (!printed.empty()) {
    const std::string_view line = printed.substr(0, printed.find('\n'));
    printed.remove_prefix(std::min(line.size() + 1, printed.size()));
    if (const auto equals = line.find('='); equals != std::string_view::npos)
      told[std::string(line.substr(0, equals))] = line.substr(equals + 1);
  }
  UnitFacts facts;
  facts.load_state = told["LoadState"];
  facts.load_error = told["LoadError"];
  facts.active_state = told["ActiveState"];
  facts.sub_state = told["SubState"];
  facts.result = told["Result"];
  facts.type = told["Type"];
  facts.invocation = told["InvocationID"];
  if (const std::string& job = told["Job"]; !job.empty() && job != "0") facts.job = "?";
  facts.main_pid = number_in(told["MainPID"]);
  facts.main_status = static_cast<int>(number_in(told["ExecMainStatus"]));
  facts.by_signal = told["ExecMainCode"] == "2" || told["ExecMainCode"] == "3";  // CLD_KILLED, CLD_DUMPED
  facts.restarts = static_cast<unsigned>(number_in(told["NRestarts"]));
  facts.start_limit = time_of(told["TimeoutStartUSec"]);
  facts.stop_limit = time_of(told["TimeoutStopUSec"]);
  facts.restart_pause = time_of(told["RestartUSec"]);
  return facts;
}

workflows::RunOutcome Systemctl::run(std::vector<std::string> arguments, Duration limit, bool leaves) const {
  workflows::RunRequest request = request_;
  arguments.insert(arguments.begin(), request_.run.argv.front());
  request.run.argv = std::move(arguments);
  request.run.unit.clear();
  request.run.timeout = limit;
  request.children = leaves ? request_.children : workflows::ChildPolicy::end_all;
  return run_(request);
}

Result<UnitFacts> Systemctl::look(const std::string& unit) {
  const auto ran = run({"show", shown_properties, unit}, systemctl_limit, false);
  return ran.exit_code == 0 ? facts_of_show(ran.standard_output) : UnitFacts{};
}

void Systemctl::reset_failed(const std::string& unit) { (void)run({"reset-failed", unit}, systemctl_limit, false); }

Result<void> Systemctl::order(UnitVerb verb, const std::string& unit) {
  const auto ran = run({std::string(name_of(verb)), "--no-block", unit}, systemctl_limit, true);
  if (ran.started && ran.exit_code == 0) return {};
  return failure(ErrorKind::refused, ran.standard_error.empty() ? ran.message : ran.standard_error);
}

void Systemctl::wait(Duration at_most) { std::this_thread::sleep_for(at_most); }

workflows::RunOutcome Systemctl::order_and_wait(UnitVerb verb, const std::string& unit, Duration limit) {
  return run({std::string(name_of(verb)), unit}, limit, true);
}

}  // namespace autoheal::host
