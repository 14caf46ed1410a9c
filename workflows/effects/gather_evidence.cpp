#include "autoheal/workflows/effects/gather_evidence.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "autoheal/engine/base/contained.hpp"
#include "autoheal/engine/base/placeholders.hpp"
#include "autoheal/workflows/effects/kept_output.hpp"
#include "autoheal/workflows/plan/document_judge.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::size_t longest_message_bytes = 250;  // of what a program says for itself

struct Cell {
  const TestSpec* test;
  TestCell cell;
};

TestResult run_cell(const Probing& probing, engine::BlobStore& blobs, const Cell& cell, const EffectMark& mark,
                    LastLines& lines) {
  const ProgramRun run = command_of(*cell.test, cell.cell);
  const RunOutcome ran = probing.host.run({run, mark, ChildPolicy::end_all});
  TestResult result;
  result.name = cell.cell.name;
  result.passed = ran.started && ran.exit_code == 0 && !ran.timed_out;
  result.exit_code = ran.exit_code;
  result.timed_out = ran.timed_out;
  result.program_sha256 = ran.program_sha256;
  result.user = ran.user;
  result.took = ran.took;
  if (!result.passed) {
    RunFailure why = failure_of(probing.secrets, ran);
    result.message = std::move(why.message);
    lines = std::move(why.last_lines);
  }
  result.output = keep_output(probing.secrets, blobs, what_it_printed(ran));
  return result;
}

std::vector<TestResult> run_tests(const Probing& probing, engine::BlobStore& blobs, const EngineSpec& spec,
                                  const EffectMark& mark, LastLines& of_first_failure) {
  std::vector<Cell> cells;
  for (const TestSpec& test : spec.certify.tests) {
    for (TestCell& cell : cells_of(test)) cells.push_back({&test, std::move(cell)});
  }
  std::vector<TestResult> results(cells.size());
  std::vector<LastLines> lines(cells.size());
  run_side_by_side(cells.size(), probing.at_once, [&](std::size_t index) {
    results[index] = run_cell(probing, blobs, cells[index], mark, lines[index]);
  });
  const auto failed = std::ranges::find_if_not(results, &TestResult::passed);
  if (failed != results.end() && of_first_failure.empty())
    of_first_failure = std::move(lines[static_cast<std::size_t>(failed - results.begin())]);
  return results;
}

// The files beside a database come and go with its users.
std::vector<std::string> changed_paths(const Plan& plan) {
  std::vector<std::string> paths;
  for (const Change& change : plan.changes) {
    if (change.kind != ChangeKind::state || change.after.kind != TargetKind::absent)
      paths.push_back(change.before.path);
  }
  return paths;
}

// State is no module: its users go on writing. Nor is a file that was only given its mode, such as a log.
std::vector<std::string> paths_to_hash(const Certify& effect) {
  std::vector<std::string> paths;
  for (const Change& change : effect.plan->changes) {
    const bool may_change = is_in_place(change) && !declares_content(change);
    if (change.kind != ChangeKind::state && !may_change) paths.push_back(change.before.path);
  }
  for (const ChangeOutcome& outcome : effect.outcomes) {
    for (const TargetFacts& facts : outcome.built) paths.push_back(facts.path);
  }
  return paths;
}

std::map<std::string, ReleaseFacts> verified_releases(Host& host, const EngineSpec& spec, const Plan& plan) {
  std::map<std::string, ReleaseFacts> releases;
  for (const Change& change : plan.changes) {
    const auto repair = std::ranges::find(spec.repair.release, change.before.path, &ReleaseRepair::link);
    if (change.kind != ChangeKind::release || repair == spec.repair.release.end() || change.named.empty()) continue;
    releases[repair->link] = host.check_release(spec, *repair, change.named.front());
  }
  return releases;
}

// Documents as they are now, against what the plan was made of.
std::vector<DocumentFinding> judged_now(const Probing& probing, engine::BlobStore& blobs, const EngineSpec& spec,
                                        const Certify& effect) {
  if (judged_documents(spec).empty() || effect.observation == nullptr || effect.observation->recovered) return {};
  std::vector<DocumentFinding> findings;
  if (const auto contents = contents_of(blobs, spec, *effect.observation)) {
    const auto now = [&](const std::string& path) { return probing.host.read(spec, path); };
    findings = judge_documents(spec, *effect.observation, *contents, now);
  } else {
    for (const std::string& path : judged_documents(spec)) findings.push_back({path, contents.error().message});
  }
  for (DocumentFinding& finding : findings) finding.problem = probing.secrets.mask(finding.problem);
  return findings;
}

std::vector<AuthorizedChange> authorizations(const Certify& effect) {
  std::vector<AuthorizedChange> authorized;
  for (const ChangeOutcome& outcome : effect.outcomes) {
    authorized.push_back({outcome.number, effect.principal, outcome.role, outcome.role == "admiral"});
  }
  return authorized;
}

std::string cut_to(std::string text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0U) == 0x80U) --longest;
  text.resize(longest);
  return text;
}

bool holds(const ProbeResult& result) {
  return !result.heal || result.verdict == ProbeVerdict::pass || result.verdict == ProbeVerdict::warning;
}

}  // namespace

