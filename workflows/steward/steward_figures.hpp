// The metrics of healing as values: counters that only grow, and the state of now. Labels have a closed list of words,
// so that no heal, file or message can add a time series to a monitoring system; those of plugins have a limit.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "autoheal/workflows/heal/heal_state.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"
#include "autoheal/workflows/steward/duration_histogram.hpp"
#include "autoheal/workflows/steward/performance_data.hpp"
#include "autoheal/workflows/stored/enum_words.hpp"

namespace autoheal::workflows {

enum class HealEnd { complete, exhausted };
template <>
inline constexpr auto words_for<HealEnd> = std::array<NamedValue<HealEnd>, 2>{{
    {HealEnd::complete, "complete"},
    {HealEnd::exhausted, "exhausted"},
}};

enum class AttemptEnd { certified, failed };
template <>
inline constexpr auto words_for<AttemptEnd> = std::array<NamedValue<AttemptEnd>, 2>{{
    {AttemptEnd::certified, "certified"},
    {AttemptEnd::failed, "failed"},
}};

// The consequence of a failed self-test.
enum class TriggerEnd { started, joined, skipped };
template <>
inline constexpr auto words_for<TriggerEnd> = std::array<NamedValue<TriggerEnd>, 3>{{
    {TriggerEnd::started, "started"},
    {TriggerEnd::joined, "joined"},
    {TriggerEnd::skipped, "skipped"},
}};

// Through what the failure came in (`by.via` of the entry).
enum class TriggerSource { daemon, socket, cli, token, certificate, other };
template <>
inline constexpr auto words_for<TriggerSource> = std::array<NamedValue<TriggerSource>, 6>{{
    {TriggerSource::daemon, "daemon"},
    {TriggerSource::socket, "socket"},
    {TriggerSource::cli, "cli"},
    {TriggerSource::token, "token"},
    {TriggerSource::certificate, "certificate"},
    {TriggerSource::other, "other"},
}};

enum class SkipReason {
  disabled,
  held,
  observe,
  stopped_by_hand,
  held_back,
  cooldown,
  unsettled,
  being_written,
  other
};
template <>
inline constexpr auto words_for<SkipReason> = std::array<NamedValue<SkipReason>, 9>{{
    {SkipReason::disabled, "disabled"},
    {SkipReason::held, "held"},
    {SkipReason::observe, "observe"},
    {SkipReason::stopped_by_hand, "stopped_by_hand"},
    {SkipReason::held_back, "held_back"},
    {SkipReason::cooldown, "cooldown"},
    {SkipReason::unsettled, "unsettled"},
    {SkipReason::being_written, "being_written"},
    {SkipReason::other, "other"},
}};

// Why Truth refused; none: it certified.
enum class RefusedFor { none, module_hashes, test_matrix, security, rbac, defect, other };
template <>
inline constexpr auto words_for<RefusedFor> = std::array<NamedValue<RefusedFor>, 7>{{
    {RefusedFor::none, "none"},
    {RefusedFor::module_hashes, "module_hashes"},
    {RefusedFor::test_matrix, "test_matrix"},
    {RefusedFor::security, "security"},
    {RefusedFor::rbac, "rbac"},
    {RefusedFor::defect, "defect"},
    {RefusedFor::other, "other"},
}};

enum class Certifier { plan, outcome };  // before anything is touched, and afterwards
template <>
inline constexpr auto words_for<Certifier> = std::array<NamedValue<Certifier>, 2>{{
    {Certifier::plan, "plan"},
    {Certifier::outcome, "outcome"},
}};

// The parts of an attempt that are timed.
enum class TimedStep { plan, apply, certify, roll_back };
template <>
inline constexpr auto words_for<TimedStep> = std::array<NamedValue<TimedStep>, 4>{{
    {TimedStep::plan, "plan"},
    {TimedStep::apply, "apply"},
    {TimedStep::certify, "certify"},
    {TimedStep::roll_back, "roll_back"},
}};

// The phases of a heal that has not ended.
enum class OpenPhase { triggered, repairing, certifying, retrying };
template <>
inline constexpr auto words_for<OpenPhase> = std::array<NamedValue<OpenPhase>, 4>{{
    {OpenPhase::triggered, "triggered"},
    {OpenPhase::repairing, "repairing"},
    {OpenPhase::certifying, "certifying"},
    {OpenPhase::retrying, "retrying"},
}};

// One value for each word of an enumeration whose words stand in its order.
template <class Enum, class Value>
class ByWord {
 public:
  [[nodiscard]] Value& operator[](Enum one) { return values_[static_cast<std::size_t>(one)]; }
  [[nodiscard]] const Value& operator[](Enum one) const { return values_[static_cast<std::size_t>(one)]; }
  friend bool operator==(const ByWord&, const ByWord&) = default;

 private:
  std::array<Value, words_for<Enum>.size()> values_{};
};

template <class Enum>
using Counts = ByWord<Enum, std::uint64_t>;

// The last value under one label of a plugin's performance data. Names and labels come from the configuration and from
// programs of others: the collector bounds their number.
struct PluginSample {
  std::string engine, probe;
  PluginValue last;
  friend bool operator==(const PluginSample&, const PluginSample&) = default;
};

struct StewardFigures {
  ByWord<Strategy, Counts<HealEnd>> heals;
  ByWord<Strategy, Counts<AttemptEnd>> attempts;
  ByWord<TriggerSource, Counts<TriggerEnd>> triggers;
  ByWord<Certifier, Counts<RefusedFor>> certifications;  // one for each criterion that refused
  Counts<SkipReason> skips;
  Counts<EndReason> exhausted_for;
  ByWord<HealEnd, DurationHistogram> heal_took;  // from the trigger to the end
  ByWord<TimedStep, DurationHistogram> step_took;
  Counts<OpenPhase> open;               // now
  std::uint64_t engines_exhausted = 0;  // now: those whose last heal ended so, and that have not passed a test since
  std::uint64_t unreadable = 0;         // entries that a program of another version wrote
  // No entry holds these: only a daemon has them.
  std::vector<PluginSample> plugin_values = {};
  std::uint64_t plugin_values_left_out = 0;  // beyond the limit
  friend bool operator==(const StewardFigures&, const StewardFigures&) = default;
};

}  // namespace autoheal::workflows
