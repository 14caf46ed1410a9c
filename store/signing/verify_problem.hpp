// A fault that verification found, with the entry that it concerns, so that the first bad one can be named. Only the
// store includes this header.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autoheal/store/ledger/ledger_schema.hpp"

namespace autoheal::store {

struct Problem {
  std::uint64_t entry = 0;  // its number, or 0 where it is not about one
  std::string sentence;
};

// A hash that is damaged is a problem of the ledger. One that the disk does not give now is none, and ends verification
// with an error: throws SQLite::Exception.
template <class T>
void throw_unless_damage(const Result<T>& hash) {
  if (!hash && hash.error().kind != ErrorKind::corrupt) throw_as_sqlite(hash.error());
}

inline constexpr std::size_t most_problems = 100;

// In the order they were found, at most so many; one more only counts.
class Problems {
 public:
  void add(std::uint64_t entry, std::string sentence) {
    ++count_;
    if (kept_.size() < most_problems) kept_.push_back({entry, std::move(sentence)});
  }
  void add(std::string sentence) { add(0, std::move(sentence)); }
  void take(Problems&& other) {
    for (Problem& problem : other.kept_) add(problem.entry, std::move(problem.sentence));
    count_ += other.count_ - other.kept_.size();
  }
  [[nodiscard]] const std::vector<Problem>& kept() const { return kept_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::vector<Problem> kept_;
  std::uint64_t count_ = 0;
};

}  // namespace autoheal::store
