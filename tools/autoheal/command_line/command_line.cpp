#include "tools/autoheal/command_line/command_line.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "tools/autoheal/command_line/command_line_parts.hpp"
#include "tools/autoheal/output/exit_code.hpp"
#include "tools/autoheal/output/version.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* about =
    "Autoheal tests what you manage, repairs what fails, proves that the repair holds,\n"
    "and leaves evidence that anyone can check. An uncertified change never stays.\n";

constexpr const char* footer =
    "A first session:\n"
    "  autoheal init --help                   a first configuration for what you have\n"
    "  autoheal config check                  is the configuration right?\n"
    "  autoheal doctor                        is all in place on this host?\n"
    "  autoheal selftest --no-heal            what fails, without touching anything\n"
    "  autoheal explain EnvRecon              what is there, what is declared, why it is or is not healed\n"
    "  autoheal heal EnvRecon --dry-run       what would be repaired, and would it be certified?\n"
    "  autoheal selftest                      test, heal, certify, report\n"
    "  autoheal heals                         what was healed\n"
    "  autoheal show HEAL                     one heal, step by step\n"
    "  autoheal ledger verify                 did anybody edit the record?\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 usage, 3 skipped, 4 refused, 5 not found, 6 busy or unavailable,\n"
    "9 self-test run failed, 70 internal, 78 configuration, 130/143 on a signal.\n";

constexpr const char* manifest_example =
    "Example:\n"
    "  autoheal baseline manifest releases/1.2 --ignore 'logs/**' --ignore '**/*.pid'\n"
    "writes releases/1.2/MANIFEST.sha256, which `sha256sum -c MANIFEST.sha256` checks in that folder, too.\n"
    "In a glob * and ? stop at a slash, ** does not. No configuration is needed.\n";

constexpr const char* init_example =
    "Examples:\n"
    "  autoheal init --folder /srv/app/etc --baseline baseline/app\n"
    "  autoheal -c /etc/autoheal/autoheal.yaml init --nginx --unit postgresql --unit redis\n"
    "writes ./autoheal.yaml (or FILE of -c) in mode: observe. Where the baseline folder is missing or empty, it is "
    "made\n"
    "as a copy of what is there now: at most 10,000 files of 64 MiB, without symlinks and what looks like a secret.\n"
    "A file that exists is never overwritten.\n";

constexpr const char* verify_example =
    "Everything is computed anew from the rows: the hash of each entry, the tree over them, indexes, stream versions,\n"
    "the path of each heal, its certificates, and every checkpoint with its signature. Exit 1 names the first bad "
    "entry.\n"
    "Whoever has the signing key can sign another history; only a checkpoint that was kept elsewhere shows that:\n"
    "  autoheal ledger checkpoint > /mnt/auditor/2026-11.checkpoint      on one day\n"
    "  autoheal ledger key > /mnt/auditor/ledger.key\n"
    "  autoheal ledger verify --checkpoint /mnt/auditor/2026-11.checkpoint --key /mnt/auditor/ledger.key    later\n"
    "--since-checkpoint looks only at what came after it, in a moment.\n";

void add_global(CLI::App& app, Options& options) {
  app.add_option("-c,--config", options.config_file,
                 "configuration; else $AUTOHEAL_CONFIG, ./autoheal.yaml, /etc/autoheal/autoheal.yaml")
      ->type_name("FILE");
  const auto take_form = [&options](const std::string& word) {
    if (word == "json") options.output = OutputFormat::json;
    if (word == "jsonl") options.output = OutputFormat::jsonl;
    if (word == "csv") options.output = OutputFormat::csv;
  };
  app.add_option_function<std::string>("-o,--output", take_form, "form of the data on stdout (default: text)")
      ->check(CLI::IsMember({"text", "json", "jsonl", "csv"}))
      ->type_name("FORM");
  app.add_option("--color", options.color, "auto, always or never; NO_COLOR also switches it off")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
  app.add_option("--reason", options.reason, "why, in your words: stands in the ledger beside what you did")
      ->type_name("TEXT");
}

