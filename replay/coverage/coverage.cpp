#include "autoheal/replay/coverage/coverage.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/replay/coverage/coverage_facts.hpp"

namespace autoheal::replay {

namespace {

struct Span {
  Timestamp from, until;
};

Span clipped(Span one, const Span& to) { return {std::max(one.from, to.from), std::min(one.until, to.until)}; }
bool is_empty(const Span& one) { return one.from >= one.until; }

Duration length_of_union(std::vector<Span> spans) {
  std::ranges::sort(spans, {}, &Span::from);
  Duration total{0};
  Timestamp done = Timestamp::min();
  for (const Span& one : spans) {
    const Timestamp from = std::max(done, one.from);
    if (from < one.until) total += one.until - from;
    done = std::max(done, one.until);
  }
  return total;
}

// The parts of `one` that lie in none of `others`.
std::vector<Span> outside(const Span& one, std::vector<Span> others) {
  std::ranges::sort(others, {}, &Span::from);
  std::vector<Span> left;
  Timestamp at = one.from;
  for (const Span& other : others) {
    if (other.from > at && at < one.until) left.push_back({at, std::min(other.from, one.until)});
    at = std::max(at, other.until);
  }
  if (at < one.until) left.push_back({at, one.until});
  return left;
}

class Coverage {
 public:
  Coverage(CoverageFacts facts, const CoverageQuestion& question)
      : facts_(std::move(facts)),
        question_(question),
        period_{question.since, std::min(question.until, question.now)},
        without_daemon_(gaps_between_daemons()) {}

  std::vector<EngineCoverage> all() const {
    std::set<std::string> names;
    for (std::size_t index = 0; index < facts_.engines.size(); ++index) {
      if (is_empty(clipped(span_of_configuration(index), period_))) continue;
      for (const auto& [name, every] : facts_.engines[index].every) names.insert(name);
    }
    std::vector<EngineCoverage> coverage;
    for (const std::string& name : names) {
      if (question_.engine.empty() || question_.engine == name) coverage.push_back(of_engine(name));
    }
    return coverage;
  }

 private:
  EngineCoverage of_engine(const std::string& name) const {
    EngineCoverage seen;
    seen.engine = name;
    seen.period = period_.until - period_.from;
    seen.gaps = without_daemon_;
    add_configurations(name, seen);
    add_holds(name, seen);
    count_tests(name, seen);
    std::ranges::sort(seen.gaps, {}, [](const Gap& gap) { return std::pair(gap.from, gap.cause); });
    std::vector<Span> untested, unhealed;
    for (const Gap& gap : seen.gaps) {
      if (gap.cause != GapCause::fell_behind) unhealed.push_back({gap.from, gap.until});
      if (is_untested(gap.cause)) untested.push_back({gap.from, gap.until});
    }
    seen.untested = length_of_union(std::move(untested));
    seen.unhealed = length_of_union(std::move(unhealed));
    return seen;
  }

  std::vector<Gap> gaps_between_daemons() const {
    std::vector<Gap> gaps;
    const auto& runs = facts_.runs;
    const Timestamp first = runs.empty() ? period_.until : runs.front().started;
    add(gaps, GapCause::no_daemon, period_.from, period_.from, first, {});
    for (std::size_t index = 0; index < runs.size(); ++index) add_end_of(index, gaps);
    return gaps;
  }

  // From the last word of a daemon to the start of the next one.
  void add_end_of(std::size_t index, std::vector<Gap>& gaps) const {
    const DaemonRun& run = facts_.runs[index];
    for (const auto& [from, until] : run.silences)
      add(gaps, GapCause::silent, from, from + heartbeat_every, until, "then it went on: frozen, or the host slept");
    const bool is_last = index + 1 == facts_.runs.size();
    const Timestamp next = is_last ? period_.until : facts_.runs[index + 1].started;
    const std::string& boot = is_last ? question_.boot_id : facts_.runs[index + 1].boot_id;
    const bool other_boot = !boot.empty() && !run.boot_id.empty() && boot != run.boot_id;
    if (run.stopped) {
      const std::string detail = run.cause + (other_boot ? ", the host was restarted meanwhile" : "");
      return add(gaps, GapCause::stopped, run.last_word, run.last_word, next, detail);
    }
    if (is_last && !other_boot) {
      if (question_.now - run.last_word > longest_silence)
        add(gaps, GapCause::silent, run.last_word, run.last_word + heartbeat_every, next, {});
      return;
    }
    add(gaps, other_boot ? GapCause::host_off : GapCause::killed, run.last_word,
        std::min(run.last_word + heartbeat_every, next), next, {});
  }

  void add(std::vector<Gap>& gaps, GapCause cause, Timestamp from, Timestamp latest_from, Timestamp until,
           std::string detail) const {
    const Span seen = clipped({from, until}, period_);
    if (is_empty(seen)) return;
    gaps.push_back({cause, seen.from, seen.until, std::clamp(latest_from, seen.from, seen.until), std::move(detail)});
  }

