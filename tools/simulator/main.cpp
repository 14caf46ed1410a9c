// autoheal-sim: lives four weeks of a machine again and again, each from its seed, and judges them; or runs scenario
// files.
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>

#include "tests/simulation/life.hpp"
#include "tools/simulator/journal.hpp"
#include "tools/simulator/scenarios.hpp"

namespace {

using namespace autoheal;
using namespace autoheal::simulation;
using autoheal::simulator::Progress;

struct Wishes {
  std::uint64_t seed = 1, lives = 0;
  double years = 0, seconds = 0;
  std::string journal, plant = "none";
  std::vector<std::string> scenarios;
  bool record = false;
  bool tell = false, plain = false, without_services = false;
};

constexpr double microseconds_of_a_year = 365.25 * 24 * 3600 * 1e6;
double years_of(Duration time) { return static_cast<double>(time.count()) / microseconds_of_a_year; }
double seconds_of(Duration time) { return static_cast<double>(time.count()) / 1e6; }

void describe(CLI::App& app, Wishes& wishes) {
  app.description(
      "Simulates machines on which things break, repairs fail and the healer dies at any moment; an independent\n"
      "model judges what its ledger says. Everything comes from a seed: a life that breaks a rule is repeated by its\n"
      "seed alone. Exit code 1: a rule was broken, or a scenario came to another account.");
  app.footer(
      "Examples:\n"
      "  autoheal-sim --seconds 60                          a minute of simulated lives\n"
      "  autoheal-sim --seed 4711                           one life, again\n"
      "  autoheal-sim --years 1000 --journal years.txt      goes on where it was stopped\n"
      "  autoheal-sim --plant rollback_forgotten --seconds 60   finds a bug that it planted itself\n"
      "  autoheal-sim --scenario mine.heal --record         runs your scenario and writes what came of it");
  app.add_option("--seed", wishes.seed, "the first life; that one alone unless more is asked for");
  app.add_option("--lives", wishes.lives, "so many lives");
  app.add_option("--years", wishes.years, "until so many years have been simulated (over all runs of a journal)");
  app.add_option("--seconds", wishes.seconds, "for so long");
  app.add_option("--journal", wishes.journal, "keeps count in this file, and goes on from there");
  app.add_flag("--plain", wishes.plain, "without hostile documents, programs that write and pure code that throws");
  app.add_flag("--without-services", wishes.without_services,
               "without services that pass through states, people who stop them, and managers that refuse");
  app.add_flag("--tell", wishes.tell, "prints what every heal did");
  auto* const scenarios = app.add_option("--scenario", wishes.scenarios, "run these scenario files instead");
  app.add_flag("--record", wishes.record, "writes into each what came of it")->needs(scenarios);
  std::vector<std::string> names;
  for (const PlantedName& one : planted_names) names.emplace_back(one.name);
  app.add_option("--plant", wishes.plant, "a bug to be found")->check(CLI::IsMember(names));
}

Planted planted_by(const std::string& name) { return std::ranges::find(planted_names, name, &PlantedName::name)->bug; }

bool is_enough(const Wishes& wishes, const Progress& now, std::uint64_t lives, double seconds) {
  if (wishes.years > 0 && years_of(now.simulated) >= wishes.years) return true;
  if (wishes.seconds > 0 && seconds >= wishes.seconds) return true;
  if (wishes.lives > 0 && lives >= wishes.lives) return true;
  return wishes.years <= 0 && wishes.seconds <= 0 && wishes.lives == 0 && lives >= 1;
}

void tell(const LifeRecord& record) {
  for (const SeenEntry& one : record.entries) {
    std::cout << seconds_of(one.at) / 3600 << " h " << one.engine << ' ' << one.heal << ' ' << one.type << ' '
              << one.reason << (one.works ? "" : " (does not work)") << '\n';
  }
}

void tell_of_services(const LifeRecord& record) {
  for (const SeenAtService& one : record.at_services) {
    std::cout << seconds_of(one.at) / 3600 << " h " << one.engine << " (" << one.how << ") until "
              << seconds_of(one.until) / 3600 << " h" << (one.worked ? ", worked before" : "")
              << (one.came_back ? ", works again" : "") << (one.told ? ", was told" : "") << '\n';
  }
  constexpr std::array<std::string_view, 5> words = {"tested", "wanted", "left alone", "left alone as stopped",
                                                     "asked"};
  for (const SeenOfService& one : record.of_services) {
    std::cout << seconds_of(one.at) / 3600 << " h " << one.engine << ' '
              << words.at(static_cast<std::size_t>(one.what));
    if (one.what == SeenOfService::What::tested)
      std::cout << (one.outcome == workflows::TestOutcome::passed   ? ": passed"
                    : one.outcome == workflows::TestOutcome::failed ? ": failed"
                                                                    : ": unknown");
    std::cout << (one.nobody_could_look ? " (nobody could look)" : "") << '\n';
  }
}

void live(std::uint64_t seed, const Wishes& wishes, Progress& progress) {
  const auto began = std::chrono::steady_clock::now();
  Life life(seed, planted_by(wishes.plant), wishes.plain ? Hostile::no : Hostile::yes,
            wishes.without_services ? Services::no : Services::yes);
  life.run();
  const LifeFigures figures = life.figures();
  ++progress.lives;
  progress.simulated += figures.simulated;
  progress.heals += figures.heals;
  progress.entries += figures.entries;
  progress.deaths += figures.deaths;
  progress.self_tests += figures.self_tests;
  progress.completed += figures.completed;
  progress.refused += figures.refused;
  progress.documents += figures.documents;
  progress.writings += figures.writings;
  progress.took += std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
  if (wishes.tell) {
    tell(life.record());
    tell_of_services(life.record());
  }
  const auto broken = broken_rules(life.record());
  if (broken.empty()) return;
  ++progress.failures;
  progress.failed.push_back(seed);
  std::cout << "seed " << seed << " breaks " << broken.size() << " rules; again: autoheal-sim --seed " << seed
            << (wishes.plain ? " --plain" : "") << (wishes.without_services ? " --without-services" : "")
            << (wishes.plant == "none" ? "" : " --plant " + wishes.plant) << '\n';
  for (const std::string& rule : broken) std::cout << "  " << rule << '\n';
  std::cout << std::flush;  // a run of hours says at once what it found
}

void summarize(const Progress& progress) {
  std::cout << progress.lives << " lives, " << years_of(progress.simulated) << " years, " << progress.heals
            << " heals (" << progress.completed << " completed; " << progress.refused << " refused an edit), "
            << progress.documents << " hostile documents, " << progress.writings << " writings by programs, "
            << progress.self_tests << " self-tests, " << progress.deaths << " deaths of the process, "
            << progress.failures << " lives with a broken rule; " << seconds_of(progress.took) << " s, a second is "
            << seconds_of(progress.simulated) / seconds_of(progress.took) / 86'400 << " days\n";
}

int simulate(const Wishes& wishes) {
  Progress progress;
  progress.next_seed = wishes.seed;
  if (!wishes.journal.empty()) {
    auto read = simulator::read_journal(wishes.journal);
    if (!read) {
      std::cerr << "error: " << read.error().message << '\n';
      return 2;
    }
    if (read->lives > 0) progress = *read;
  }
  const auto began = std::chrono::steady_clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(); };
  const std::uint64_t failed_before = progress.failures;
  for (std::uint64_t lives = 0; !is_enough(wishes, progress, lives, seconds()); ++lives) {
    live(progress.next_seed++, wishes, progress);
    if (wishes.journal.empty()) continue;
    if (auto written = simulator::write_journal(wishes.journal, progress); !written) {
      std::cerr << "error: " << written.error().message << '\n';
      return 2;
    }
  }
  summarize(progress);
  return progress.failures > failed_before ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app;
  Wishes wishes;
  describe(app, wishes);
  CLI11_PARSE(app, argc, argv);
  if (!wishes.scenarios.empty()) return simulator::run_scenarios(wishes.scenarios, wishes.record);
  return simulate(wishes);
}