ProgramRun command_of(const TestSpec& test, const TestCell& cell) {
  ProgramRun run = test.command;
  for (const auto& [name, value] : cell.variables) fill_in(run.argv, "{" + name + "}", value);
  return run;
}

void run_side_by_side(std::size_t count, unsigned at_once, const std::function<void(std::size_t)>& job) {
  std::atomic<std::size_t> next{0};
  std::mutex thrown_mutex;
  std::exception_ptr thrown;  // the first: it goes on where the jobs were asked for
  const auto work = [&, contained = checks_are_contained()] {
    std::optional<ContainedChecks> checks;
    if (contained) checks.emplace();
    try {
      for (std::size_t index = next++; index < count; index = next++) job(index);
    } catch (...) {
      next = count;
      const std::lock_guard lock(thrown_mutex);
      if (!thrown) thrown = std::current_exception();
    }
  };
  const std::size_t helpers = std::min<std::size_t>(count, std::max(1U, at_once));
  std::vector<std::jthread> threads;
  try {
    for (std::size_t index = 1; index < helpers; ++index) threads.emplace_back(work);
  } catch (const std::system_error&) {  // no thread is to be had: fewer do the same
  }
  work();
  threads.clear();
  if (thrown) std::rethrow_exception(thrown);
}

void tell_of_program(const std::function<std::string(std::string_view)>& mask, const Probe& probe,
                     ProbeResult& result) {
  result.message = mask(result.message);
  if (result.program_sha256.empty()) return;
  if (std::holds_alternative<CommandProbe>(probe.what) && result.verdict != ProbeVerdict::pass) {
    LastLines lines = last_lines(mask(result.printed));
    std::size_t length = 0, first = lines.size();
    while (first > 0 && length + lines[first - 1].size() <= longest_message_bytes) length += lines[--first].size();
    if (first == lines.size() && first > 0) {
      --first;
      lines[first] = cut_to(std::move(lines[first]), longest_message_bytes);
    }
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(first));
    result.message = with_lines(std::move(result.message), lines);
    return;
  }
  result.message = cut_to(std::move(result.message), longest_message_bytes);
}

std::vector<ProbeResult> run_probes(const Probing& probing, const EngineSpec& spec, const std::vector<Probe>& probes,
                                    const EffectMark& mark) {
  probing.secrets.learn_from_files(spec);
  std::vector<ProbeResult> results(probes.size());
  run_side_by_side(probes.size(), probing.at_once, [&](std::size_t index) {
    auto tested = contained("probe", [&] { return probing.host.probe(spec, probes[index], mark); });
    if (tested) {
      results[index] = std::move(*tested);
      return;
    }
    // Nothing is known of the engine: that starts no heal, and certifies none.
    results[index].name = probes[index].name;
    results[index].heal = probes[index].heal;
    results[index].message = sentence_of(tested.error());
  });
  for (std::size_t index = 0; index < results.size(); ++index)  // only now: what one read may be what another printed
    tell_of_program([&](std::string_view text) { return probing.secrets.mask(text); }, probes[index], results[index]);
  return results;
}

LastLines lines_of_failed(const HealSecrets& secrets, const std::vector<ProbeResult>& results) {
  const auto failed = std::ranges::find_if_not(results, holds);
  return failed == results.end() ? LastLines() : last_lines(secrets.mask(failed->printed));
}

bool all_hold(const std::vector<ProbeResult>& results) { return std::ranges::all_of(results, holds); }

Evidence gather_evidence(const Probing& probing, engine::BlobStore& blobs, const EngineSpec& spec,
                         const Certify& effect, Held held, const EffectMark& mark, LastLines& of_first_failure) {
  Evidence evidence;
  evidence.probes = std::move(held.probes);
  evidence.ports = std::move(held.ports);
  of_first_failure = lines_of_failed(probing.secrets, evidence.probes);
  for (ProbeResult& probe : evidence.probes)
    probe.output = keep_output(probing.secrets, blobs, std::exchange(probe.printed, {}));
  evidence.tests = run_tests(probing, blobs, spec, mark, of_first_failure);
  const std::vector<std::string> changed = changed_paths(*effect.plan);
  evidence.scanned = spec.certify.security.paths;
  if (auto findings = probing.host.scan(spec, spec.certify.security, changed)) {
    evidence.findings = std::move(*findings);
    for (SecurityFinding& finding : evidence.findings) finding.message = probing.secrets.mask(finding.message);
  } else {
    evidence.problem = findings.error().message;
  }
  evidence.authorized = authorizations(effect);
  // Hashes come last, so that nothing a test did goes unseen; then the targets once more.
  evidence.releases = verified_releases(probing.host, spec, *effect.plan);
  evidence.documents = judged_now(probing, blobs, spec, effect);
  if (auto hashes = probing.host.hash(spec, {spec.certify.hashes, paths_to_hash(effect)})) {
    evidence.hashes = std::move(*hashes);
  } else {
    evidence.problem = hashes.error().message;
  }
  if (auto targets = probing.host.look(spec, changed)) {
    evidence.targets = std::move(*targets);
  } else {
    evidence.problem = targets.error().message;
  }
  if (evidence.problem.empty()) evidence.problem = held.problem;
  evidence.problem = probing.secrets.mask(evidence.problem);
  return evidence;
}

}  // namespace autoheal::workflows