void add_init(CLI::App& app, Options& options) {
  CLI::App* init =
      command(app, options, "init", "write a first autoheal.yaml for what you have; nothing is healed yet");
  init->footer(init_example);
  init->add_flag("--nginx", options.nginx, "the nginx of this machine: its configuration, port, answer, service");
  init->add_option("--unit", options.units, "a systemd unit; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME");
  init->add_option("--folder", options.folders, "a folder whose files stay as they are; may be repeated")
      ->allow_extra_args(false)
      ->type_name("DIR");
  init->add_option("--baseline", options.baselines, "where the good copies of its files are: one for each --folder")
      ->allow_extra_args(false)
      ->type_name("DIR");
}

void add_healing(CLI::App& app, Options& options) {
  CLI::App* selftest = command(app, options, "selftest", "test every engine once, heal what fails, write the report");
  CLI::Option* heals = selftest->add_flag_callback(
      "--heal", [&options] { options.heals = true; }, "heal what fails: the default where you may");
  selftest->add_flag_callback("--no-heal", [&options] { options.heals = false; }, "only look")->excludes(heals);
  selftest->add_option("--engine", options.engines, "only this engine and what it needs; may be repeated")
      ->type_name("NAME");

  CLI::App* heal = command(app, options, "heal", "heal one engine now and wait for the outcome");
  heal->add_option("engine", options.engine, "the engine's name")->required();
  heal->add_option("--test-result", options.test_result_file,
                   "a test result as JSON {engine, action?, result?, error?}, or - for stdin; without it the self-test "
                   "runs first")
      ->type_name("FILE");
  heal->add_option("--error", options.error, "what failed, in your words, instead of a test result")->type_name("TEXT");
  heal->add_flag("--dry-run", options.dry_run, "plan and preflight only: nothing is touched, nothing recorded");

  command(app, options, "resume", "finish the heals that an interrupted process left open");
  CLI::App* cancel = command(app, options, "cancel", "end an open heal; what it changed is rolled back");
  cancel->add_option("heal", options.heal, "the heal's id, or enough of its beginning")->required();
  CLI::App* rollback = command(app, options, "rollback", "try once more to put back what a heal could not");
  rollback->add_option("heal", options.heal, "the heal's id, or enough of its beginning")->required();
}

constexpr const char* hold_example =
    "Example:\n"
    "  autoheal hold nginx --for 2h --reason 'new certificate'\n"
    "Self-tests go on; what fails meanwhile is healed once the hold is over, if it still fails then.\n";

void add_brakes(CLI::App& app, Options& options) {
  CLI::App* hold = command(app, options, "hold", "keep hands off an engine for a while; it is tested, not healed");
  CLI::App* unhold = command(app, options, "unhold", "end a hold");
  CLI::App* reset =
      command(app, options, "reset", "forget failed heals: the pause after one is over, counting begins anew");
  for (CLI::App* one : {hold, unhold, reset}) {
    one->add_option("engine", options.engine, "the engine's name");
    one->add_flag("--all", options.all_engines, "all engines");
  }
  hold->footer(hold_example);
  hold->add_option("--for", options.hold_for, "how long: 30m, 2h, 1d (default: 1h)")->type_name("TIME");
}

void add_serve(CLI::App& app, Options& options) {
  CLI::App* serve = command(app, options, "serve",
                            "the daemon: resumes open heals, watches, tests, heals, and answers the other commands");
  serve->footer(
      "Tests run on schedule (`every:`) and at once when a watched file changes or a watched process ends.\n"
      "SIGHUP reads the configuration again (a bad one is refused), SIGTERM ends it; open heals go on at the next\n"
      "start. While it runs, the other commands reach it through <ledger>.sock.\n");
}

constexpr const char* audit_example =
    "Examples:\n"
    "  autoheal audit --engine nginx --since 24h\n"
    "  autoheal audit --type heal.exhausted --limit 100 --newest\n"
    "  autoheal audit --actor alice --since 2026-09 -o csv\n"
    "  autoheal audit --follow -o jsonl\n"
    "Entries stand in the order of the ledger, whatever their times say. Filters are combined; their text is text.\n";

