// replay: is what happened what today's code would decide?
#include <fmt/core.h>

#include <filesystem>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "autoheal/engine/large_data.hpp"
#include "autoheal/replay/decide/all_heals.hpp"
#include "autoheal/replay/decide/state_text.hpp"
#include "autoheal/replay/text/timeline.hpp"
#include "autoheal/replay/what_if/settings_text.hpp"
#include "autoheal/workflows/heal/heal_apply.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"
#include "tools/autoheal/commands/replay/replay_commands.hpp"
#include "tools/autoheal/commands/replay/show_files.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

using replay::Divergence;
using replay::Replayed;
using replay::Verdict;

std::string entries_text(std::uint64_t count) { return plural(count, "entry", "entries"); }

// One side of a step as sentences; `state` is the one before it.
void print_side(Console& console, const std::vector<engine::NewEntry>& entries, std::size_t same,
                workflows::HealState state, const engine::BlobStore& blobs) {
  for (std::size_t index = 0; index < entries.size(); ++index) {
    const bool differs = index == same;
    const std::string bullet = differs ? console.paint(Tone::bad, "    ✗ ") : "    ○ ";
    const auto decoded = replay::decoded(entries[index], blobs);
    if (!decoded) {
      console.data(fmt::format("{}{} (cannot be read)", bullet, entries[index].type));
      continue;
    }
    state = workflows::apply_heal_entry(std::move(state), *decoded);
    const replay::Telling telling = replay::telling_of(*decoded, state);
    console.data(bullet + printable(telling.sentence));
    for (const std::string& detail : telling.details)
      console.data("        " + console.paint(Tone::dim, printable(detail)));
  }
  if (same >= entries.size()) console.data(console.paint(Tone::bad, "    ✗ ") + "nothing more");
}

std::vector<engine::NewEntry> without_places(const std::vector<engine::Entry>& entries) {
  return {entries.begin(), entries.end()};
}

void print_divergence(Console& console, const Divergence& found, const engine::BlobStore& blobs) {
  const auto recorded = without_places(found.recorded);
  console.data("before   " + printable(replay::line_of(found.before)));
  for (const std::string& detail : replay::details_of(found.before))
    console.data("         " + console.paint(Tone::dim, printable(detail)));
  console.data("then     " + printable(found.input));
  console.data("recorded");
  print_side(console, recorded, found.same, found.before, blobs);
  if (found.decided.empty()) return;
  console.data("today's code");
  print_side(console, found.decided, found.same, found.before, blobs);
  if (found.same >= recorded.size() || found.same >= found.decided.size()) return;
  const auto data = engine::lengthen(blobs, recorded[found.same].data);
  const std::string where = data ? replay::first_difference(*data, found.decided[found.same].data) : std::string();
  if (!where.empty()) console.data("differs at " + printable(where));
}

void print_replayed(Console& console, const std::string& heal, const Replayed& replayed,
                    const engine::BlobStore& blobs) {
  const std::string who =
      console.paint(Tone::strong, printable(replayed.state.request->engine)) + "  " + console.paint(Tone::dim, heal);
  switch (replayed.verdict) {
    case Verdict::same:
      console.data(console.paint(Tone::good, "✓ same") + "  " + who);
      console.data(printable(replay::line_of(replayed.state)));
      break;
    case Verdict::diverged:
      console.data(fmt::format("{}  {}  at entry {}, number {} of this heal", console.paint(Tone::bad, "✗ diverged"),
                               who, replayed.divergence->position.value, replayed.divergence->version));
      print_divergence(console, *replayed.divergence, blobs);
      break;
    case Verdict::set_aside:
      console.data(console.paint(Tone::warning, "? set aside") + "  " + who);
      console.data(printable(replayed.why));
      break;
  }
  console.data(fmt::format(
      "{} in {} decided again as recorded{}", entries_text(replayed.entries), plural(replayed.steps, "step"),
      replayed.taken > 0 ? fmt::format("; {} taken as they are: {}", entries_text(replayed.taken), replayed.taken_why)
                         : std::string()));
}

void write_side(JsonWriter& out, std::string_view key, const std::vector<engine::NewEntry>& entries) {
  out.key(key).begin_array();
  for (const engine::NewEntry& entry : entries)
    out.begin_object().field("type", entry.type).key("data").raw(entry.data).end_object();
  out.end_array();
}

