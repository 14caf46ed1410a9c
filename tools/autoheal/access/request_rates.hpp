// The rate at which one token or certificate may ask: a client that runs wild leaves the others their daemon. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::cli {

inline constexpr unsigned seconds_at_once = 4;  // so many seconds' worth may come at once

class RequestRates {
 public:
  // Whether one more request of this name, at `since_boot`, is within the limits. One that is not counts for nothing.
  [[nodiscard]] bool take(const std::string& name, unsigned per_second, Duration since_boot);
  [[nodiscard]] std::size_t names() const { return full_at_.size(); }

 private:
  // When all that was taken has come back. Names whose time has passed are forgotten, so they are as many as can ask
  // within four seconds, or ten.
  std::map<std::string, Duration> full_at_;
  Duration next_look_{};
};

}  // namespace autoheal::cli
