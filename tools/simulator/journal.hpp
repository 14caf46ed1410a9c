// The progress of simulations, in a small text file, so that a thousand years may take several evenings.
#pragma once

#include <filesystem>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::simulator {

struct Progress {
  std::uint64_t next_seed = 1;
  std::uint64_t lives = 0, heals = 0, entries = 0, deaths = 0, self_tests = 0, failures = 0;
  std::uint64_t completed = 0, refused = 0, documents = 0, writings = 0;  // 0 in journals of earlier versions
  Duration simulated{0}, took{0};
  std::vector<std::uint64_t> failed;  // seeds of lives that broke a rule; journals of earlier versions do not name them
};

// A journal that is not there is a beginning. invalid: it is something else.
[[nodiscard]] Result<Progress> read_journal(const std::filesystem::path& file);
// Replaced as a whole. unavailable: it cannot be written.
[[nodiscard]] Result<void> write_journal(const std::filesystem::path& file, const Progress& progress);

}  // namespace autoheal::simulator