constexpr const char* summary_example =
    "Examples:\n"
    "  autoheal audit summary --since 2026-09\n"
    "  autoheal audit summary --since 2026Q3 --compare 2026Q2\n"
    "A period (2026, 2026Q3, 2026-09) without --until means all of it. Counted are heals that began in it.\n";

void add_since(CLI::App& app, Options& options) {
  app.add_option("--since", options.since,
                 "from this time on: RFC 3339, a date, a period such as 2026Q3 or 2026-09, or an age such as 24h")
      ->type_name("TIME");
  app.add_option("--until", options.until, "before this time")->type_name("TIME");
}

void add_filters(CLI::App& app, Options& options) {
  app.add_option("--engine", options.engine, "only of this engine")->type_name("NAME");
  app.add_option("--state", options.state,
                 "only heals in this state: Triggered, Repairing, Certifying, Retrying, Complete, Exhausted");
  add_since(app, options);
}

constexpr const char* coverage_example =
    "Example:\n"
    "  autoheal audit coverage --since 2026-10-01 --until 2026-11-01 --engine EnvRecon\n"
    "says how much of October it was tested and healed, and lists every gap with its cause: stopped, killed, host "
    "off,\n"
    "not configured, switched off, observed, or held, by whom and why. What daemons wrote into the ledger is counted;\n"
    "before a kill, their last word is at most 5 minutes old.\n";

void add_coverage(CLI::App& audit, Options& options) {
  CLI::App* coverage = command(audit, options, "coverage", "was it switched off? every gap in testing and healing");
  coverage->footer(coverage_example);
  coverage->add_option("--engine", options.engine, "only of this engine")->type_name("NAME");
  coverage->add_option("--since", options.since, "from this time on (default: the first entry)")->type_name("TIME");
  coverage->add_option("--until", options.until, "before this time (default: now)")->type_name("TIME");
}

constexpr const char* show_example =
    "Examples:\n"
    "  autoheal show last                                  step by step\n"
    "  autoheal show last --report heal.html               a page for people: what happened, what changed, what proves "
    "it\n"
    "  autoheal show last --evidence heal.tar.gz           for a stranger, who checks it without your ledger:\n"
    "  autoheal ledger check heal.tar.gz --key KEY         on any machine; `autoheal ledger key` prints KEY\n";

void add_show(CLI::App& app, Options& options) {
  CLI::App* show = command(app, options, "show", "one heal as a timeline, as a page, or as evidence for a stranger");
  show->footer(show_example);
  show->add_option("heal", options.heal, "the heal's id, or enough of its beginning; \"last\" is the newest")
      ->required();
  show->add_option("--report", options.report, "write one self-contained page for a browser or a printer")
      ->type_name("FILE.html");
  show->add_option("--evidence", options.evidence,
                   "write entries, proofs, checkpoint, key and contents into one archive; .gz or .tgz: compressed")
      ->type_name("FILE.tar");
  show->add_flag("--with-secrets", options.with_secrets,
                 "with --evidence: also contents of env files and secrets, in clear");
}

void add_audit(CLI::App& app, Options& options) {
  CLI::App* audit =
      command(app, options, "audit", "what happened, from the ledger; -o jsonl prints the exact export lines");
  audit->footer(audit_example);
  add_filters(*audit, options);
  audit->add_option("--heal", options.heal, "only of this heal")->type_name("HEAL");
  audit->add_option("--actor", options.actor, "only what this principal did")->type_name("NAME");
  audit->add_option("--type", options.type, "only this type of entry; heal.* means all that begin so")
      ->type_name("TYPE");
  audit->add_option("--strategy", options.strategy, "only heals of this strategy")->type_name("NAME");
  audit->add_option("--limit", options.limit, "at most so many entries (text: 1000)")->type_name("N");
  audit->add_option("--after", options.after, "only entries after this sequence number")
      ->check(CLI::NonNegativeNumber)
      ->type_name("SEQ");
  audit->add_flag("--newest", options.newest, "with --limit: the last ones instead of the first");
  audit->add_flag("--follow", options.follow, "goes on with new entries as they come, until a signal");

  add_coverage(*audit, options);
  CLI::App* summary = command(*audit, options, "summary", "what a period of healing came to, also beside another one");
  summary->footer(summary_example);
  add_since(*summary, options);
  summary->add_option("--compare", options.compare, "the period it is compared with: 2026, 2026Q2 or 2026-09")
      ->type_name("PERIOD");
}

