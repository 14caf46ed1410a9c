// The daemon tells those who ask about itself and its engines.
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/supervision/watch.hpp"
#include "tools/autoheal/daemon/daemon.hpp"
#include "tools/autoheal/output/exit_code.hpp"

namespace autoheal::cli {

using namespace workflows;

Result<void> Daemon::assemble_api() {
  const auto newest = healer_.parts.ledger->read_all({}, 1);
  AUTOHEAL_TRY(newest);
  auto steward = std::make_shared<LedgerSteward>(healer_.in_force.configuration()->settings.ledger,
                                                 *healer_.parts.vault, newest->head);
  auto readers = ReaderThreads::start();
  AUTOHEAL_TRY(readers);
  readers_ = std::move(*readers);
  auto setting = [this] {
    const auto configuration = healer_.in_force.configuration();
    return JobSetting{configuration->program, configuration->settings.file, configuration->settings.ledger,
                      configuration->environment};
  };
  auto jobs = JobRunner::start(healer_.parts.clock, setting, [this](const Job& job, const JobEnd& end) {
    if (job.wish.operation == "verifyLedger" && end.exit_code == exit_done)
      healer_.parts.figures.verified(*job.began_at);
  });
  AUTOHEAL_TRY(jobs);
  jobs_ = std::move(*jobs);
  standing_reader_ = std::make_unique<StandingReader>(healer_.parts.requests.get_executor(),
                                                      healer_.parts.loop.get_executor(), [this] { return standing(); });
  bus_ = std::make_shared<BusFollowers>(FollowerPorts{healer_.parts.requests.get_executor(), *readers_,
                                                      healer_.in_force.configuration()->settings.ledger,
                                                      *healer_.parts.vault});
  healer_.committed = [bus = bus_] { bus->committed(); };
  create_authentication();
  api_ = std::make_unique<ApiParts>(ApiParts{*operations_, healer_, *standing_reader_, *readers_, bus_,
                                             std::move(steward), *jobs_, *authentication_});
  return {};
}

std::string Daemon::status() const {
  const auto configuration = healer_.in_force.configuration();
  JsonWriter out;
  out.begin_object().field("ledger_id", healer_.parts.ledger->id()).field("file", configuration->settings.file);
  out.field("configuration", configuration->settings.digest);
  out.field("healing", configuration->settings.healing.enabled).key("environment").begin_object();
  for (const auto& [name, value] : configuration->environment) out.field(name, value);
  const LoopWatch::Record stood_still = loop_watch_->record();
  out.end_object().field("recovering", healer_.recovery->is_under_way());
  out.field("open_heals", healer_.parts.runtime->runner().open_count());
  out.optional_field("not_recorded", healer_.recording.not_recorded_because());
  out.optional_field("ledger_elsewhere", healer_.recording.ledger_elsewhere());
  out.field("stalls", stood_still.stalls).field("longest_stall_us", stood_still.longest);
  if (witnesses_) witnesses_->write_outcomes(out.key("witnesses"));
  out.key("engines").begin_array();
  for (const EngineSpec& spec : configuration->settings.engines) {
    out.begin_object().field("engine", spec.name);
    write_seen(out, spec.name);
    out.end_object();
  }
  return out.end_array().end_object().take();
}

void Daemon::write_seen(JsonWriter& out, const std::string& engine) const {
  const auto seen = watch_.seen(engine);
  out.field("outcome", seen && seen->outcome ? name_of(*seen->outcome) : std::string_view());
  if (seen) {
    out.optional_field("error", seen->error).optional_field("skipped", seen->skipped);
    const Duration now = healer_.parts.clock.since_boot();
    if (seen->until && *seen->until > now)
      out.field("until", format_timestamp(healer_.parts.clock.now() + (*seen->until - now)));
    out.optional_field("snapshot_problem", seen->snapshot_problem);
  }
  out.field("testing", seen && seen->testing).field("healing", seen && seen->healing).field("late", seen && seen->late);
  if (const auto hold = healer_.in_force.hold_on(engine)) out.field("held_until", format_timestamp(hold->until));
}

std::string Daemon::standing_of(const EngineSpec& spec) const {
  JsonWriter out;
  out.begin_object().field("engine", spec.name).field("strategy", name_of(spec.strategy));
  out.field("probes", spec.self_test.size()).key("needs").begin_array();
  for (const std::string& name : spec.depends_on) out.value(name);
  out.end_array();
  write_seen(out, spec.name);
  return out.end_object().take();
}

Standing Daemon::standing() const {
  Standing all;
  all.recovering = healer_.recovery->is_under_way();
  all.not_recorded = healer_.recording.not_recorded_because();
  all.ledger_elsewhere = healer_.recording.ledger_elsewhere();
  for (const EngineSpec& spec : healer_.in_force.configuration()->settings.engines)
    all.engines.push_back({spec.name, standing_of(spec)});
  return all;
}

}  // namespace autoheal::cli
