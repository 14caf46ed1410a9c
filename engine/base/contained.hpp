// Pure code that may be wrong: whatever it throws, and any invariant of ours that breaks in it, becomes a value, so
// that it ends what it was asked for and never the process.
#pragma once

#include <atomic>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>

#include "autoheal/engine/base/check.hpp"

namespace autoheal {

// A mistake of ours that showed itself.
struct Defect {
  std::string part;  // of the program: "plan_repair"
  std::string what;  // the invariant and its place, or the kind of the exception; never words of a document
  friend bool operator==(const Defect&, const Defect&) = default;
};

// "Autoheal itself is at fault in plan_repair: x > 0 does not hold (workflows/plan/plan.cpp:12)"
[[nodiscard]] std::string sentence_of(const Defect& defect);
// Thrown by a simulated world in which the process dies at this moment: no code of ours sees that happen.
struct ProcessEnds {};

// Describes the exception that is being handled, without the texts of libraries, which quote what they read. Rethrows
// ProcessEnds and exceptions that say that memory ran out: neither is a mistake of the code.
[[nodiscard]] Defect defect_in(std::string_view part);

// For tests alone: called with the name of each pure part that begins; an exception from it counts as a defect there.
extern std::atomic<void (*)(std::string_view part)> pure_part_hook;

inline void begins_pure_part(std::string_view part) {
  if (auto* const hook = pure_part_hook.load(std::memory_order_relaxed)) hook(part);
}

template <class Work>
[[nodiscard]] auto contained(std::string_view part, const Work& work)
    -> std::expected<std::invoke_result_t<Work>, Defect> {
  using Outcome = std::expected<std::invoke_result_t<Work>, Defect>;
  const ContainedChecks checks;
  try {
    begins_pure_part(part);
    if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
      work();
      return Outcome();
    } else {
      return Outcome(std::in_place, work());
    }
  } catch (...) {
    return std::unexpected(defect_in(part));
  }
}

}  // namespace autoheal
