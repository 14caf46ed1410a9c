#include "autoheal/workflows/effects/plan_preview.hpp"

#include "autoheal/engine/base/contained.hpp"
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/effects/running_services.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::workflows {

namespace {

bool self_test_passes(Host& host, const EngineSpec& spec, const EffectMark& mark) {
  for (const Probe& probe : spec.self_test) {
    const auto verdict = host.probe(spec, probe, mark).verdict;
    if (probe.heal && verdict != ProbeVerdict::pass && verdict != ProbeVerdict::warning) return false;
  }
  return true;
}

Result<PlanPreview> preview(Host& host, engine::BlobStore& blobs, const EngineSpec& spec,
                            const std::optional<AdoptedBaseline>& adopted, bool may_change, const EffectMark& mark) {
  ObserveRequest request = what_to_observe(spec, 1);
  request.mark = mark;
  auto observation = host.observe(spec, request);
  AUTOHEAL_TRY(observation);
  observe_services(host, spec, *observation);
  if (spec.repair.service) observation->self_test_passes = self_test_passes(host, spec, mark);
  const auto contents = contents_of(blobs, spec, *observation);
  AUTOHEAL_TRY(contents);
  const auto name_of_content = [&](std::string_view content, engine::BlobNaming naming) {
    return blobs.name_of(content, naming);
  };
  auto planned = plan_repair({spec, *observation, *contents, name_of_content, 1, spec.healing.max_retries == 1, {}});
  AUTOHEAL_TRY(planned);
  auto refusals =
      certify_plan(spec, planned->plan, *observation, *contents, planned->new_contents, adopted, may_change);
  // No heal would be begun.
  std::string why = planned->plan.acts.empty() ? std::string() : held_back_service(host, spec);
  if (!why.empty()) refusals.push_back({"test_matrix", std::move(why)});
  return PlanPreview{std::move(planned->plan), std::move(refusals)};
}

}  // namespace

Result<PlanPreview> preview_plan(Host& host, engine::BlobStore& blobs, const EngineSpec& spec,
                                 const std::optional<AdoptedBaseline>& adopted, bool may_change,
                                 const EffectMark& mark) {
  auto seen = contained("plan_preview", [&] { return preview(host, blobs, spec, adopted, may_change, mark); });
  if (seen) return std::move(*seen);
  return failure(ErrorKind::failed, sentence_of(seen.error()),
                 "tell the maintainers what the configuration says of " + spec.name + ", and what lies there");
}

std::string to_json(const PlanPreview& preview) {
  JsonWriter out;
  out.begin_object().field("certified", preview.refusals.empty()).key("plan");
  out.raw(to_json(preview.plan));
  out.key("refusals").begin_array();
  for (const Refusal& refusal : preview.refusals)
    out.begin_object().field("criterion", refusal.criterion).field("reason", refusal.reason).end_object();
  return out.end_array().end_object().take();
}

std::string no_preview(const std::string& problem) {
  JsonWriter out;
  return out.begin_object().field("certified", false).field("problem", problem).end_object().take();
}

}  // namespace autoheal::workflows
