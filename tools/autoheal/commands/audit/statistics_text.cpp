#include "tools/autoheal/commands/audit/statistics_text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/output/heal_text.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/output/table.hpp"

namespace autoheal::cli {

namespace {

constexpr std::size_t bar_columns = 20;
constexpr std::size_t most_shown = 15;

using Tallies = std::map<std::string, HealTally>;
using Names = std::vector<std::string>;

const HealTally& tally_in(const Tallies& tallies, const std::string& name) {
  static const HealTally none;
  const auto found = tallies.find(name);
  return found == tallies.end() ? none : found->second;
}

// Those of both periods, the busiest first.
Names names_of(const Tallies& now, const Tallies* before) {
  Tallies all = now;
  if (before != nullptr) all.insert(before->begin(), before->end());
  Names names;
  for (const auto& [name, tally] : all) names.push_back(name);
  std::ranges::sort(names, [&](const std::string& a, const std::string& b) {
    const auto heals = [&](const std::string& name) {
      return std::pair(tally_in(now, name).heals, before == nullptr ? 0 : tally_in(*before, name).heals);
    };
    return heals(a) != heals(b) ? heals(a) > heals(b) : a < b;
  });
  return names;
}

std::string percent_text(std::optional<std::uint64_t> permille) {
  return permille ? fmt::format("{}.{} %", *permille / 10, *permille % 10) : "-";
}
std::string time_text(std::optional<Duration> time) { return time ? seconds_text(*time) : "-"; }

std::string signed_text(std::int64_t difference, const std::string& magnitude) {
  return difference == 0 ? " (=)" : (difference < 0 ? " (-" : " (+") + magnitude + ")";
}
std::string change(std::uint64_t now, std::uint64_t before) {
  const auto difference = static_cast<std::int64_t>(now) - static_cast<std::int64_t>(before);
  return signed_text(difference, std::to_string(difference < 0 ? -difference : difference));
}
std::string change_of_percent(std::optional<std::uint64_t> now, std::optional<std::uint64_t> before) {
  if (!now || !before) return "";
  const auto difference = static_cast<std::int64_t>(*now) - static_cast<std::int64_t>(*before);
  const std::int64_t size = difference < 0 ? -difference : difference;
  return signed_text(difference, std::to_string(size / 10) + "." + std::to_string(size % 10));
}
std::string change_of_time(std::optional<Duration> now, std::optional<Duration> before) {
  if (!now || !before) return "";
  const Duration difference = *now - *before;
  return signed_text(difference.count(), seconds_text(std::chrono::abs(difference)));
}

Names cells_of(const std::string& name, const HealTally& now, const HealTally* before) {
  const auto with = [&](std::string text, const std::string& difference) {
    return before == nullptr ? text : text + difference;
  };
  static const HealTally none;
  const HealTally& old = before == nullptr ? none : *before;
  return {name,
          with(std::to_string(now.heals), change(now.heals, old.heals)),
          with(percent_text(now.success_permille()), change_of_percent(now.success_permille(), old.success_permille())),
          with(std::to_string(now.exhausted), change(now.exhausted, old.exhausted)),
          std::to_string(now.open()),
          with(std::to_string(now.attempts), change(now.attempts, old.attempts)),
          with(time_text(now.time_to_repair(50)), change_of_time(now.time_to_repair(50), old.time_to_repair(50))),
          with(time_text(now.time_to_repair(95)), change_of_time(now.time_to_repair(95), old.time_to_repair(95)))};
}

void print_group(Console& console, const std::string& title, const Tallies& now, const Tallies* before, bool bars) {
  Table table{{title, "heals", "certified", "failed", "open", "attempts", "p50", "p95", ""}, {}};
  const Names names = names_of(now, before);
  std::uint64_t most = 0;
  for (const auto& [name, tally] : now) most = std::max(most, tally.heals);
  for (const std::string& name : names) {
    if (table.rows.size() == most_shown) break;
    const HealTally* old = before == nullptr ? nullptr : &tally_in(*before, name);
    table.rows.push_back(cells_of(name, tally_in(now, name), old));
    table.rows.back().push_back(bar(tally_in(now, name).heals, most, bar_columns, bars));
  }
  if (names.empty()) return;
  console.data("");
  print(console, table, OutputFormat::text);
  if (names.size() > most_shown)
    console.data(fmt::format("... and {} more; -o csv has all of them", names.size() - most_shown));
}

void print_reasons(Console& console, const HealStatistics& now, const HealStatistics* before, bool bars) {
  std::map<std::string, std::uint64_t> all = now.reasons;
  if (before != nullptr) {
    for (const auto& [reason, count] : before->reasons) all.try_emplace(reason, 0);
  }
  Table table{{"why it failed", "heals", ""}, {}};
  for (const auto& [reason, count] : all) {
    std::string text = std::to_string(count);
    if (before != nullptr) {
      const auto old = before->reasons.find(reason);
      text += change(count, old == before->reasons.end() ? 0 : old->second);
    }
    table.rows.push_back({reason, text, bar(count, now.all.exhausted, bar_columns, bars)});
  }
  if (all.empty()) return;
  console.data("");
  print(console, table, OutputFormat::text);
}

void write_tally(JsonWriter& out, const HealTally& tally) {
  out.begin_object().field("heals", tally.heals).field("complete", tally.complete).field("exhausted", tally.exhausted);
  out.field("open", tally.open()).field("attempts", tally.attempts);
  if (const auto permille = tally.success_permille()) out.field("success_permille", *permille);
  if (const auto time = tally.time_to_repair(50)) out.field("time_to_repair_p50_us", *time);
  if (const auto time = tally.time_to_repair(95)) out.field("time_to_repair_p95_us", *time);
  out.end_object();
}

void write_tallies(JsonWriter& out, const char* key, const Tallies& tallies) {
  out.key(key).begin_object();
  for (const auto& [name, tally] : tallies) {
    out.key(name);
    write_tally(out, tally);
  }
  out.end_object();
}

void write_period(JsonWriter& out, const StatisticsOfPeriod& period) {
  out.begin_object().field("period", period.name).key("all");
  write_tally(out, period.figures.all);
  write_tallies(out, "engines", period.figures.by_engine);
  write_tallies(out, "strategies", period.figures.by_strategy);
  out.key("reasons").begin_object();
  for (const auto& [reason, count] : period.figures.reasons) out.field(reason, count);
  out.end_object().end_object();
}

void print_csv_rows(Console& console, const StatisticsOfPeriod& period) {
  const auto number = [](std::optional<std::uint64_t> value) { return value ? std::to_string(*value) : std::string(); };
  const auto time = [](std::optional<Duration> value) {
    return value ? std::to_string(value->count()) : std::string();
  };
  const auto row = [&](const char* group, const std::string& name, const HealTally& tally) {
    console.data(
        csv_line({period.name, group, name, std::to_string(tally.heals), std::to_string(tally.complete),
                  std::to_string(tally.exhausted), std::to_string(tally.open()), std::to_string(tally.attempts),
                  number(tally.success_permille()), time(tally.time_to_repair(50)), time(tally.time_to_repair(95))}));
  };
  row("all", "", period.figures.all);
  for (const auto& [name, tally] : period.figures.by_engine) row("engine", name, tally);
  for (const auto& [name, tally] : period.figures.by_strategy) row("strategy", name, tally);
  for (const auto& [reason, count] : period.figures.reasons)
    console.data(csv_line({period.name, "reason", reason, std::to_string(count), "", "", "", "", "", "", ""}));
}

}  // namespace

std::string bar(std::uint64_t part, std::uint64_t whole, std::size_t columns, bool blocks) {
  if (whole == 0 || part == 0) return {};
  const std::uint64_t steps = blocks ? 8 : 1;
  const std::uint64_t all = columns * steps;
  const std::uint64_t filled = std::max<std::uint64_t>(1, std::min(part, whole) * all / whole);
  if (!blocks) return std::string(filled, '#');
  constexpr std::array<const char*, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  std::string text;
  for (std::uint64_t column = 0; column < filled / 8; ++column) text += "█";
  return text + eighths[filled % 8];
}

void print_statistics(Console& console, const StatisticsOfPeriod& now, const StatisticsOfPeriod* before, bool bars) {
  const HealStatistics* old = before == nullptr ? nullptr : &before->figures;
  console.data(console.paint(Tone::strong, printable(now.name)) +
               (before == nullptr ? "" : ", in brackets the change since " + printable(before->name)));
  const Names all = cells_of("", now.figures.all, old == nullptr ? nullptr : &old->all);
  console.data(
      fmt::format("{} heals, {} certified, {} failed, {} open, {} attempts", all[1], all[2], all[3], all[4], all[5]));
  console.data(fmt::format("time to repair: half within {}, 95 of 100 within {}", all[6], all[7]));
  print_group(console, "strategy", now.figures.by_strategy, old == nullptr ? nullptr : &old->by_strategy, bars);
  print_group(console, "engine", now.figures.by_engine, old == nullptr ? nullptr : &old->by_engine, bars);
  print_reasons(console, now.figures, old, bars);
}

void print_statistics_csv(Console& console, const StatisticsOfPeriod& now, const StatisticsOfPeriod* before) {
  console.data(
      "period,group,name,heals,complete,exhausted,open,attempts,success_permille,time_to_repair_p50_us,"
      "time_to_repair_p95_us");
  print_csv_rows(console, now);
  if (before != nullptr) print_csv_rows(console, *before);
}

std::string statistics_json(const StatisticsOfPeriod& now, const StatisticsOfPeriod* before) {
  JsonWriter out;
  if (before == nullptr) {
    write_period(out, now);
    return out.take();
  }
  out.begin_object().key("now");
  write_period(out, now);
  out.key("before");
  write_period(out, *before);
  return out.end_object().take();
}

}  // namespace autoheal::cli
