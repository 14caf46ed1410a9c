#include "tools/autoheal/daemon/late_tests.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace {
constexpr std::size_t most_named = 3;
}

std::string sentence_of(const std::vector<workflows::Watch::Late>& late) {
  std::string sentence;
  for (std::size_t index = 0; index < late.size() && index < most_named; ++index) {
    const auto& one = late[index];
    const std::string minutes =
        fmt::format("{} min", std::chrono::duration_cast<std::chrono::minutes>(one.time).count());
    sentence += sentence.empty() ? "" : "; ";
    sentence += one.testing ? fmt::format("the test of {} has been running for {}", one.engine, minutes)
                            : fmt::format("{} should have been tested {} ago", one.engine, minutes);
  }
  if (late.size() > most_named) sentence += fmt::format("; {} more are late", late.size() - most_named);
  return sentence;
}

}  // namespace autoheal::cli
