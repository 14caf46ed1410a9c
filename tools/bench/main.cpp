// autoheal-bench: what a heal costs, beside what the same commits cost bare SQLite, in one run on one disk.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "tools/bench/heals.hpp"

int main(int argc, char** argv) {
  CLI::App app(
      "Measures healing against a floor in the same run; one JSON line per figure.\n"
      "Durability is on: WAL, synchronous=FULL, one sync per commit, on the disk of --folder.",
      "autoheal-bench");
  app.require_subcommand(1);
  autoheal::bench::HealsOptions options;
  CLI::App* heals = app.add_subcommand("heals", "whole heals: trigger to certificate");
  heals->add_option("--callers", options.callers, "heals under way at once")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  heals->add_option("--count", options.count, "heals in all")->check(CLI::Range(1, 10'000'000))->capture_default_str();
  heals->add_option("--folder", options.folder, "where the scratch ledger lies; removed afterwards")
      ->capture_default_str();
  heals->add_flag("--simulated-only", options.simulated_only, "without the lines with one real file per heal");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  const auto measured = autoheal::bench::run_heals(options, std::cout);
  if (measured) return 0;
  std::cerr << "autoheal-bench: " << measured.error().message << "\n";
  return 1;
}
