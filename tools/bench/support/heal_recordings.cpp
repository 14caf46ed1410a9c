#include "tools/bench/support/heal_recordings.hpp"

#include "autoheal/workflows/testing/simulated_host.hpp"
#include "tools/bench/support/heal_machine_fixture.hpp"

namespace autoheal::bench {

namespace {

using workflows::EngineSpec;
using workflows::Strategy;
using workflows::testing::SimulatedHost;
using Course = HealRecording::Course;

constexpr const char* right = "port = 8080\nworkers = 4\nlog_level = info\n";
constexpr const char* wrong = "port = oops\n";

workflows::ProgramRun runs(std::vector<std::string> argv) {
  workflows::ProgramRun run;
  run.argv = std::move(argv);
  return run;
}

workflows::Probe probe(std::string name, decltype(workflows::Probe::what) what) {
  workflows::Probe one;
  one.name = std::move(name);
  one.what = std::move(what);
  return one;
}

SimulatedHost::Program ends_with(std::function<int()> status) {
  return [status = std::move(status)](const workflows::RunRequest&) {
    workflows::RunOutcome outcome;
    outcome.exit_code = status();
    outcome.standard_output = "2 of 2 checks\n";
    return outcome;
  };
}

// One engine of each strategy, and a certification with a test of two cells, hashes and a scan: as in the README.
class Scenarios {
 public:
  Scenarios(SimulatedHost& host, store::Vault& vault) : host_(host), vault_(vault) {}

  EngineSpec engine(Strategy strategy) {
    EngineSpec spec;
    spec.name = RecordedText::engine;
    spec.root = "/srv/app";
    spec.strategy = strategy;
    spec.healing.retry_delay = Duration{0};
    workflows::TestSpec smoke;
    smoke.name = "smoke";
    smoke.command = runs({"/srv/app/tests/smoke", "{mode}"});
    smoke.matrix = {{"mode", {"fast", "full"}}};
    spec.certify.tests = {smoke};
    host_.install("/srv/app/tests/smoke", ends_with([this] { return smoke_fails > 0 ? (--smoke_fails, 1) : 0; }));
    break_it(spec);
    return spec;
  }

  int smoke_fails = 0;  // how many more runs of the test fail

 private:
  void break_it(EngineSpec& spec) {
    switch (spec.strategy) {
      case Strategy::arie:
        return break_file(spec);
      case Strategy::chimera:
        return break_release(spec);
      case Strategy::cascade:
        return break_state(spec);
      case Strategy::generic:
        return break_service(spec);
    }
  }

  void break_file(EngineSpec& spec) {
    host_.write("etc/app.conf", wrong, 0666);
    const auto baseline = *vault_.put(right, engine::BlobNaming::plain);
    spec.repair.files = {{"etc/app.conf", "baseline/app.conf", baseline, 0640, {}, {}}};
    spec.certify.hashes = {"etc/app.conf"};
    spec.certify.security.paths = {"etc"};
    spec.self_test = {probe("config", workflows::FileProbe{"etc/app.conf", "baseline/app.conf", baseline, {}, {}, {}})};
  }

  void break_release(EngineSpec& spec) {
    host_.make_link("current", "./releases/1.10/app");
    host_.releases["releases"] = {{"1.2", ""}, {"1.9", ""}, {"1.10", ""}};
    spec.repair.release = {{"current", "releases"}};
    spec.self_test = {works([this] { return host_.file("current")->link_target != "./releases/1.10/app"; })};
  }

  void break_state(EngineSpec& spec) {
    host_.write("app.db", "sqlite: no table", 0640);
    host_.snapshots["/snapshots"] = {
        {"new", "cut off", {}}, {"old", "sqlite: users", {}}, {"older", "sqlite: users", {}}};
    spec.repair.state = {{"app.db", "/snapshots"}};
    spec.self_test = {works([this] { return host_.content("app.db") == "sqlite: users"; })};
  }

