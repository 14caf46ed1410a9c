// The answers of the simulated machine to those who test and certify: probes, hashes and security rules.
#include <algorithm>
#include <variant>

#include "autoheal/workflows/judge/env_judge.hpp"
#include "autoheal/workflows/judge/settings_probe.hpp"
#include "autoheal/workflows/plan/security_rules.hpp"
#include "autoheal/workflows/testing/simulated_host.hpp"
#include "autoheal/workflows/text/glob.hpp"

namespace autoheal::workflows::testing {

namespace {

ProbeVerdict verdict_of_plugin(const PluginProbe& plugin, const RunOutcome& ran) {
  if (!ran.started || ran.timed_out || ran.exit_code > 2 || ran.exit_code < 0) return ProbeVerdict::unknown;
  if (ran.exit_code == 1) return plugin.warning_fails ? ProbeVerdict::fail : ProbeVerdict::warning;
  return ran.exit_code == 0 ? ProbeVerdict::pass : ProbeVerdict::fail;
}

}  // namespace

static_assert(std::variant_size_v<decltype(Probe::what)> == 9,
              "a new kind of probe is judged here and in tools/host/real_host.cpp");

std::string SimulatedHost::judge(const EngineSpec& spec, const Probe& probe, const EffectMark& mark,
                                 ProbeResult& result) {
  ProbeVerdict& verdict = result.verdict;
  verdict = ProbeVerdict::unknown;
  if (std::string trouble = observer_fails ? observer_fails(spec.name) : ""; !trouble.empty()) return trouble;
  verdict = ProbeVerdict::fail;
  if (const auto* file = std::get_if<FileProbe>(&probe.what)) {
    const std::lock_guard lock(mutex_);
    const TargetFacts now = facts(spec, file->path);
    if (now.kind != TargetKind::file) return file->path + " is missing";
    if (!file->baseline.empty() && now.digest != file->baseline)
      return file->path + " differs from " + file->baseline_path;
    if (file->mode && now.mode != *file->mode) return file->path + " has another mode";
  } else if (const auto* env = std::get_if<EnvProbe>(&probe.what)) {
    const auto problems = judge_env_probe(content(env->file), env->require, env->equals, env->dialect);
    if (!problems.empty()) return env->file + ": " + problems.front();
  } else if (const auto* settings = std::get_if<SettingsProbe>(&probe.what)) {
    if (const std::string problem = unlike_settings(content(settings->file), *settings, spec.secrets); !problem.empty())
      return settings->file + ": " + problem;
  } else if (const auto* process = std::get_if<ProcessProbe>(&probe.what)) {
    if (!process->unit.empty() && unit_state(process->unit) != ServiceState::running)
      return process->unit + " " + in_words(unit_state(process->unit));
    if (process->unit.empty() && !process_runs(process->pidfile))
      return "the process of " + process->pidfile + " does not run";
  } else if (const auto* link = std::get_if<LinkProbe>(&probe.what)) {
    const std::lock_guard lock(mutex_);
    const TargetFacts now = facts(spec, link->path);
    if (now.kind != TargetKind::link || now.link_target != link->target)
      return link->path + " does not point to " + link->target;
  } else if (const auto* tcp = std::get_if<TcpProbe>(&probe.what)) {
    const std::lock_guard lock(mutex_);
    if (!reachable_.contains(tcp->host + ":" + std::to_string(tcp->port))) return tcp->host + " refused the connection";
  } else if (const auto* http = std::get_if<HttpProbe>(&probe.what)) {
    const std::lock_guard lock(mutex_);
    if (!reachable_.contains(http->url)) return http->url + " does not answer";
  } else {
    const auto* command = std::get_if<CommandProbe>(&probe.what);
    const ProgramRun& run_of = command != nullptr ? command->run : std::get<PluginProbe>(probe.what).run;
    const RunOutcome ran = run({run_of, mark});
    result.program_sha256 = ran.program_sha256;
    result.exit_code = ran.exit_code;
    result.printed = ran.standard_output + ran.standard_error;
    if (command == nullptr) verdict = verdict_of_plugin(std::get<PluginProbe>(probe.what), ran);
    if (verdict == ProbeVerdict::warning) return "warning";
    if (ran.no_room) verdict = ProbeVerdict::unknown;
    if (!ran.started || ran.exit_code != 0)
      return ran.message.empty() ? "exit status " + std::to_string(ran.exit_code) : ran.message;
  }
  verdict = ProbeVerdict::pass;
  return {};
}

ProbeResult SimulatedHost::probe(const EngineSpec& spec, const Probe& probe, const EffectMark& mark) {
  ProbeResult result;
  result.name = probe.name;
  result.heal = probe.heal;
  result.message = judge(spec, probe, mark, result);
  return result;
}

Result<std::vector<HashFinding>> SimulatedHost::hash(const EngineSpec& spec, const HashRequest& request) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> found;
  for (const auto& [path, file] : files_) {
    if (request.globs.empty()) break;  // a machine of many engines is not walked for one
    const bool matched =
        std::ranges::any_of(request.globs, [&](const std::string& glob) { return glob_matches(glob, path); });
    if (matched && file.kind == TargetKind::file) found[path] = facts(spec, path).digest;
  }
  for (const std::string& path : request.paths) {
    const TargetFacts seen = facts(spec, path);
    const bool is_link = seen.kind == TargetKind::link;
    found[path] = is_link ? blobs_.name_of("link:" + seen.link_target, engine::BlobNaming::plain) : seen.digest;
  }
  std::vector<HashFinding> findings;
  for (auto& [path, digest] : found) findings.push_back({path, std::move(digest)});
  return findings;
}

Result<std::vector<SecurityFinding>> SimulatedHost::scan(const EngineSpec&, const SecuritySpec& policy,
                                                         const std::vector<std::string>& touched) {
  const std::lock_guard lock(mutex_);
  std::vector<SecurityFinding> findings;
  if (policy.paths.empty() && !policy.max_mode && policy.forbid.empty()) return findings;
  for (const auto& [path, file] : files_) {
    const auto below = [&](const std::string& folder) { return path == folder || path.starts_with(folder + "/"); };
    if (std::ranges::none_of(policy.paths, below) && std::ranges::find(touched, path) == touched.end()) continue;
    if (policy.max_mode && mode_within(file.mode, *policy.max_mode, file.kind) != file.mode) {
      findings.push_back({path, "max_mode", "its mode is wider than max_mode allows"});
    }
    if (const auto pattern = forbidden_in(file.content, policy.forbid)) {
      findings.push_back({path, "forbid", "holds what is forbidden: " + *pattern});
    }
  }
  return findings;
}

}  // namespace autoheal::workflows::testing