constexpr const char* explain_example =
    "Example:\n"
    "  autoheal explain EnvRecon\n"
    "For each target: what is there now, what the configuration declares, how it was read, which programs have it "
    "open,\n"
    "and what a repair would do with it. Then each probe's verdict and why, the plan, whether it would be certified, "
    "and\n"
    "what is looked at afterwards. Nothing is changed and nothing recorded; it works beside a daemon. The probes are "
    "run\n"
    "as the self-test runs them, as the user who asks. Secrets are masked. A disagreement? Compare \"there\" with "
    "what\n"
    "you see yourself, then `autoheal config show` with what you wrote.\n";

void add_reading(CLI::App& app, Options& options) {
  CLI::App* heals = command(app, options, "heals", "list heals, newest last");
  add_filters(*heals, options);
  heals->add_option("--limit", options.limit, "the newest so many (text: 50)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
      ->type_name("N");
  add_show(app, options);
  add_audit(app, options);
  command(app, options, "engines", "the engines of the configuration and how they stand");
  CLI::App* explain =
      command(app, options, "explain",
              "why one engine is, or is not, healed: what is there, what is declared, what would be done");
  explain->footer(explain_example);
  explain->add_option("engine", options.engine, "the engine's name")->required();
}

void add_manifest(CLI::App& baseline, Options& options) {
  CLI::App* manifest = command(baseline, options, "manifest", "list every file of a release with its SHA-256");
  manifest->footer(manifest_example);
  manifest->add_option("folder", options.folder, "the release's folder")->required()->type_name("DIR");
  manifest->add_option("--name", options.manifest, "the manifest's file name in it")
      ->capture_default_str()
      ->type_name("FILE");
  manifest->add_option("--ignore", options.ignore, "files that are not listed, relative to the folder; may be repeated")
      ->allow_extra_args(false)
      ->type_name("GLOB");
}

void add_archives(CLI::App& app, Options& options) {
  app.add_option("--archive", options.archives, "a file with archived entries; may be repeated, in any order")
      ->allow_extra_args(false)
      ->type_name("FILE");
}

void add_export(CLI::App& ledger, Options& options) {
  CLI::App* app = command(ledger, options, "export", "every entry as its exact line of JSON: a leaf of the tree");
  app->add_flag("--leaves-hex", options.leaves_hex,
                "each line's bytes as lower-case hex, for tools that read leaves so");
  app->add_option("--since-seq", options.since_seq, "only entries from this sequence number on")->type_name("N");
  add_archives(*app, options);
}

constexpr const char* archive_example =
    "Example:\n"
    "  autoheal ledger archive --before 365d --reason 'kept for a year'\n"
    "moves the longest beginning of the ledger in which every heal has ended, and all is older than a year, to\n"
    "<ledger>.archive-FIRST-LAST.tar.gz, with the contents that only it names. Every hash stays in the ledger, so all\n"
    "proofs and checkpoints stay valid, and `ledger export --archive FILE` prints the whole ledger again. Pages of "
    "the\n"
    "database become free for new entries; its file does not shrink. Secrets that only went entries name are "
    "deleted.\n";

void add_archive(CLI::App& ledger, Options& options) {
  CLI::App* archive = command(ledger, options, "archive", "move old entries to a compressed file that still verifies");
  archive->footer(archive_example);
  archive->add_option("--before", options.before, "what is older: RFC 3339, a date, or an age such as 365d")
      ->required()
      ->type_name("TIME");
  archive->add_option("--to", options.file, "the file to write; one that is there is never replaced")
      ->type_name("FILE");
  command(ledger, options, "stats", "how large it is: entries, archived range, bytes by table, blobs, checkpoints");
}

constexpr const char* checkpoint_example =
    "A checkpoint says how many entries there are and under which root, signed. Keep one elsewhere, and nobody can\n"
    "change what came before it without being found out:\n"
    "  autoheal ledger checkpoint > 2026-11-24.checkpoint      now\n"
    "  autoheal ledger verify --checkpoint 2026-11-24.checkpoint --key KEY      a year later\n";

constexpr const char* prove_example =
    "Examples:\n"
    "  autoheal ledger prove --seq 42 > 42.tlog-proof          that entry 42 is in the signed ledger\n"
    "  autoheal ledger prove --heal last --out proofs          every entry of a heal\n"
    "  autoheal ledger prove --from 1000                       that the first 1,000 entries are still the same\n"
    "Proofs are against the newest checkpoint; `ledger checkpoint --sign` makes one of the present head.\n";

void add_proofs(CLI::App& ledger, Options& options) {
  CLI::App* checkpoint = command(ledger, options, "checkpoint", "print the newest signed head of the ledger");
  checkpoint->footer(checkpoint_example);
  checkpoint->add_flag("--sign", options.sign, "sign the present head first");
  checkpoint->add_flag("--accept-rollback", options.accept_rollback,
                       "the ledger was put back from a backup on purpose: sign it although more was signed before");
  CLI::App* key = command(ledger, options, "key", "print the verifier key line that checkpoints are checked with");
  key->add_flag("--rotate", options.rotate, "make a new signing key first; the old one signs the new one");
  CLI::App* prove = command(ledger, options, "prove", "prove entries to people who do not have the ledger");
  prove->footer(prove_example);
  prove->add_option("--seq", options.seq, "this entry")->check(CLI::NonNegativeNumber)->type_name("N");
  prove->add_option("--heal", options.heal, "every entry of this heal")->type_name("HEAL");
  prove->add_option("--out", options.out, "where the proofs of a heal go")->type_name("DIR");
  prove->add_option("--from", options.from, "that the ledger only grew since it had so many entries")
      ->check(CLI::NonNegativeNumber)
      ->type_name("SIZE");
  add_archives(*prove, options);
  prove->add_option("--format", options.format, "of the proof of an entry: tlog-proof or json")
      ->check(CLI::IsMember({"tlog-proof", "json"}))
      ->type_name("FORM");
}

void add_verify(CLI::App& ledger, Options& options) {
  CLI::App* verify = command(ledger, options, "verify", "did anybody edit the record? exit 1 if it does not verify");
  verify->footer(verify_example);
  verify->add_option("--key", options.key, "the verifier key that you kept: its line, or a file with it")
      ->type_name("KEY");
  CLI::Option* checkpoint =
      verify->add_option("--checkpoint", options.checkpoint, "hold the ledger against a checkpoint that you kept, too")
          ->type_name("FILE");
  verify->add_option("--since-checkpoint", options.since_checkpoint, "only what came after a checkpoint that you kept")
      ->type_name("FILE")
      ->excludes(checkpoint);
  verify->add_flag("--blobs", options.blobs, "the contents in the vault, too; only its owner can read them");
}

constexpr const char* check_example =
    "Examples:\n"
    "  autoheal ledger check heal.tar.gz --key KEY             what `show HEAL --evidence` packed\n"
    "  autoheal ledger check 42.tlog-proof --key key.txt       an entry that `ledger prove --seq 42` proved\n"
    "  autoheal ledger check checkpoint --key KEY --key WITNESS\n"
    "  autoheal ledger check growth.json --key KEY --checkpoint old --checkpoint new\n"
    "Needs no ledger, no configuration and no network. Exit 0: all of it verifies; 1: something does not, or is no "
    "such\n"
    "file. KEY is the line of `autoheal ledger key`, got by a way you trust, or a file that holds it.\n";

void add_check(CLI::App& ledger, Options& options) {
  CLI::App* check = command(ledger, options, "check", "check evidence of a ledger that is not here, offline");
  check->footer(check_example);
  check->add_option("file", options.file, "an evidence bundle, a .tlog-proof, a checkpoint, or a proof as JSON")
      ->required()
      ->type_name("FILE");
  check->add_option("--key", options.keys, "the ledger's verifier key, or a witness's; may be repeated")
      ->allow_extra_args(false)
      ->type_name("KEY");
  check->add_option("--leaf", options.leaf, "the entry's export line, for a .tlog-proof that does not hold it")
      ->type_name("FILE");
  check->add_option("--checkpoint", options.checkpoints, "what a proof as JSON is held against; two for growth")
      ->allow_extra_args(false)
      ->type_name("FILE");
}

void add_groups(CLI::App& app, Options& options) {
  CLI::App* baseline = app.add_subcommand("baseline", "digests that certification holds an engine to");
  baseline->require_subcommand(1)->fallthrough();
  CLI::App* adopt =
      command(*baseline, options, "adopt", "record the digests of an engine's files and baselines as right");
  adopt->add_option("engine", options.engine, "the engine's name")->required();
  CLI::App* show = command(*baseline, options, "show", "what was adopted");
  show->add_option("engine", options.engine, "the engine's name")->required();
  CLI::App* diff = command(*baseline, options, "diff", "how the files differ from what was adopted; exit 1 if they do");
  diff->add_option("engine", options.engine, "the engine's name")->required();

  add_manifest(*baseline, options);

  CLI::App* config = app.add_subcommand("config", "check, show or describe the configuration");
  config->require_subcommand(1)->fallthrough();
  command(*config, options, "check", "read it as every command does; says what is wrong and where");
  command(*config, options, "show", "what is in force, with defaults and environment applied");
  command(*config, options, "schema", "its JSON Schema, for editors");
  command(*config, options, "help", "every field, what it means and its default")
      ->add_flag("--markdown", options.markdown, "as a page of Markdown: docs/configuration.md");
  command(app, options, "doctor", "is all in place: configuration, ledger, vault, roots, programs, kernel");

  CLI::App* ledger = app.add_subcommand("ledger", "the Genesis ledger: integrity and evidence");
  ledger->require_subcommand(1)->fallthrough();
  add_export(*ledger, options);
  add_proofs(*ledger, options);
  add_check(*ledger, options);
  add_verify(*ledger, options);
  add_archive(*ledger, options);
}

}  // namespace

