// The account of what a daemon did, as lines that people read: each with its time since the host started.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/worlds/simulated_daemon.hpp"
#include "tools/config/problem.hpp"

namespace autoheal::simulation {

class ScenarioAccount {
 public:
  // `last_tests`: what was told of each engine's newest test; a test that says the same again is not told again.
  ScenarioAccount(const engine::LedgerView& ledger, const engine::BlobStore& blobs,
                  std::map<std::string, std::string>& last_tests)
      : ledger_(ledger), blobs_(blobs), last_tests_(last_tests) {}

  void add(const autoheal::testing::Happening& happening);
  [[nodiscard]] std::vector<std::string> take() { return std::move(lines_); }

 private:
  void add_test(const autoheal::testing::Happening& happening);
  void add_heal_entry(const autoheal::testing::Happening& happening);

  const engine::LedgerView& ledger_;
  const engine::BlobStore& blobs_;
  std::map<std::string, std::string>& last_tests_;
  std::vector<std::string> lines_;
};

// "autoheal.yaml:6:30: ..." without the folder that nobody chose.
[[nodiscard]] std::string sentence_of(const config::Problem& problem);

}  // namespace autoheal::simulation
