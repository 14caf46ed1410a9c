#include "tools/autoheal/steward/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace autoheal::cli {

namespace {

using namespace workflows;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr std::string_view other_targets = "other";

MetricFamily family(MetricType type, const char* name, const char* help) { return {name, help, type, {}}; }

double seconds_of(Duration time) { return std::chrono::duration<double>(time).count(); }

void add_count(MetricFamily& family, Labels labels, std::uint64_t value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = metric.gauge.value = static_cast<double>(value);
  family.metric.push_back(std::move(metric));
}

template <const auto& bounds>
void add_histogram(MetricFamily& family, Labels labels, const HistogramBy<bounds>& took) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.histogram.sample_count = took.count();
  metric.histogram.sample_sum = seconds_of(took.sum());
  for (std::size_t at = 0; at < bounds.size(); ++at)
    metric.histogram.bucket.push_back({took.up_to(at), seconds_of(bounds[at])});
  family.metric.push_back(std::move(metric));
}

ClientMetric::Label label(const char* name, std::string_view value) { return {name, std::string(value)}; }

// One series for each word of the list.
template <class Enum>
void add_counts(MetricFamily& family, const char* name, const Counts<Enum>& counts, const Labels& outer = {}) {
  for (const auto& [value, word] : words_for<Enum>) {
    Labels labels = outer;
    labels.push_back(label(name, word));
    add_count(family, std::move(labels), counts[value]);
  }
}

template <class Row, class Column>
void add_counts(MetricFamily& family, const char* row_name, const char* column_name,
                const ByWord<Row, Counts<Column>>& counts) {
  for (const auto& [row, word] : words_for<Row>)
    add_counts<Column>(family, column_name, counts[row], {label(row_name, word)});
}

template <class Enum>
void add_histograms(MetricFamily& family, const char* name, const ByWord<Enum, DurationHistogram>& took) {
  for (const auto& [value, word] : words_for<Enum>) add_histogram(family, {label(name, word)}, took[value]);
}

std::vector<MetricFamily> counted(const StewardFigures& figures) {
  MetricFamily heals =
      family(MetricType::Counter, "autoheal_heals_total", "Heals that ended, by strategy and outcome.");
  add_counts(heals, "strategy", "outcome", figures.heals);
  MetricFamily attempts =
      family(MetricType::Counter, "autoheal_attempts_total", "Attempts of heals that ended, by strategy and result.");
  add_counts(attempts, "strategy", "result", figures.attempts);
  MetricFamily exhausted =
      family(MetricType::Counter, "autoheal_exhausted_total", "Heals that ended without a certificate, by reason.");
  add_counts(exhausted, "reason", figures.exhausted_for);
  MetricFamily certifications =
      family(MetricType::Counter, "autoheal_certifications_total",
             "Judgements of plans and of outcomes; a refusal counts for each criterion that refused.");
  for (const auto& [of, word] : words_for<Certifier>) {
    for (const auto& [reason, name] : words_for<RefusedFor>) {
      const char* result = reason == RefusedFor::none ? "certified" : "refused";
      add_count(certifications, {label("of", word), label("result", result), label("reason", name)},
                figures.certifications[of][reason]);
    }
  }
  MetricFamily triggers = family(MetricType::Counter, "autoheal_triggers_total",
                                 "Failed self-tests that were reported, by where they came from and what they led to.");
  add_counts(triggers, "source", "disposition", figures.triggers);
  MetricFamily skips =
      family(MetricType::Counter, "autoheal_skips_total", "Failed self-tests that were not healed, by reason.");
  add_counts(skips, "reason", figures.skips);
  return {heals, attempts, exhausted, certifications, triggers, skips};
}

std::vector<MetricFamily> timed(const StewardFigures& figures) {
  MetricFamily heals = family(MetricType::Histogram, "autoheal_heal_duration_seconds",
                              "Time from the trigger of a heal to its end, by outcome.");
  add_histograms(heals, "outcome", figures.heal_took);
  MetricFamily steps =
      family(MetricType::Histogram, "autoheal_step_duration_seconds", "Time of the steps of an attempt.");
  add_histograms(steps, "step", figures.step_took);
  return {heals, steps};
}