  void break_service(EngineSpec& spec) {
    host_.set_service("run/app.pid", false);
    host_.install("/srv/app/bin/app", ends_with([this] {
                    host_.set_service("run/app.pid", true);
                    return 0;
                  }));
    workflows::ServiceRepair service;
    service.start = runs({"/srv/app/bin/app", "start"});
    service.stop = runs({"/srv/app/bin/app", "stop"});
    service.pidfile = "run/app.pid";
    spec.repair.service = service;
    spec.self_test = {probe("process", workflows::ProcessProbe{"run/app.pid"})};
  }

  workflows::Probe works(const std::function<bool()>& holds) {
    host_.install("/srv/app/tests/works", ends_with([holds] { return holds() ? 0 : 1; }));
    return probe("works", workflows::CommandProbe{runs({"/srv/app/tests/works"})});
  }

  SimulatedHost& host_;
  store::Vault& vault_;
};

Result<HealRecording> recording_of(const store::SqliteLedger& ledger, const std::string& heal, Strategy strategy,
                                   Course course) {
  const auto entries = ledger.read_stream(heal, 1);
  AUTOHEAL_TRY(entries);
  HealRecording recording{std::string(name_of(strategy)), course, {}};
  unsigned commit = 0;
  Timestamp time = entries->front().time;
  for (const engine::Entry& entry : *entries) {
    if (entry.time != std::exchange(time, entry.time)) ++commit;
    recording.entries.push_back({entry.type, entry.dataversion, commit, RecordedText(entry.data)});
  }
  return recording;
}

class Recorder {
 public:
  explicit Recorder(HealMachineFixture& fixture, SimulatedHost& host)
      : fixture_(fixture), scenarios_(host, fixture.vault()) {}

  Result<void> record(Strategy strategy, Course course, int smoke_fails, workflows::TestFailure failure = {}) {
    if (auto added = fixture_.add_engine(scenarios_.engine(strategy)); !added) return added;
    scenarios_.smoke_fails = smoke_fails;
    if (failure.error.empty()) failure.error = "config: etc/app.conf differs from its baseline baseline/app.conf";
    workflows::By by;
    by.principal = RecordedText::principal;
    by.role = "admiral";
    by.via = RecordedText::via;
    const auto result = fixture_.heal_once(std::string(RecordedText::engine), std::move(failure), by);
    const bool as_meant =
        (course == Course::at_once || course == Course::retried) == (result.ending == workflows::HealEnding::certified);
    if (!as_meant) {
      return failure_of("a heal of " + std::string(name_of(strategy)) + " took another course: " + result.reason +
                        result.error);
    }
    auto recording = recording_of(fixture_.ledger(), result.heal, strategy, course);
    AUTOHEAL_TRY(recording);
    recordings.push_back(std::move(*recording));
    return {};
  }

  std::vector<HealRecording> recordings;

 private:
  static std::unexpected<Error> failure_of(std::string sentence) {
    return autoheal::failure(ErrorKind::failed, std::move(sentence));
  }

  HealMachineFixture& fixture_;
  Scenarios scenarios_;
};

}  // namespace

Result<std::vector<HealRecording>> record_heals(const std::filesystem::path& folder) {
  SimulatedHost* host = nullptr;
  auto fixture = HealMachineFixture::open(
      folder,
      [&](engine::BlobStore& blobs) {
        auto made = std::make_unique<SimulatedHost>(blobs);
        host = made.get();
        return made;
      },
      1);
  AUTOHEAL_TRY(fixture);
  Recorder recorder(**fixture, *host);
  for (const Strategy strategy : {Strategy::arie, Strategy::chimera, Strategy::cascade, Strategy::generic}) {
    AUTOHEAL_TRY(recorder.record(strategy, Course::at_once, 0));
    AUTOHEAL_TRY(recorder.record(strategy, Course::retried, 1));
    AUTOHEAL_TRY(recorder.record(strategy, Course::exhausted, 1000));
    AUTOHEAL_TRY(recorder.record(strategy, Course::never_began, 0, {.failed_dependency = "billing-db"}));
    AUTOHEAL_TRY(recorder.record(strategy, Course::never_began, 0, {.flapping = true}));
  }
  return std::move(recorder.recordings);
}

}  // namespace autoheal::bench
