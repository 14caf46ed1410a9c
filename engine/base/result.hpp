// The only way to fail inside Autoheal: a value with a kind that says what the caller does next, and a sentence for
// people that says what, where and what to do. A message never contains a secret.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace autoheal {

enum class ErrorKind {
  invalid,      // bad input: tell the person, change nothing
  not_found,    // the thing asked for does not exist
  refused,      // the role, the policy or Truth says no
  busy,         // somebody else holds it: try again later
  changed,      // the world is not what the plan saw: somebody's edit is kept
  failed,       // it was tried and did not work
  timed_out,    // it did not end within its limit
  unavailable,  // the store or the system cannot serve now (disk full, no descriptors)
  corrupt,      // stored data is not what was written
  fatal,        // nothing more may be acknowledged: the process ends with 70
};

struct Error {
  ErrorKind kind = ErrorKind::failed;
  std::string message;
  std::string hint;  // what to do, or empty

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> failure(ErrorKind kind, std::string message, std::string hint = {}) {
  return std::unexpected<Error>(Error{kind, std::move(message), std::move(hint)});
}

// Passes the error of a Result on to the caller: AUTOHEAL_TRY(file.sync()); or, of one that has a name,
// AUTOHEAL_TRY(file); AUTOHEAL_CO_TRY is the same within a coroutine. Macros, because only a statement of the caller
// can leave it.
#define AUTOHEAL_TRY(...) AUTOHEAL_PASS_ON(return, __LINE__, __VA_ARGS__)
#define AUTOHEAL_CO_TRY(...) AUTOHEAL_PASS_ON(co_return, __LINE__, __VA_ARGS__)
#define AUTOHEAL_PASS_ON(leave, number, ...) AUTOHEAL_PASS_ON_NAMED(leave, number, __VA_ARGS__)
#define AUTOHEAL_PASS_ON_NAMED(leave, number, ...) AUTOHEAL_PASS_ON_AS(leave, autoheal_tried_##number, __VA_ARGS__)
#define AUTOHEAL_PASS_ON_AS(leave, tried, ...)                                                 \
  do {                                                                                         \
    if (auto&& tried = (__VA_ARGS__); !tried) leave std::unexpected(std::move(tried).error()); \
  } while (false)

}  // namespace autoheal
