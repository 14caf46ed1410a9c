#include "tools/autoheal/commands/heal/dry_run.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/replay/text/plan_text.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"
#include "autoheal/workflows/effects/plan_preview.hpp"
#include "autoheal/workflows/supervision/adopted_baseline.hpp"
#include "tools/autoheal/configuration/known_secrets.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/host/real_host.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;

std::string to_json(const EngineSpec& spec, const std::string& error, const PlanPreview& preview) {
  JsonWriter out;
  out.begin_object()
      .field("engine", spec.name)
      .field("strategy", name_of(spec.strategy))
      .optional_field("error", error)
      .field("certified", preview.refusals.empty());
  out.key("changes").begin_array();
  for (const std::string& line : replay::lines_of(preview.plan)) out.value(line);
  out.end_array().key("refusals").begin_array();
  for (const Refusal& refusal : preview.refusals)
    out.begin_object().field("criterion", refusal.criterion).field("reason", refusal.reason).end_object();
  return out.end_array().end_object().take();
}

}  // namespace

Result<PlanPreview> preview_now(const Session& session, const EngineSpec& spec, bool may_change, host::RealHost& host,
                                engine::BlobStore& blobs) {
  for (const auto& [name, content] : session.configuration.baselines)
    (void)blobs.put(content, engine::BlobNaming::plain);
  std::optional<AdoptedBaseline> adopted;
  if (const auto past = open_past(session.configuration)) {
    if (const auto all = adopted_baselines(*past->ledger, *past->vault); all && all->contains(spec.name))
      adopted = all->at(spec.name).baseline;
  }
  return preview_plan(host, blobs, spec, adopted, may_change, fmt::format("dry-run/{}/0/0", spec.name));
}

int dry_run(const Session& session, const EngineSpec& spec, const std::string& error) {
  SecretMask mask(session.configuration.settings.secrets);
  learn_secrets(session.configuration.settings, mask);
  store::MemoryBlobs blobs;  // nothing is kept
  host::RealHost host({.blobs = blobs,
                       .own_files = {session.configuration.settings.ledger},
                       .at_step = {},
                       .program = session.configuration.program});
  auto seen = preview_now(session, spec, true, host, blobs);
  if (!seen)
    return session.fail({ErrorKind::failed, "no plan can be made: " + mask(seen.error().message), seen.error().hint});
  for (Refusal& refusal : seen->refusals) refusal.reason = mask(refusal.reason);
  Console& console = session.console;
  const int code = seen->refusals.empty() ? exit_done : exit_failed;
  if (console.json()) {
    console.data(to_json(spec, mask(error), *seen));
    return code;
  }
  console.data(
      fmt::format("{} ({}), nothing was touched", console.paint(Tone::strong, spec.name), name_of(spec.strategy)));
  if (!error.empty()) console.data("  failed: " + printable(mask(error)));
  if (seen->plan.empty()) console.data("  nothing to change");
  for (const std::string& line : replay::lines_of(seen->plan)) console.data("  would " + printable(line));
  for (const Refusal& refusal : seen->refusals)
    console.data(
        fmt::format("{}{}: {}", console.paint(Tone::bad, "  refused: "), refusal.criterion, printable(refusal.reason)));
  if (seen->refusals.empty()) console.data(console.paint(Tone::good, "  the plan would be certified"));
  return code;
}

}  // namespace autoheal::cli
