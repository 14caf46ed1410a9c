#include "tools/autoheal/reproduce/recorded_dependencies.hpp"

#include <algorithm>

#include "autoheal/workflows/plan/certification.hpp"
#include "autoheal/workflows/plan/release_choice.hpp"
#include "autoheal/workflows/spec/visit_spec.hpp"

namespace autoheal::cli {

using namespace workflows;  // the words of a heal stand on every line here

namespace {

class MarkedPrograms {
 public:
  MarkedPrograms(const replay::Course& course, const EngineSpec& spec) : root_(spec.root + "/") {
    for (const auto& [number, attempt] : course.attempts) {
      if (attempt.plan) add_acts(attempt);
      if (attempt.evidence) add_evidence(spec, *attempt.evidence);
    }
  }
  std::map<std::string, engine::BlobName> take() { return std::move(programs_); }

 private:
  void add(const ProgramRun& run, const engine::BlobName& digest) {
    if (!run.reproducible || digest.empty() || !run.argv.front().starts_with(root_)) return;
    programs_.try_emplace(run.argv.front().substr(root_.size()), digest);
  }
  void add_acts(const replay::Attempt& attempt) {
    for (std::size_t index = 0; index < attempt.plan->acts.size(); ++index) {
      const auto number = static_cast<unsigned>(attempt.plan->changes.size() + index + 1);
      const auto outcome = attempt.outcomes.find(number);
      const Act& act = attempt.plan->acts[index];
      if (outcome != attempt.outcomes.end() && !act.call) add(act.run, outcome->second.program_sha256);
    }
  }
  void add_evidence(const EngineSpec& spec, const Evidence& evidence) {
    for (const TestSpec& test : spec.certify.tests) {
      for (const TestCell& cell : cells_of(test)) {
        const auto result = std::ranges::find(evidence.tests, cell.name, &TestResult::name);
        if (result != evidence.tests.end()) add(test.command, result->program_sha256);
      }
    }
    for_each_probe(spec, [&](const Probe& probe) {
      const auto result = std::ranges::find(evidence.probes, probe.name, &ProbeResult::name);
      const ProgramRun* run = program_of(probe);
      if (run != nullptr && result != evidence.probes.end()) add(*run, result->program_sha256);
    });
  }

  std::string root_;
  std::map<std::string, engine::BlobName> programs_;
};

}  // namespace

std::map<std::string, engine::BlobName> other_modules(const replay::Course& course) {
  std::map<std::string, engine::BlobName> modules;
  for (const auto& [number, attempt] : course.attempts) {
    if (!attempt.evidence) continue;
    for (const HashFinding& hash : attempt.evidence->hashes) {
      if (!hash.digest.empty()) modules.try_emplace(hash.path, hash.digest);
    }
  }
  for (const auto& [number, attempt] : course.attempts) {
    for (const auto& [change, outcome] : attempt.outcomes) {
      for (const TargetFacts& built : outcome.built) modules.erase(built.path);  // not there when the heal began
    }
  }
  return modules;
}

std::map<std::string, engine::BlobName> marked_programs(const replay::Course& course, const EngineSpec& spec) {
  return MarkedPrograms(course, spec).take();
}

std::map<std::string, std::set<std::string>> releases_within_reach(const replay::Course& course,
                                                                   const EngineSpec& spec) {
  std::map<std::string, std::set<std::string>> reach;
  for (const auto& [number, attempt] : course.attempts) {
    if (!attempt.observation) continue;
    for (const auto& [link, releases] : attempt.observation->releases) {
      for (const ReleaseFacts& release : releases.checked) reach[link].insert(release.name);
    }
    for (const ReleaseRepair& repair : spec.repair.release) {
      const auto facts = std::ranges::find(attempt.observation->targets, repair.link, &TargetFacts::path);
      if (facts == attempt.observation->targets.end()) continue;
      if (const auto linked = linked_release(repair, spec.root, facts->link_target))
        reach[repair.link].insert(linked->name);
    }
  }
  return reach;
}

}  // namespace autoheal::cli
