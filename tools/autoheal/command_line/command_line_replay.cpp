// replay and diff, as the command line describes them.
#include "autoheal/replay/what_if/settings_text.hpp"
#include "tools/autoheal/command_line/command_line_parts.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* replay_example =
    "Examples:\n"
    "  autoheal replay last                      is it what today's code would decide?\n"
    "  autoheal replay --all -o json             the same of every heal in the ledger\n"
    "  autoheal replay last --step               through its entries by keys, forward and back\n"
    "  autoheal replay --at 2026-11-23T12:00:00Z how all heals stood then\n"
    "  autoheal replay last --what-if max_retries=1 --what-if certify.tests=none\n"
    "  autoheal replay --all --since 30d --with new.yaml      the whole past under a new configuration\n"
    "  autoheal replay last --export heal.tar.gz              takes one heal along, with its proofs, to a machine\n"
    "  autoheal replay --import heal.tar.gz --key KEY         without ledger and configuration\n"
    "  autoheal replay last --reproduce again                 what was broken once more, in a folder, healed for "
    "real\n"
    "Every step is decided again, by the very code that heals, from what the ledger and the vault hold; nothing is\n"
    "touched. Exit 0: same; 1: diverged (the first step that would be decided otherwise is shown), or not readable.\n";

void add_carrying(CLI::App& replay, Options& options) {
  replay
      .add_option("--export", options.export_file,
                  "pack the heal with its proofs and contents, as `show HEAL --evidence` does; .gz or .tgz: compressed")
      ->type_name("FILE.tar");
  replay.add_flag("--with-secrets", options.with_secrets,
                  "with --export: also contents of env files and secrets, in clear");
  replay
      .add_option("--import", options.import_file,
                  "check such a file, then replay what is in it; needs no ledger and no configuration")
      ->type_name("FILE");
  replay
      .add_option("--reproduce", options.reproduce,
                  "rebuild the broken targets in this new or empty folder and heal them again there, for real")
      ->type_name("DIR");
  replay.add_option("--key", options.keys, "with --import: the ledger's verifier key; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY");
}

}  // namespace

void add_replay(CLI::App& app, Options& options) {
  CLI::App* replay = command(app, options, "replay", "decide past heals again with today's code; touches nothing");
  replay->footer(replay_example);
  replay->add_option("heal", options.heal, "the heal's id, or enough of its beginning; \"last\" is the newest");
  replay->add_flag("--all", options.all_heals, "every heal of the ledger");
  replay->add_option("--at", options.at, "the state right after this entry, or at this time; without a heal: of all")
      ->type_name("SEQ|TIME");
  replay
      ->add_option(
          "--what-if", options.what_if,
          "which way it would have gone with this setting; may be repeated. Settings: " + replay::names_of_settings())
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  replay->add_option("--with", options.with_config, "with --all: what would have come of every heal under this file")
      ->type_name("NEW.yaml");
  replay->add_option("--since", options.since, "with --with: only heals that began then or later")->type_name("TIME");
  replay->add_flag("--step", options.step, "forward and back through the entries; commands a line each from a pipe");
  add_carrying(*replay, options);
}

void add_diff(CLI::App& app, Options& options) {
  CLI::App* diff =
      command(app, options, "diff", "two heals side by side, the first difference first; 1 if they differ");
  diff->add_option("heal", options.heal, "a heal's id, or enough of its beginning")->required();
  diff->add_option("other", options.other_heal, "another one's")->required();
}

}  // namespace autoheal::cli
