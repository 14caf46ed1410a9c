// autoheal-bench: what healing costs, beside what the same work costs bare, in one run on one disk.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <iostream>

#include "tools/bench/api.hpp"
#include "tools/bench/crash.hpp"
#include "tools/bench/drift.hpp"
#include "tools/bench/engine.hpp"
#include "tools/bench/floors/tree_cost.hpp"
#include "tools/bench/heals.hpp"
#include "tools/bench/idle.hpp"
#include "tools/bench/ledger.hpp"
#include "tools/bench/process.hpp"
#include "tools/bench/replay.hpp"
#include "tools/bench/storm.hpp"
#include "tools/bench/support/spawned.hpp"
#include "tools/bench/verify.hpp"

namespace {

using namespace autoheal::bench;

struct Everything {
  ApiOptions api;
  HealsOptions heals;
  CrashOptions crash;
  DriftOptions drift;
  EngineOptions engine;
  ProcessOptions process;
  StormOptions storm;
  IdleOptions idle;
  TreeCostOptions tree;
  LedgerOptions ledger;
  WholeLedgerOptions verify;
  WholeLedgerOptions replay;
};

void add_folder(CLI::App& command, std::string& folder) {
  command.add_option("--folder", folder, "where the scratch files lie; removed afterwards")->capture_default_str();
}

// Measures the daemon itself, started from a program.
void add_daemon(CLI::App& command, std::string& folder, std::string& program) {
  add_folder(command, folder);
  program = program_beside("autoheal");
  command.add_option("--program", program, "the autoheal that is measured")->check(CLI::ExistingFile);
}

void add_heals(CLI::App& app, HealsOptions& options) {
  CLI::App& heals = *app.add_subcommand("heals", "whole heals in this process: trigger to certificate");
  heals.add_option("--callers", options.callers, "heals under way at once")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  heals.add_option("--count", options.count, "heals in all")->check(CLI::Range(1, 10'000'000))->capture_default_str();
  add_folder(heals, options.folder);
  heals.add_flag("--simulated-only", options.simulated_only, "without the lines with one real file per heal");
}

void add_api(CLI::App& app, ApiOptions& options) {
  CLI::App& api = *app.add_subcommand(
      "api", "callers heal under a running daemon, without and beside clients that follow the bus and ask");
  api.add_option("--callers", options.callers, "heals under way at once; a user has 64 connections")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  api.add_option("--engines", options.engines, "engines that they share, at least one each")
      ->check(CLI::Range(64, 10'000))
      ->capture_default_str();
  api.add_option("--followers", options.followers, "clients that follow one engine each")
      ->check(CLI::Range(0, 1'000))
      ->capture_default_str();
  api.add_option("--of-everything", options.of_everything, "clients that follow all engines")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  api.add_option("--topics", options.topics, "what they follow, with commas")->capture_default_str();
  api.add_option("--requests", options.requests, "GET /api/v1/engines in a second")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  api.add_option("--pairs", options.pairs, "of a window without and one with these clients")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  api.add_option("--seconds", options.seconds, "of a window")->check(CLI::Range(0.1, 600.0))->capture_default_str();
  add_daemon(api, options.folder, options.program);
}

void add_crash(CLI::App& app, CrashOptions& options) {
  CLI::App& crash = *app.add_subcommand(
      "crash", "a process is killed with heals at every place of their way: until the next one has ended all of them");
  crash.add_option("--heals", options.heals, "heals in flight")->check(CLI::Range(1, 100'000))->capture_default_str();
  crash.add_option("--rounds", options.rounds, "kills")->check(CLI::Range(1, 100))->capture_default_str();
  add_folder(crash, options.folder);
}

void add_drift(CLI::App& app, DriftOptions& options) {
  CLI::App& drift = *app.add_subcommand(
      "drift", "a file is edited under a running daemon: until it is right, until the heal is certified");
  drift.add_option("--trials", options.trials, "edits")->check(CLI::Range(1, 5'000))->capture_default_str();
  add_daemon(drift, options.folder, options.program);
}

void add_engine(CLI::App& app, EngineOptions& options) {
  CLI::App& engine =
      *app.add_subcommand("engine", "the durable engine alone: an empty workflow of four steps, beside bare SQLite");
  engine.add_option("--at-once", options.at_once, "workflows under way at once, measured one after the other")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  engine.add_option("--count", options.count, "workflows in all for each of those, 1,000 times that many at most")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  add_folder(engine, options.folder);
}

void add_process(CLI::App& app, ProcessOptions& options) {
  CLI::App& process = *app.add_subcommand(
      "process", "a service is killed under a running daemon: until it answers, until the heal is certified");
  process.add_option("--trials", options.trials, "kills")->check(CLI::Range(1, 5'000))->capture_default_str();
  options.service = program_beside("demo-service");
  process.add_option("--service", options.service, "the demo-service that is killed")->check(CLI::ExistingFile);
  add_daemon(process, options.folder, options.program);
}

void add_storm(CLI::App& app, StormOptions& options) {
  CLI::App& storm =
      *app.add_subcommand("storm", "many files are edited at once: as one engine, then as one engine each");
  storm.add_option("--files", options.files, "files")->check(CLI::Range(1, 10'000))->capture_default_str();
  add_daemon(storm, options.folder, options.program);
}

void add_tree(CLI::App& app, TreeCostOptions& options) {
  CLI::App& tree = *app.add_subcommand("tree", "what the tree over the entries costs: heals with it and without it");
  tree.add_option("--callers", options.callers, "heals under way at once")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  tree.add_option("--count", options.count, "heals of each kind")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  tree.add_option("--rounds", options.rounds, "rounds that they are spread over")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  add_folder(tree, options.folder);
}

void add_idle(CLI::App& app, IdleOptions& options) {
  CLI::App& idle = *app.add_subcommand("idle", "CPU and memory of a daemon while nothing happens");
  idle.add_option("--files", options.files, "watched files")->check(CLI::Range(1, 100'000))->capture_default_str();
  idle.add_option("--engines", options.engines, "engines that share them")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  idle.add_option("--seconds", options.seconds, "how long nothing happens")
      ->check(CLI::Range(1, 3'600))
      ->capture_default_str();
  add_daemon(idle, options.folder, options.program);
}

void add_ledger(CLI::App& app, LedgerOptions& options) {
  CLI::App& ledger = *app.add_subcommand(
      "ledger", "writes a ledger of a year of heals through the real store; the file is kept for other measurements");
  ledger.add_option("--entries", options.entries, "entries")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  ledger.add_option("--file", options.file, "the ledger's file; it must not be there yet")->capture_default_str();
  ledger.add_option("--seed", options.seed, "the same seed gives the same year")->capture_default_str();
  ledger.add_flag("--keep,!--no-keep", options.keep, "leave the file and its vault (the default), or remove them");
  ledger.add_flag("--sizes", options.sizes, "also what each table and index takes");
}

void add_whole_ledger(CLI::App& app, const char* name, const char* what, WholeLedgerOptions& options) {
  CLI::App& command = *app.add_subcommand(name, what);
  command.add_option("--file", options.file, "the ledger's file; it is only read")
      ->check(CLI::ExistingFile)
      ->capture_default_str();
  command.add_option("--rounds", options.rounds, "of each, in turn; the fastest counts")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command.add_option("--threads", options.threads, "instead of one for each core")->check(CLI::Range(1, 1'000));
}

autoheal::Result<void> run_chosen(const CLI::App& app, const Everything& options) {
  const std::string chosen = app.get_subcommands().front()->get_name();
  if (chosen == "api") return run_api(options.api, std::cout);
  if (chosen == "crash") return run_crash(options.crash, std::cout);
  if (chosen == "drift") return run_drift(options.drift, std::cout);
  if (chosen == "engine") return run_engine(options.engine, std::cout);
  if (chosen == "process") return run_process(options.process, std::cout);
  if (chosen == "storm") return run_storm(options.storm, std::cout);
  if (chosen == "tree") return run_tree_cost(options.tree, std::cout);
  if (chosen == "idle") return run_idle(options.idle, std::cout);
  if (chosen == "ledger") return run_ledger(options.ledger, std::cout);
  if (chosen == "verify") return run_verify(options.verify, std::cout);
  if (chosen == "replay") return run_replay(options.replay, std::cout);
  return run_heals(options.heals, std::cout);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Measures healing against a floor or an aim in the same run; one JSON line per figure.\n"
      "Durability is on: WAL, synchronous=FULL, one sync per commit, on the disk of --folder.\n"
      "`heals`, `engine`, `crash`, `tree`, `ledger`, `verify` and `replay` measure inside this process; the "
      "others start `autoheal serve` of the same build on real files.\n"
      "Only figures of an optimised build (`cmake --preset release`) on a quiet machine say anything.",
      "autoheal-bench");
  app.require_subcommand(1);
  Everything options;
  add_heals(app, options.heals);
  add_api(app, options.api);
  add_crash(app, options.crash);
  add_drift(app, options.drift);
  add_engine(app, options.engine);
  add_process(app, options.process);
  add_storm(app, options.storm);
  add_idle(app, options.idle);
  add_tree(app, options.tree);
  add_ledger(app, options.ledger);
  add_whole_ledger(app, "verify",
                   "a ledger is verified on one core and on all, beside reading and hashing alone; `ledger` makes one",
                   options.verify);
  add_whole_ledger(app, "replay",
                   "every heal of a ledger is decided again on one core and on all, beside reading and hashing alone",
                   options.replay);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  const auto measured = run_chosen(app, options);
  if (measured) return 0;
  std::cerr << "autoheal-bench: " << measured.error().message << "\n";
  return 1;
}
