#include "tools/autoheal/healer/healer_workflows.hpp"

#include <fmt/core.h>

#include "autoheal/workflows/effects/plan_preview.hpp"
#include "autoheal/workflows/effects/running_services.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/supervision/test_engine.hpp"
#include "tools/autoheal/output/version.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

HealerWorkflows::HealerWorkflows(HealerParts& parts, ConfigurationInForce& in_force, Jobs& jobs,
                                 const Archiving& archiving)
    : parts_(parts),
      in_force_(in_force),
      jobs_(jobs),
      surroundings_{.host = *parts.host,
                    .blobs = *parts.vault,
                    .clock = parts.clock,
                    .policy = in_force,
                    .secrets = parts.secrets,
                    .scheduling = jobs,
                    .ledger_id = parts.ledger->id(),
                    .program_version = version,
                    .program_sha256 = sha256_of_this_program(),
                    .tests_at_once = in_force.configuration()->settings.max_tests},
      heal_effects_(surroundings_),
      leftovers_(parts, in_force, jobs, archiving, heal_effects_),
      trigger_(*parts.runtime, parts.clock, [&in_force](const std::string& name) { return in_force.find_engine(name); },
               {in_force.configuration()->settings.max_concurrent, in_force.configuration()->settings.healing.enabled}),
      self_test_effects_(surroundings_, *parts.runtime, trigger_,
                         [&in_force](const std::string& name) { return in_force.find_engine(name); }),
      bus_(parts.runtime->runner(), *parts.ledger, *parts.vault,
           [&parts](std::function<void()> job) { asio::post(parts.loop, std::move(job)); }) {
  trigger_.hooks = trigger_hooks();
  jobs_.hooks.trigger = &trigger_;
  parts_.runtime->register_workflow<workflows::Heal>(leftovers_);
  parts_.runtime->register_workflow<workflows::SelfTest>(self_test_effects_, "selftest/");
  parts_.runtime->runner().hooks.waits = [this](const std::string& heal) { trigger_.pause(heal); };
}

Result<void> HealerWorkflows::take(const ConfigurationPtr& configuration) {
  const config::Configuration& next = configuration->settings;
  if (next.ledger != in_force_.configuration()->settings.ledger) {
    return failure(ErrorKind::invalid, fmt::format("another ledger ({}) needs another start", next.ledger),
                   "stop the daemon and start it again, or leave `ledger:` as it was");
  }
  for (const auto& [name, content] : configuration->baselines) {
    AUTOHEAL_TRY(parts_.vault->put(content, engine::BlobNaming::plain));
  }
  ConfigurationInForce::Engines engines;
  for (const workflows::EngineSpec& spec : next.engines) {
    auto name = parts_.vault->put(workflows::encode_engine_spec(spec), engine::BlobNaming::plain);
    AUTOHEAL_TRY(name);
    const std::shared_ptr<const workflows::EngineSpec> shared(configuration, &spec);  // no copy: there may be many
    heal_effects_.remember(*name, shared);
    engines[spec.name] = {shared, *name};
  }
  parts_.secrets.take(next);
  in_force_.set(configuration, std::move(engines));
  trigger_.set({next.max_concurrent, next.healing.enabled});
  return {};
}

workflows::TriggerHooks HealerWorkflows::trigger_hooks() {
  workflows::TriggerHooks hooks;
  hooks.hold_on = [this](const std::string& engine) { return in_force_.hold_on(engine); };
  hooks.test = [this](workflows::EngineToHeal engine) -> asio::awaitable<workflows::TestReport> {
    return jobs_.on_pool([this, spec = engine.spec] {
      return workflows::test_when_written(surroundings_, *spec,
                                          fmt::format("{}/selftest/{}/0", surroundings_.ledger_id, spec->name));
    });
  };
  hooks.held_back = [this](workflows::EngineToHeal engine) -> asio::awaitable<std::string> {
    return jobs_.on_pool([this, spec = engine.spec] { return workflows::held_back_service(*parts_.host, *spec); });
  };
  hooks.would_have = [this](workflows::EngineToHeal engine) -> asio::awaitable<std::string> {
    const bool may = in_force_.may_change(in_force_.configuration()->settings.principals.actor);
    return jobs_.on_pool([this, may, spec = engine.spec] {
      std::optional<workflows::AdoptedBaseline> adopted;
      if (auto found = in_force_.adopted(spec->name)) adopted = std::move(found->baseline);
      auto preview = workflows::preview_plan(*parts_.host, *parts_.vault, *spec, adopted, may,
                                             fmt::format("{}/observe/{}/0", surroundings_.ledger_id, spec->name));
      if (!preview) return workflows::no_preview(parts_.secrets.mask(preview.error().message));
      for (workflows::Refusal& refusal : preview->refusals) refusal.reason = parts_.secrets.mask(refusal.reason);
      return workflows::to_json(*preview);
    });
  };
  return hooks;
}

}  // namespace autoheal::cli
