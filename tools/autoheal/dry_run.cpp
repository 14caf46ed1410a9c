#include "tools/autoheal/dry_run.hpp"

#include "replay/plan_text.hpp"
#include "store/memory_blobs.hpp"
#include "tools/autoheal/printable.hpp"
#include "tools/host/real_host.hpp"
#include "workflows/adopted_baseline.hpp"
#include "workflows/certification.hpp"
#include "workflows/json_writer.hpp"
#include "workflows/running_services.hpp"
#include "workflows/strategy.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;
using host::RealHost;

bool self_test_passes(RealHost& host, const EngineSpec& spec) {
  for (const Probe& probe : spec.self_test) {
    const auto verdict = host.probe(spec, probe, "dry-run/" + spec.name + "/0/0").verdict;
    if (probe.heal && verdict != ProbeVerdict::pass && verdict != ProbeVerdict::warning) return false;
  }
  return true;
}

struct Preview {
  Plan plan;
  std::vector<Refusal> refusals;
};

Result<Preview> preview(const Session& session, const EngineSpec& spec) {
  store::MemoryBlobs blobs;
  for (const auto& [name, content] : session.configuration.baselines)
    (void)blobs.put(content, engine::BlobNaming::plain);
  RealHost host({.blobs = blobs,
                 .own_files = {session.configuration.settings.ledger},
                 .at_step = {},
                 .program = session.configuration.program});
  auto observation = host.observe(spec, what_to_observe(spec, 1));
  if (!observation) return std::unexpected(std::move(observation.error()));
  observe_services(host, spec, *observation);
  if (spec.repair.service) observation->self_test_passes = self_test_passes(host, spec);
  Contents contents = {session.configuration.baselines.begin(), session.configuration.baselines.end()};
  for (const auto* names : {&observation->contents, &observation->secrets}) {
    for (const auto& [key, name] : *names) {
      auto content = blobs.get(name);
      if (!content) return std::unexpected(std::move(content.error()));
      contents.emplace(name, std::move(*content));
    }
  }
  const auto name_of_content = [&](std::string_view content, engine::BlobNaming naming) {
    return blobs.name_of(content, naming);
  };
  auto planned = plan_repair({spec, *observation, contents, name_of_content, 1, spec.healing.max_retries == 1, {}});
  if (!planned) return std::unexpected(std::move(planned.error()));
  std::optional<AdoptedBaseline> adopted;
  if (const auto past = open_past(session.configuration)) {
    if (const auto all = adopted_baselines(*past->ledger, *past->vault); all && all->contains(spec.name))
      adopted = all->at(spec.name).baseline;
  }
  auto refusals = certify_plan(spec, planned->plan, *observation, contents, planned->new_contents, adopted, true);
  return Preview{std::move(planned->plan), std::move(refusals)};
}

std::string to_json(const EngineSpec& spec, const Preview& preview) {
  JsonWriter out;
  out.begin_object()
      .field("engine", spec.name)
      .field("strategy", name_of(spec.strategy))
      .field("certified", preview.refusals.empty());
  out.key("changes").begin_array();
  for (const std::string& line : replay::lines_of(preview.plan)) out.value(line);
  out.end_array().key("refusals").begin_array();
  for (const Refusal& refusal : preview.refusals)
    out.begin_object().field("criterion", refusal.criterion).field("reason", refusal.reason).end_object();
  return out.end_array().end_object().take();
}

}  // namespace

int dry_run(const Session& session, const EngineSpec& spec) {
  const auto seen = preview(session, spec);
  if (!seen)
    return session.fail({ErrorKind::failed, "no plan can be made: " + seen.error().message, seen.error().hint});
  Console& console = session.console;
  const int code = seen->refusals.empty() ? exit_done : exit_failed;
  if (console.json()) {
    console.data(to_json(spec, *seen));
    return code;
  }
  console.data(console.paint(Tone::strong, spec.name) + " (" + std::string(name_of(spec.strategy)) +
               "), nothing was touched");
  if (seen->plan.empty()) console.data("  nothing to change");
  for (const std::string& line : replay::lines_of(seen->plan)) console.data("  would " + printable(line));
  for (const Refusal& refusal : seen->refusals)
    console.data(console.paint(Tone::bad, "  refused: ") + refusal.criterion + ": " + printable(refusal.reason));
  if (seen->refusals.empty()) console.data(console.paint(Tone::good, "  the plan would be certified"));
  return code;
}

}  // namespace autoheal::cli
