// Invariants that stay on in release: a broken one ends the process before a wrong entry can be written.
#pragma once

#include <source_location>

namespace autoheal {

// Prints condition and place to stderr and aborts. Never returns, never throws.
[[noreturn]] void check_failed(const char* condition, std::source_location where) noexcept;

}  // namespace autoheal

#define AUTOHEAL_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::autoheal::check_failed(#condition, std::source_location::current()))
