// Probes that look at this machine alone: files, env and settings files, processes, programs. Messages never hold a
// value of an env file or a content.
#pragma once

#include "autoheal/workflows/effects/host.hpp"
#include "tools/host/facts/target_facts.hpp"

namespace autoheal::host {

// A verdict with its reason; empty for a pass.
struct Verdict {
  workflows::ProbeVerdict verdict = workflows::ProbeVerdict::pass;
  std::string message;
  std::optional<workflows::RunOutcome> ran = {};  // of a command or plugin
};
[[nodiscard]] inline Verdict fails(std::string message) {
  return {workflows::ProbeVerdict::fail, std::move(message), {}};
}
[[nodiscard]] inline Verdict unknown(std::string message) {
  return {workflows::ProbeVerdict::unknown, std::move(message), {}};
}

[[nodiscard]] Verdict probe_file(const RootFolder& root, const workflows::FileProbe& probe,
                                 const engine::BlobStore& blobs, const OwnFiles& own);
[[nodiscard]] Verdict probe_env(const RootFolder& root, const workflows::EnvProbe& probe,
                                const engine::BlobStore& blobs, const OwnFiles& own);
// The message shows a value that differs beside the wanted one, unless its name is secret.
[[nodiscard]] Verdict probe_settings(const RootFolder& root, const workflows::SettingsProbe& probe,
                                     const workflows::SecretRules& secrets, const engine::BlobStore& blobs,
                                     const OwnFiles& own);
[[nodiscard]] Verdict probe_link(const RootFolder& root, const workflows::LinkProbe& probe,
                                 const engine::BlobStore& blobs, const OwnFiles& own);
[[nodiscard]] Verdict probe_process(const RootFolder& root, const workflows::ProcessProbe& probe, const OwnFiles& own);
// Passes while the unit is active and its main process is not halted.
[[nodiscard]] Verdict judge_unit(const std::string& unit, const workflows::ServiceStatus& status);
// 0 passes, everything else fails. One that could not be started fails only where the program is `of_the_engine`: of
// any other, which may just be replaced by an upgrade, that says nothing.
[[nodiscard]] Verdict judge_command(const workflows::RunOutcome& ran, bool of_the_engine);
// 0 passes, 1 is a warning or fails, 2 fails, everything else is unknown. The text it printed is not believed.
[[nodiscard]] Verdict judge_plugin(const workflows::RunOutcome& ran, bool warning_fails);

}  // namespace autoheal::host
