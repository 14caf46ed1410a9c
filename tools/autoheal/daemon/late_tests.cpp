#include "tools/autoheal/daemon/late_tests.hpp"

namespace autoheal::cli {

namespace {
constexpr std::size_t most_named = 3;
}

std::string sentence_of(const std::vector<workflows::Watch::Late>& late) {
  std::string sentence;
  for (std::size_t index = 0; index < late.size() && index < most_named; ++index) {
    const auto& one = late[index];
    const std::string minutes =
        std::to_string(std::chrono::duration_cast<std::chrono::minutes>(one.time).count()) + " min";
    sentence += sentence.empty() ? "" : "; ";
    sentence += one.testing ? "the test of " + one.engine + " has been running for " + minutes
                            : one.engine + " should have been tested " + minutes + " ago";
  }
  if (late.size() > most_named) sentence += "; " + std::to_string(late.size() - most_named) + " more are late";
  return sentence;
}

}  // namespace autoheal::cli
