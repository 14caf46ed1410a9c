// A year of a busy ledger, from a seed: incidents with real heals in them, self-test runs, what a daemon says of itself
// and what people do, in the mix of a host that is looked after. The same seed gives the same year.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "autoheal/engine/ledger.hpp"
#include "autoheal/engine/ports.hpp"
#include "tools/bench/support/heal_recordings.hpp"

namespace autoheal::bench {

// Ids as UUIDv7 has them, on the clock of the year.
class YearIds final : public engine::IdSource {
 public:
  explicit YearIds(std::uint64_t seed) : random_(seed) {}
  [[nodiscard]] Uuid next() override;
  Timestamp now;  // what the next id is given at

 private:
  std::mt19937_64 random_;
  std::uint64_t count_ = 0;
};

class YearOfHeals {
 public:
  static constexpr std::size_t engines = 200;

  // `entries` are spread over the year that begins with `begin`.
  YearOfHeals(std::vector<HealRecording> recordings, std::uint64_t entries, std::uint64_t seed,
              Timestamp begin = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));

  // The next incident as one batch, at most `most_entries` of it; nothing is left for later.
  [[nodiscard]] engine::Batch next(std::uint64_t most_entries);
  [[nodiscard]] YearIds& ids() { return ids_; }

 private:
  struct Who {
    std::string principal, role, via;
  };
  using Entries = std::vector<engine::NewEntry>;

  [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }
  [[nodiscard]] bool one_in(std::uint64_t chances) { return below(chances) == 0; }
  [[nodiscard]] std::size_t some_engine();
  [[nodiscard]] const HealRecording& some_course(std::size_t engine);
  [[nodiscard]] Who somebody();
  [[nodiscard]] Duration some_time(Duration median);
  void keep_to_the_calendar();

  void incident(engine::Batch& batch);
  void heal(engine::Batch& batch, std::size_t engine, const Who& who);
  void self_test_run(engine::Batch& batch);
  void what_the_daemon_says(Entries& entries);
  void what_people_do(Entries& entries);

  std::map<std::string, std::vector<const HealRecording*>> by_strategy_;
  std::vector<HealRecording> recordings_;
  std::vector<std::string> names_;
  std::uint64_t entries_;
  std::uint64_t written_ = 0;
  Timestamp begin_, now_;
  bool set_back_ = false;  // the one time that the host's clock was set back
  std::uint64_t ledger_version_ = 0;
  std::mt19937_64 random_;
  YearIds ids_;
};

}  // namespace autoheal::bench