std::vector<MetricFamily> standing(const StewardFigures& figures, const StewardSetting& setting) {
  MetricFamily active = family(MetricType::Gauge, "autoheal_heals_active", "Heals that have not ended, by state.");
  add_counts(active, "state", figures.open);
  MetricFamily exhausted =
      family(MetricType::Gauge, "autoheal_engines_exhausted",
             "Engines whose last heal ended without a certificate and that have not passed a self-test since.");
  add_count(exhausted, {}, figures.engines_exhausted);
  MetricFamily healing =
      family(MetricType::Gauge, "autoheal_healing_enabled", "1 while the configuration switches healing on, else 0.");
  add_count(healing, {}, setting.healing_is_on ? 1 : 0);
  MetricFamily entries =
      family(MetricType::Counter, "autoheal_ledger_events_total", "Entries that the ledger has ever had.");
  add_count(entries, {}, setting.ledger_head.value);
  MetricFamily unreadable = family(MetricType::Counter, "autoheal_steward_unreadable_events_total",
                                   "Entries that these metrics could not be made of.");
  add_count(unreadable, {}, figures.unreadable);
  MetricFamily build = family(MetricType::Gauge, "autoheal_build_info", "1; the version is the label.");
  add_count(build, {label("version", setting.version)}, 1);
  return {active, exhausted, healing, entries, unreadable, build};
}

// How far the ledger is ahead of each target of events. `other` is always there.
MetricFamily lags(const OwnFigures::Seen& own, engine::Position head) {
  MetricFamily lag = family(MetricType::Gauge, "autoheal_subscription_lag_events",
                            "Entries of the ledger whose events a webhook or program has not taken yet, by target.");
  std::uint64_t of_others = 0;
  for (const auto& [target, place] : own.places) {
    const std::uint64_t behind = head.value - std::min(head.value, place.value);
    if (target == other_targets || lag.metric.size() == most_named_targets) {
      of_others = std::max(of_others, behind);
    } else {
      add_count(lag, {label("target", target)}, behind);
    }
  }
  add_count(lag, {label("target", other_targets)}, of_others);
  return lag;
}

std::vector<MetricFamily> of_process(const StewardSetting& setting) {
  const OwnFigures::Seen& own = setting.own;
  MetricFamily appends = family(MetricType::Histogram, "autoheal_ledger_append_duration_seconds",
                                "Time that a commit of the ledger took until it was durable.");
  add_histogram(appends, {}, own.append_took);
  MetricFamily verified = family(MetricType::Gauge, "autoheal_ledger_verified_timestamp_seconds",
                                 "When this process last began a verification that found the ledger sound; 0: never.");
  ClientMetric when;
  if (own.verified) when.gauge.value = seconds_of(own.verified->time_since_epoch());
  verified.metric.push_back(std::move(when));
  MetricFamily lost = family(MetricType::Counter, "autoheal_lease_lost_total",
                             "How often the ledger was found moved, replaced or written by somebody else.");
  add_count(lost, {}, own.lease_lost);
  MetricFamily stuck = family(MetricType::Gauge, "autoheal_heals_stuck",
                              "Open heals that were set aside, since this version cannot read what they recorded.");
  add_count(stuck, {}, own.heals_stuck);
  return {appends, verified, lost, stuck, lags(own, setting.ledger_head)};
}

std::vector<MetricFamily> of_plugins(const StewardFigures& figures) {
  MetricFamily values = family(MetricType::Gauge, "autoheal_plugin_value",
                               "Last value of a monitoring plugin's performance data, in the base unit of its label.");
  for (const PluginSample& sample : figures.plugin_values) {
    ClientMetric metric;
    metric.label = {label("engine", sample.engine), label("probe", sample.probe), label("label", sample.last.label),
                    label("unit", word_of<PluginUnit>(words_for<PluginUnit>, sample.last.unit))};
    metric.gauge.value = sample.last.value;
    values.metric.push_back(std::move(metric));
  }
  MetricFamily left_out = family(MetricType::Gauge, "autoheal_plugin_values_left_out",
                                 "Values of plugins that are beyond the limit of series.");
  add_count(left_out, {}, figures.plugin_values_left_out);
  std::vector<MetricFamily> all = {std::move(left_out)};
  if (!values.metric.empty()) all.push_back(std::move(values));
  return all;
}

// Empty without witnesses: a family needs a series.
std::vector<MetricFamily> of_witnesses(const StewardSetting& setting) {
  MetricFamily entries = family(MetricType::Gauge, "autoheal_ledger_cosigned_events",
                                "Entries of the largest checkpoint that the witness cosigned.");
  MetricFamily time = family(MetricType::Gauge, "autoheal_ledger_cosigned_timestamp_seconds",
                             "When the witness cosigned that, by its own clock; 0 if it never did.");
  for (const WitnessStanding& one : setting.witnesses) {
    add_count(entries, {label("witness", one.name)}, one.entries);
    add_count(time, {label("witness", one.name)}, one.unix_s);
  }
  if (setting.witnesses.empty()) return {};
  return {std::move(entries), std::move(time)};
}

}  // namespace

std::string exposition(const StewardFigures& figures, const StewardSetting& setting) {
  std::vector<MetricFamily> all = counted(figures);
  for (auto& part :
       {timed(figures), standing(figures, setting), of_process(setting), of_plugins(figures), of_witnesses(setting)})
    all.insert(all.end(), part.begin(), part.end());
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace autoheal::cli
