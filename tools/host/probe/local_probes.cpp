#include "tools/host/probe/local_probes.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/workflows/judge/env_judge.hpp"
#include "autoheal/workflows/judge/settings_probe.hpp"
#include "autoheal/workflows/spec/access_list.hpp"
#include "tools/host/service/named_process.hpp"
#include "tools/host/system/access_lists.hpp"
#include "tools/host/system/process_table.hpp"
#include "tools/host/system/user_account.hpp"

namespace autoheal::host {

namespace {

using workflows::ProbeVerdict;
using workflows::RunOutcome;
using workflows::TargetKind;

constexpr std::size_t first_line_limit = 4'000;  // who reads it cuts it, once secrets are out of it

// The plugin's own text, for the reader only.
std::string first_line(const RunOutcome& ran) {
  const std::string& text = ran.standard_output.empty() ? ran.standard_error : ran.standard_output;
  return text.substr(0, std::min(text.find('\n'), first_line_limit));
}

std::string how_it_ended(const RunOutcome& ran) {
  return ran.message.empty() ? fmt::format("exit status {}", ran.exit_code) : ran.message;
}

std::string why(const RunOutcome& ran) {
  std::string text = how_it_ended(ran);
  if (const std::string line = first_line(ran); ran.started && !line.empty()) text += ": " + line;
  return text;
}

std::string octal_text(workflows::FileMode mode) {
  std::string text;
  for (int shift = 9; shift >= 0; shift -= 3)
    text += static_cast<char>('0' + ((mode >> static_cast<unsigned>(shift)) & 7U));
  return text;
}

Verdict cannot_look(const Error& error) {
  return error.kind == ErrorKind::unavailable ? unknown(error.message) : fails(error.message);
}

// Stopped by SIGSTOP or its kin: it lives, and does nothing. Not one that a debugger holds.
bool is_halted(pid_t pid) {
  const auto process = read_process(pid);
  return process && process->state == 'T';
}

std::string halted(pid_t pid, const std::string& whose) {
  return fmt::format("process {} of {} is halted (SIGSTOP) and does nothing", pid, whose);
}

// The one that a repair of the same `acl` and `mode` would leave.
Verdict probe_list(const TargetFacts& facts, const workflows::FileProbe& probe) {
  if (!probe.acl) return {};
  const std::string found = facts.acl.empty() ? "none" : facts.acl;
  if (*probe.acl == workflows::acl_none)
    return facts.acl.empty() ? Verdict{}
                             : fails(fmt::format("{} has an access list ({}), none was declared", probe.path, found));
  const auto resolved = resolved_list(*probe.acl);
  if (!resolved) return unknown(probe.path + ": " + resolved.error().message);
  const auto held = workflows::mode_without_list(facts.mode, facts.acl);
  const auto wanted = workflows::with_list(*resolved, facts.mode, held, probe.mode.has_value());
  if (wanted == workflows::ListAndMode{facts.acl, facts.mode}) return {};
  return fails(fmt::format("{} does not have the declared access list: it has {} with mode {}, not {} with mode {}",
                           probe.path, found, octal_text(facts.mode), wanted.acl, octal_text(wanted.mode)));
}

}  // namespace

Verdict probe_file(const RootFolder& root, const workflows::FileProbe& probe, const engine::BlobStore& blobs,
                   const OwnFiles& own) {
  Look look;
  look.rights = probe.acl.has_value();
  look.digest = !probe.baseline.empty() || !probe.sha256.empty();
  if (probe.baseline.starts_with("hmac-")) look.naming = BlobNaming::keyed;
  const auto seen = inspect(root, probe.path, look, blobs, own);
  if (!seen) return cannot_look(seen.error());
  const TargetFacts& facts = seen->facts;
  if (facts.kind == TargetKind::absent) return fails(probe.path + " is missing");
  if (facts.kind != TargetKind::file)
    return fails(fmt::format("{} is {}, not a file", probe.path, in_words(facts.kind)));
  if (!probe.baseline.empty() && facts.digest != probe.baseline)
    return fails(fmt::format("{} differs from its baseline {}", probe.path, probe.baseline_path));
  if (!probe.sha256.empty() && facts.digest != "sha256:" + probe.sha256)
    return fails(probe.path + " does not have the declared sha256");
  if (probe.mode && facts.mode != *probe.mode) return fails(probe.path + " does not have the declared mode");
  if (Verdict listed = probe_list(facts, probe); listed.verdict != ProbeVerdict::pass) return listed;
  if (probe.owner.empty()) return {};
  const auto owner = owner_of(probe.owner);
  if (!owner) return unknown(owner.error().message);
  if (facts.uid != owner->first || facts.gid != owner->second)
    return fails(fmt::format("{} does not belong to {}", probe.path, probe.owner));
  return {};
}

Verdict probe_env(const RootFolder& root, const workflows::EnvProbe& probe, const engine::BlobStore& blobs,
                  const OwnFiles& own) {
  Look look;
  look.keep_content = true;
  look.rights = false;
  const auto seen = inspect(root, probe.file, look, blobs, own);
  if (!seen) return cannot_look(seen.error());
  if (seen->facts.kind == TargetKind::absent) return fails(probe.file + " is missing");
  if (seen->facts.kind != TargetKind::file)
    return fails(fmt::format("{} is {}, not a file", probe.file, in_words(seen->facts.kind)));
  std::string problems;
  for (const std::string& problem :
       workflows::judge_env_probe(seen->content, probe.require, probe.equals, probe.dialect))
    problems += (problems.empty() ? "" : ", ") + problem;
  return problems.empty() ? Verdict{} : fails(probe.file + ": " + problems);
}

Verdict probe_settings(const RootFolder& root, const workflows::SettingsProbe& probe,
                       const workflows::SecretRules& secrets, const engine::BlobStore& blobs, const OwnFiles& own) {
  Look look;
  look.keep_content = true;
  const auto seen = inspect(root, probe.file, look, blobs, own);
  if (!seen) return cannot_look(seen.error());
  if (seen->facts.kind == TargetKind::absent) return fails(probe.file + " is missing");
  if (seen->facts.kind != TargetKind::file)
    return fails(fmt::format("{} is {}, not a file", probe.file, in_words(seen->facts.kind)));
  const std::string problem = workflows::unlike_settings(seen->content, probe, secrets);
  return problem.empty() ? Verdict{} : fails(probe.file + ": " + problem);
}

Verdict probe_process(const RootFolder& root, const workflows::ProcessProbe& probe, const OwnFiles& own) {
  const auto process = named_process(root, probe.pidfile, own);
  if (!process) return cannot_look(process.error());
  return is_halted(process->pid) ? fails(halted(process->pid, probe.pidfile)) : Verdict{};
}

Verdict judge_unit(const std::string& unit, const workflows::ServiceStatus& status) {
  using workflows::ServiceState;
  if (status.state == ServiceState::unknown) return unknown(unit + ": " + status.why);
  const bool active = status.state == ServiceState::running || status.state == ServiceState::reloading;
  if (!active) return fails(fmt::format("{} is {}", unit, status.why));
  const auto process = static_cast<pid_t>(status.main_process);
  return process > 0 && is_halted(process) ? fails(halted(process, unit)) : Verdict{};
}

Verdict probe_link(const RootFolder& root, const workflows::LinkProbe& probe, const engine::BlobStore& blobs,
                   const OwnFiles& own) {
  Look look;
  look.digest = false;
  const auto seen = inspect(root, probe.path, look, blobs, own);
  if (!seen) return cannot_look(seen.error());
  const TargetFacts& facts = seen->facts;
  if (facts.kind == TargetKind::absent)
    return fails(fmt::format("{} is missing: a link to {} belongs there", probe.path, probe.target));
  if (facts.kind != TargetKind::link)
    return fails(fmt::format("{} is {}: a link to {} belongs there", probe.path, in_words(facts.kind), probe.target));
  if (facts.link_target == probe.target) return {};
  return fails(fmt::format("{} points to {}, not to {}", probe.path, facts.link_target, probe.target));
}

// Its last output is added to the verdict by code that can mask secrets.
Verdict judge_command(const RunOutcome& ran, bool of_the_engine) {
  if (ran.no_room || ran.says_nothing || (!ran.started && !of_the_engine)) return unknown(how_it_ended(ran));
  return ran.started && !ran.timed_out && ran.exit_code == 0 ? Verdict{} : fails(how_it_ended(ran));
}

Verdict judge_plugin(const RunOutcome& ran, bool warning_fails) {
  if (!ran.started || ran.timed_out) return unknown(why(ran));
  switch (ran.exit_code) {
    case 0:
      return {};
    case 1:
      return {warning_fails ? ProbeVerdict::fail : ProbeVerdict::warning, why(ran), {}};
    case 2:
      return fails(why(ran));
    default:
      return unknown(why(ran));
  }
}

}  // namespace autoheal::host