std::string to_json(const std::string& heal, const Replayed& replayed) {
  JsonWriter out;
  out.begin_object().field("heal_id", heal).field("engine", replayed.state.request->engine);
  out.field("verdict", name_of(replayed.verdict)).field("entries", replayed.entries).field("steps", replayed.steps);
  out.field("taken", replayed.taken).optional_field("why", replayed.why);
  if (replayed.divergence) {
    const Divergence& found = *replayed.divergence;
    out.key("divergence").begin_object().field("seq", found.position.value).field("version", found.version);
    out.field("input", found.input).key("before");
    replay::write(out, found.before);
    write_side(out, "recorded", without_places(found.recorded));
    write_side(out, "decided", found.decided);
    out.field("first", found.same).end_object();
  }
  return out.end_object().take();
}

std::string to_json(const replay::AllHeals& all) {
  JsonWriter out;
  out.begin_object().field("heals", all.heals).field("same", all.same).field("diverged", all.diverged);
  out.field("set_aside", all.set_aside).field("entries", all.entries).field("decided", all.decided);
  out.field("taken", all.taken).key("not_the_same").begin_array();
  for (const replay::NotTheSame& one : all.not_the_same) {
    out.begin_object().field("heal_id", one.heal).field("engine", one.engine).field("verdict", name_of(one.verdict));
    out.field("seq", one.position.value).field("why", one.why).end_object();
  }
  return out.end_array().end_object().take();
}

void print_all(Console& console, const replay::AllHeals& all) {
  for (const replay::NotTheSame& one : all.not_the_same) {
    const bool diverged = one.verdict == Verdict::diverged;
    console.data(
        fmt::format("{}  {}  {}{}  {}",
                    console.paint(diverged ? Tone::bad : Tone::warning, diverged ? "✗ diverged" : "? set aside"),
                    printable(one.engine), one.heal, diverged ? fmt::format("  entry {}", one.position.value) : "",
                    printable(one.why)));
  }
  console.data(fmt::format("{}{}: {} same, {} diverged, {} set aside; {} of {} decided again{}",
                           all.all_same() ? console.paint(Tone::good, "✓ ") : console.paint(Tone::bad, "✗ "),
                           plural(all.heals, "heal"), all.same, all.diverged, all.set_aside, entries_text(all.decided),
                           all.entries,
                           all.taken > 0 ? fmt::format(", {} taken as they are", all.taken) : std::string()));
}

int replay_one(const Session& session, const ReplayOptions& options, const Past& past) {
  const auto heal = replayable_heal(past, options.heal);
  if (!heal) return session.fail(heal.error());
  if (options.reproduce.empty()) return replay_and_tell(session.console, *heal);
  return reproduce_and_tell(session.console, *heal, options.reproduce, true);
}

int pack_one(const Session& session, const ReplayOptions& options, const Past& past) {
  const auto heal = find_heal(*past.ledger, options.heal);
  if (!heal) return session.fail(heal.error());
  if (auto written = write_evidence(session, past, *heal, options.export_file, options.with_secrets); !written)
    return session.fail(written.error());
  session.console.note("to be decided again anywhere with: autoheal replay --import " +
                       std::filesystem::path(options.export_file).filename().string());
  return exit_done;
}

int replay_every_one(const Session& session, const Past& past) {
  replay::Adoptions adoptions;
  replay::AllHealsOptions options;
  options.progress = [&session](engine::Position done, engine::Position head) {
    session.console.progress(progress_bar("replayed", done.value, head.value, "entries"), done.value, head.value);
  };
  const auto all = replay::replay_all(*past.ledger, *past.vault, adoptions, options);
  session.console.end_progress();
  if (!all) return session.fail(all.error());
  if (session.console.json()) {
    session.console.data(to_json(*all));
  } else {
    print_all(session.console, *all);
  }
  return all->all_same() ? exit_done : exit_failed;
}

Result<void> check_wishes(const ReplayOptions& options) {
  const auto unclear = [](std::string message, std::string hint) {
    return failure(ErrorKind::invalid, std::move(message), std::move(hint));
  };
  const bool all = options.all || (options.heal.empty() && !options.at.empty());
  if (options.heal.empty() != all) return unclear("replay needs a heal, or --all", "for example: autoheal replay last");
  if (!options.what_if.empty() && (all || options.step || !options.at.empty()))
    return unclear("--what-if asks about one whole heal", "for example: autoheal replay last --what-if max_retries=1");
  if (!options.with_config.empty() && (!all || !options.at.empty()))
    return unclear("--with asks about the whole past", "for example: autoheal replay --all --with new.yaml");
  if (!options.since.empty() && options.with_config.empty())
    return unclear("--since goes with --all --with NEW.yaml", "for a moment of the past there is --at");
  if (!options.export_file.empty() &&
      (all || options.step || !options.at.empty() || !options.what_if.empty() || !options.reproduce.empty()))
    return unclear("--export packs one whole heal", "for example: autoheal replay last --export heal.tar.gz");
  if (!options.reproduce.empty() && (all || options.step || !options.at.empty() || !options.what_if.empty()))
    return unclear("--reproduce heals one whole heal again", "for example: autoheal replay last --reproduce again");
  if (options.with_secrets && options.export_file.empty())
    return unclear("--with-secrets goes with --export", "for example: autoheal replay last --export heal.tar.gz");
  if (!options.keys.empty())
    return unclear("--key goes with --import", "for example: autoheal replay --import heal.tar.gz --key KEY");
  if (options.step && all) return unclear("--step goes through one heal", "for example: autoheal replay last --step");
  return {};
}

}  // namespace