  // Only while a daemon ran: else that is the reason.
  void add_while_running(std::vector<Gap>& gaps, GapCause cause, const Span& when, const std::string& detail) const {
    std::vector<Span> off;
    for (const Gap& gap : without_daemon_) off.push_back({gap.from, gap.until});
    for (const Span& one : outside(when, off)) add(gaps, cause, one.from, one.from, one.until, detail);
  }

  Span span_of_configuration(std::size_t index) const {
    const bool is_last = index + 1 == facts_.engines.size();
    return {facts_.engines[index].from, is_last ? period_.until : facts_.engines[index + 1].from};
  }

  void add_configurations(const std::string& name, EngineCoverage& seen) const {
    for (std::size_t index = 0; index < facts_.engines.size(); ++index) {
      const EnginesFrom& engines = facts_.engines[index];
      const Span when = span_of_configuration(index);
      if (!engines.every.contains(name)) {
        add_while_running(seen.gaps, GapCause::not_configured, when, "the configuration did not have it");
        continue;
      }
      if (engines.switched_off.contains(name))
        add_while_running(seen.gaps, GapCause::switched_off, when, "healing: {enabled: false} of this engine");
      if (engines.observed.contains(name)) add_while_running(seen.gaps, GapCause::observed, when, "mode: observe");
    }
    for (std::size_t index = 0; index < facts_.switches.size(); ++index) {
      if (facts_.switches[index].healing) continue;
      const std::size_t begin = index;
      while (index + 1 < facts_.switches.size() && !facts_.switches[index + 1].healing) ++index;
      const bool is_last = index + 1 == facts_.switches.size();
      const Timestamp until = is_last ? period_.until : facts_.switches[index + 1].from;
      add_while_running(seen.gaps, GapCause::switched_off, {facts_.switches[begin].from, until},
                        "healing: {enabled: false} or AUTO_HEAL_ON");
    }
  }

  void add_holds(const std::string& name, EngineCoverage& seen) const {
    for (const HeldFrom& hold : facts_.holds) {
      if (!hold.engine.empty() && hold.engine != name) continue;
      add_while_running(seen.gaps, GapCause::held, {hold.from, hold.until},
                        fmt::format("by {}{}", hold.by, hold.engine.empty() ? " (all engines)" : ""));
    }
  }

  std::optional<Duration> every_of(const std::string& name, Timestamp when) const {
    for (auto engines = facts_.engines.rbegin(); engines != facts_.engines.rend(); ++engines) {
      if (engines->from > when && std::next(engines) != facts_.engines.rend()) continue;
      const auto found = engines->every.find(name);
      return found == engines->every.end() ? std::nullopt : found->second;
    }
    return std::nullopt;
  }

  void count_tests(const std::string& name, EngineCoverage& seen) const {
    for (std::size_t index = 0; index < facts_.engines.size(); ++index) {
      const auto found = facts_.engines[index].every.find(name);
      const Span when = clipped(span_of_configuration(index), period_);
      const bool has_schedule =
          found != facts_.engines[index].every.end() && found->second && *found->second > Duration{0};
      if (has_schedule && !is_empty(when))
        seen.tests_due += static_cast<std::uint64_t>((when.until - when.from) / *found->second);
    }
    for (const TestsDone& done : facts_.tests) {
      if (done.until <= period_.from || done.until > period_.until) continue;
      const auto found = done.tests.find(name);
      const std::uint64_t count = found == done.tests.end() ? 0 : found->second;
      seen.tests_done += count;
      const auto every = every_of(name, done.from);
      if (!every || *every <= Duration{0}) continue;
      const auto due = static_cast<std::uint64_t>((done.until - done.from) / *every);
      // One more or less is where the span was cut.
      if (count + 1 >= due) continue;
      add(seen.gaps, GapCause::fell_behind, done.from, done.from, done.until,
          fmt::format("{} of {} tests", count, due));
    }
  }

  CoverageFacts facts_;
  const CoverageQuestion& question_;
  Span period_;
  std::vector<Gap> without_daemon_;
};

}  // namespace

std::string_view name_of(GapCause cause) {
  switch (cause) {
    case GapCause::no_daemon:
      return "no_daemon";
    case GapCause::stopped:
      return "stopped";
    case GapCause::killed:
      return "killed";
    case GapCause::host_off:
      return "host_off";
    case GapCause::silent:
      return "silent";
    case GapCause::not_configured:
      return "not_configured";
    case GapCause::fell_behind:
      return "fell_behind";
    case GapCause::switched_off:
      return "switched_off";
    case GapCause::observed:
      return "observed";
    case GapCause::held:
      break;
  }
  return "held";
}

bool is_untested(GapCause cause) { return cause < GapCause::fell_behind; }

std::vector<EngineCoverage> coverage_of(std::span<const engine::Entry> entries, const CoverageQuestion& question) {
  return Coverage(facts_of(entries), question).all();
}

}  // namespace autoheal::replay
