// When a witness is asked, and from where: soon after each new checkpoint, about all that came meanwhile at once, never
// more often than agreed, and more and more seldom while it does not cosign. Values only; all times are on the boot
// clock.
#pragma once

#include <cstdint>
#include <optional>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::cli {

struct WitnessRules {
  Duration every = std::chrono::minutes(1);        // between two questions, at least
  Duration settles = std::chrono::seconds(2);      // a heal makes several checkpoints in a row
  Duration longest_pause = std::chrono::hours(1);  // or `every`, if that is longer
};

class WitnessCourse {
 public:
  explicit WitnessCourse(WitnessRules rules) : rules_(rules) {}

  // There may be a new checkpoint.
  void look(Duration now);
  // When to look what there is to ask; empty: not before somebody calls look().
  [[nodiscard]] std::optional<Duration> due() const;
  // It is looked now; a question is sent now, or a second one behind an answer that named another size.
  void begun() { wanted_at_.reset(); }
  void asked(Duration now) { not_before_ = now + rules_.every; }

  // How many entries it saw last, as it says itself; empty: it has said nothing of that to this process.
  [[nodiscard]] std::optional<std::uint64_t> seen() const { return seen_; }
  // Asked from `old_size`, it said that it saw `size` entries. Whether to ask again from there: not if that is what it
  // was asked from.
  [[nodiscard]] bool named(std::uint64_t size, std::uint64_t old_size);
  // Whether this process has its cosignature of this checkpoint already.
  [[nodiscard]] bool has_cosigned(std::uint64_t size) const { return cosigned_ == size; }

  void cosigned(std::uint64_t size);
  // It did not cosign, or its cosignature could not be kept: asked again after a pause that grows with every failure in
  // a row. `random` makes it up to a half longer, so that many hosts do not come back at once.
  void failed(Duration now, std::uint64_t random);
  // It saw more than the ledger has. Who knows what it says later: the next question begins anew.
  void forget() { seen_.reset(); }

 private:
  WitnessRules rules_;
  std::optional<Duration> wanted_at_;
  Duration not_before_{0};
  std::optional<std::uint64_t> seen_, cosigned_;
  unsigned failures_in_row_ = 0;
};

// Whether people are told of a problem: the first of its kind since the witness last cosigned.
class WitnessTold {
 public:
  [[nodiscard]] bool is_news(const Error& error);
  // It cosigned. Whether that is news.
  [[nodiscard]] bool is_over();

 private:
  std::optional<ErrorKind> told_;
};

}  // namespace autoheal::cli