int replay_and_tell(Console& console, const ReplayableHeal& heal) {
  const Replayed replayed = replay::replay_heal(*heal.recorded, *heal.world);
  if (console.json()) {
    console.data(to_json(heal.id, replayed));
  } else {
    print_replayed(console, heal.id, replayed, heal.world->blobs());
  }
  return replayed.verdict == Verdict::same ? exit_done : exit_failed;
}

namespace {

constexpr const char* replay_example = R"(
Examples:
  autoheal replay last                      is it what today's code would decide?
  autoheal replay --all -o json             the same of every heal in the ledger
  autoheal replay last --step               through its entries by keys, forward and back
  autoheal replay --at 2026-11-23T12:00:00Z the state of all heals at that time
  autoheal replay last --what-if max_retries=1 --what-if certify.tests=none
  autoheal replay --all --since 30d --with new.yaml      the whole past under a new configuration
  autoheal replay last --export heal.tar.gz              takes one heal along, with its proofs, to a machine
  autoheal replay --import heal.tar.gz --key KEY         without ledger and configuration
  autoheal replay last --reproduce again                 breaks it again in a folder and heals it there, for real
Every step is decided again, by the very code that heals, from what the ledger and the vault hold; nothing is
touched. Exit 0: same; 1: diverged (the first step that would be decided otherwise is shown), or not readable.
)";

void add_carrying(const DeclaredCommand& command, ReplayOptions& options) {
  command.option("--export", options.export_file, "FILE.tar",
                 "pack the heal with its proofs and contents, as `show HEAL --evidence` does; .gz or .tgz: compressed");
  command.flag("--with-secrets", options.with_secrets,
               "with --export: also contents of env files and secrets, in clear");
  command.option("--import", options.import_file, "FILE",
                 "check such a file, then replay what is in it; needs no ledger and no configuration");
  command.option("--reproduce", options.reproduce, "DIR",
                 "rebuild the broken targets in this new or empty folder and heal them again there, for real");
  command.option("--key", options.keys, "KEY", "with --import: the ledger's verifier key; may be repeated");
}

Needs needs_of_replay(const ReplayOptions& options) {
  if (!options.import_file.empty()) return Needs::nothing;
  return options.with_config.empty() ? Needs::record : Needs::record_and_configuration;
}

int run_replay(const Session& session, const ReplayOptions& options) {
  if (!options.import_file.empty()) return replay_import(session, options);
  if (auto clear = check_wishes(options); !clear) return session.fail(clear.error());
  const auto past = open_past_to_replay(session.configuration);
  if (!past) return session.fail(past.error());
  if (!options.export_file.empty()) return pack_one(session, options, *past);
  if (!options.what_if.empty()) return replay_what_if(session, options, *past);
  if (!options.with_config.empty()) return replay_back_test(session, options, *past);
  if (options.step) return replay_step_by_step(session, options, *past);
  if (!options.at.empty())
    return options.heal.empty() ? replay_all_at(session, options, *past) : replay_one_at(session, options, *past);
  return options.all ? replay_every_one(session, *past) : replay_one(session, options, *past);
}

}  // namespace

void add_replay(CommandLine& line) {
  auto [command, options] = line.add<ReplayOptions>(
      "replay", "decide past heals again with today's code; touches nothing", needs_of_replay, run_replay);
  command.footer(replay_example);
  add_heal_argument(command, options.heal);
  command.flag("--all", options.all, "every heal of the ledger");
  command.option("--at", options.at, "SEQ|TIME",
                 "the state right after this entry, or at this time; without a heal: of all");
  command.option(
      "--what-if", options.what_if, "KEY=VALUE",
      "what would have happened with this setting; may be repeated. Settings: " + replay::names_of_settings());
  command.option("--with", options.with_config, "NEW.yaml",
                 "with --all: what would have become of every heal under this file; - for a text on stdin that "
                 "names no files");
  command.option("--since", options.since, "TIME", "with --with: only heals that began then or later");
  command.flag("--step", options.step, "forward and back through the entries; from a pipe, one command a line");
  add_carrying(command, options);
}

}  // namespace autoheal::cli