CLI::App* command(CLI::App& parent, Options& options, const std::string& name, const std::string& help) {
  CLI::App* app = parent.add_subcommand(name, help);
  app->fallthrough();
  const std::string full = parent.get_parent() != nullptr ? parent.get_name() + " " + name : name;
  app->callback([&options, full] {
    if (options.command.empty()) options.command = full;
  });
  return app;
}

Parsed parse_command_line(int argc, char** argv) {
  Parsed parsed;
  CLI::App app(about, "autoheal");
  app.set_version_flag("--version", std::string("autoheal ") + version);
  app.require_subcommand(1);
  add_global(app, parsed.options);
  add_serve(app, parsed.options);
  add_init(app, parsed.options);
  add_healing(app, parsed.options);
  add_brakes(app, parsed.options);
  add_reading(app, parsed.options);
  add_replay(app, parsed.options);
  add_diff(app, parsed.options);
  add_groups(app, parsed.options);
  app.footer(footer);  // after the commands: theirs would repeat it
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    parsed.exit_code = app.exit(help, std::cout, std::cerr);
  } catch (const CLI::ParseError& problem) {
    std::cerr << "autoheal: " << problem.what() << "\n  try: autoheal --help\n";
    parsed.exit_code = exit_usage;
  }
  return parsed;
}

}  // namespace autoheal::cli
