// replay --what-if and --with: which way one heal, or the whole past, would have gone under other settings.
#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/replay/decide/state_text.hpp"
#include "autoheal/replay/text/timeline.hpp"
#include "autoheal/replay/what_if/back_test.hpp"
#include "autoheal/replay/what_if/settings_text.hpp"
#include "autoheal/workflows/heal/heal_apply.hpp"
#include "tools/autoheal/commands/replay/replay_commands.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/output/table.hpp"

namespace autoheal::cli {

namespace {

using replay::Ending;
using replay::OtherCourse;
using replay::OtherSettings;
using replay::WhatIf;

std::string recorded_text(const WhatIf& answer) { return replay::line_of(answer.replayed.state); }

std::string other_text(const OtherCourse& other) {
  switch (other.ending) {
    case Ending::not_begun:
      return "no heal would have begun: " + other.why;
    case Ending::certified:
      return "Complete after " + plural(other.attempts, "attempt");
    case Ending::exhausted:
      return fmt::format("Exhausted after {}: {}", plural(other.attempts, "attempt"), other.why);
    case Ending::open:
      return "still open: " + other.why;
    case Ending::unknown:
      break;
  }
  return fmt::format("unknown from here: {}, and the record cannot tell what would have come of it", other.why);
}

void print_instead(Console& console, const OtherCourse& other, const engine::BlobStore& blobs) {
  workflows::HealState state = other.parted;
  for (const engine::NewEntry& entry : other.instead) {
    const auto decoded = replay::decoded(entry, blobs);
    if (!decoded) continue;
    state = workflows::apply_heal_entry(std::move(state), *decoded);
    const replay::Telling telling = replay::telling_of(*decoded, state);
    console.data("    ○ " + printable(telling.sentence));
    for (const std::string& detail : telling.details)
      console.data("        " + console.paint(Tone::dim, printable(detail)));
  }
}

void print_answer(Console& console, const std::string& id, const std::vector<std::string>& settings,
                  const WhatIf& answer, const replay::RecordedHeal& heal, const engine::BlobStore& blobs) {
  const OtherCourse& other = answer.other;
  console.data(console.paint(Tone::strong, printable(answer.replayed.state.request->engine)) + "  " +
               console.paint(Tone::dim, id));
  std::string asked;
  for (const std::string& setting : settings) asked += (asked.empty() ? "" : ", ") + setting;
  console.data("what if   " + printable(asked));
  console.data("recorded  " + printable(recorded_text(answer)));
  const Tone tone = other.ending == Ending::certified ? Tone::good
                    : other.ending == Ending::unknown ? Tone::warning
                                                      : Tone::plain;
  if (other.parted_index) {
    const std::size_t last = std::min(*other.parted_index, heal.size() - 1);
    console.data(fmt::format("          the same up to entry {} ({}), then instead:", heal.entry(last).position.value,
                             heal.entry(last).type));
    print_instead(console, other, blobs);
  } else if (other.ending != Ending::not_begun && other.ending != Ending::unknown) {
    console.data("          the same in every entry");
  }
  console.data("instead   " + console.paint(tone, printable(other_text(other))));
}

std::string to_json(const std::string& id, const std::vector<std::string>& settings, const WhatIf& answer) {
  JsonWriter out;
  const OtherCourse& other = answer.other;
  out.begin_object()
      .field("heal_id", id)
      .field("engine", answer.replayed.state.request->engine)
      .key("what_if")
      .begin_array();
  for (const std::string& setting : settings) out.value(setting);
  out.end_array().field("replays", name_of(answer.replayed.verdict)).key("recorded").begin_object();
  out.field("ending", name_of(answer.recorded)).field("attempts", answer.replayed.state.attempt_number()).end_object();
  out.key("instead").begin_object().field("ending", name_of(other.ending)).field("attempts", other.attempts);
  out.optional_field("why", other.why).key("entries").begin_array();
  for (const engine::NewEntry& entry : other.instead)
    out.begin_object().field("type", entry.type).key("data").raw(entry.data).end_object();
  return out.end_array().end_object().end_object().take();
}

// The vault and, beside it, what a configuration that is not in force yet brings along.
class WithBaselines final : public engine::BlobStore {
 public:
  WithBaselines(const engine::BlobStore& vault, const std::map<engine::BlobName, std::string>& baselines)
      : vault_(vault), baselines_(baselines) {}
  [[nodiscard]] engine::BlobName name_of(std::string_view content, engine::BlobNaming naming) const override {
    return vault_.name_of(content, naming);
  }
  [[nodiscard]] Result<engine::BlobName> put(std::string_view, engine::BlobNaming) override {
    return failure(ErrorKind::unavailable, "a question writes nothing");
  }
  [[nodiscard]] Result<std::string> get(const engine::BlobName& name) const override {
    const auto found = baselines_.find(name);
    return found == baselines_.end() ? vault_.get(name) : Result<std::string>(found->second);
  }

