// Invariants that stay on in release: a broken one ends the process before a wrong entry can be written. Within pure
// code that is contained (contained.hpp) it ends what that code was asked for instead.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>

namespace autoheal {

// A broken invariant, where ContainedChecks is in force.
class FailedCheck : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// While one lives, a check that fails on this thread throws FailedCheck instead of ending the process.
class ContainedChecks {
 public:
  ContainedChecks() noexcept;
  ~ContainedChecks();
  ContainedChecks(const ContainedChecks&) = delete;
  ContainedChecks& operator=(const ContainedChecks&) = delete;
};
[[nodiscard]] bool checks_are_contained() noexcept;  // on this thread

// Prints condition and place to stderr and aborts; throws FailedCheck if checks are contained. Never returns.
[[noreturn]] void check_failed(const char* condition, std::source_location where);

}  // namespace autoheal

#define AUTOHEAL_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::autoheal::check_failed(#condition, std::source_location::current()))