 private:
  const engine::BlobStore& vault_;
  const std::map<engine::BlobName, std::string>& baselines_;
};

// Under the new file: the engine, or none, and the role of who the heal acted for.
OtherSettings settings_of(const LoadedConfiguration& with, const std::string& engine, const std::string& principal) {
  OtherSettings settings;
  settings.role = with.settings.principals.role_of(principal);
  const workflows::EngineSpec* spec = with.find(engine);
  if (spec == nullptr) return settings;
  auto changed = std::make_shared<workflows::EngineSpec>(*spec);
  changed->healing.enabled = changed->healing.enabled && with.settings.healing.enabled;
  settings.spec = std::move(changed);
  return settings;
}

std::string ending_text(Ending ending, unsigned attempts) {
  const bool began = ending != Ending::not_begun;
  return std::string(name_of(ending)) + (began ? ", " + plural(attempts, "attempt") : std::string());
}

void print_back_test(const Session& session, const replay::BackTest& all) {
  Table table{{"effect", "heal", "engine", "began", "recorded", "instead", "why"}, {}};
  for (const replay::BackTested& one : all.changed) {
    table.rows.push_back({std::string(name_of(one.effect)), one.heal, one.engine, format_timestamp_ms(one.began),
                          ending_text(one.recorded, one.attempts_recorded), ending_text(one.other, one.attempts_other),
                          one.why});
  }
  const bool text = session.options.output == OutputFormat::text;
  if (!text || !table.rows.empty()) print(session.console, table, session.options.output);
  std::string totals = plural(all.heals, "heal");
  const char* separator = ": ";
  for (const auto& [effect, count] : all.totals) {
    totals += fmt::format("{}{} {}", separator, count, name_of(effect));
    separator = ", ";
  }
  std::ranges::replace(totals, '_', ' ');
  if (text) session.console.data(totals);
}

std::string to_json(const replay::BackTest& all) {
  JsonWriter out;
  out.begin_object().field("heals", all.heals).key("totals").begin_object();
  for (const auto& [effect, count] : all.totals) out.field(name_of(effect), count);
  out.end_object().key("changed").begin_array();
  for (const replay::BackTested& one : all.changed) {
    out.begin_object().field("heal_id", one.heal).field("engine", one.engine).field("effect", name_of(one.effect));
    out.field("began", format_timestamp(one.began)).field("recorded", name_of(one.recorded));
    out.field("attempts", one.attempts_recorded).field("instead", name_of(one.other));
    out.field("attempts_instead", one.attempts_other).optional_field("why", one.why).end_object();
  }
  return out.end_array().end_object().take();
}

Result<LoadedConfiguration> other_configuration(const Session& session, const ReplayOptions& options) {
  if (options.with_config == "-") return configuration_of_stdin(session.configuration);
  Options other = session.options;
  other.config_file = options.with_config;
  return load_configuration(other);
}

}  // namespace

int replay_what_if(const Session& session, const ReplayOptions& options, const Past& past) {
  const auto heal = replayable_heal(past, options.heal);
  if (!heal) return session.fail(heal.error());
  const auto first = replay::decoded(heal->recorded->entry(0), heal->world->blobs());
  if (!first) return session.fail(first.error());
  const auto* begun = std::get_if<workflows::Triggered>(&*first);
  if (begun == nullptr) return session.fail({ErrorKind::corrupt, "the heal does not begin with heal.triggered", {}});
  const auto spec = heal->world->specification(begun->configuration);
  if (!spec) return session.fail(spec.error());
  // The settings that the heal recorded win over its configuration: the environment may have changed them.
  workflows::EngineSpec then = **spec;
  then.strategy = begun->strategy;
  then.healing.max_retries = begun->max_retries;
  then.healing.retry_delay = begun->retry_delay;
  const auto settings = replay::with_settings(then, options.what_if);
  if (!settings) return session.fail(settings.error());
  const WhatIf answer = replay::what_if(*heal->recorded, *heal->world, *settings);
  if (session.console.json()) {
    session.console.data(to_json(heal->id, options.what_if, answer));
  } else {
    print_answer(session.console, heal->id, options.what_if, answer, *heal->recorded, *past.vault);
  }
  return answer.replayed.verdict == replay::Verdict::same ? exit_done : exit_failed;
}

int replay_back_test(const Session& session, const ReplayOptions& options, const Past& past) {
  replay::BackTestOptions wanted;
  if (!options.since.empty()) {
    wanted.since = parse_time_argument(options.since, engine::SystemClock().now());
    if (!wanted.since)
      return session.fail({ErrorKind::invalid, fmt::format("\"{}\" is not a time", options.since),
                           "expected RFC 3339, a date such as 2026-11-23, or an age such as 24h"});
  }
  const auto with = other_configuration(session, options);
  if (!with) {
    session.console.error(with.error(), exit_configuration);
    return exit_configuration;
  }
  wanted.settings = [&](const std::string& engine, const std::string& principal) {
    return settings_of(*with, engine, principal);
  };
  wanted.progress = [&](engine::Position done, engine::Position head) {
    session.console.progress(progress_bar("tried", done.value, head.value, "entries"), done.value, head.value);
  };
  replay::Adoptions adoptions;
  const WithBaselines blobs(*past.vault, with->baselines);
  const auto all = replay::back_test(*past.ledger, blobs, adoptions, wanted);
  session.console.end_progress();
  if (!all) return session.fail(all.error());
  if (session.options.output == OutputFormat::json) {
    session.console.data(to_json(*all));
  } else {
    print_back_test(session, *all);
  }
  return exit_done;
}

}  // namespace autoheal::cli
