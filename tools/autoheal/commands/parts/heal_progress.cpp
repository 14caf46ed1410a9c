#include "tools/autoheal/commands/parts/heal_progress.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

std::string heal_progress(HealerServices& healer, const std::string& run) {
  std::string line;
  const auto& runner = healer.parts.runtime->runner();
  if (const auto* state = run.empty() ? nullptr : runner.state<workflows::SelfTest>(run)) {
    const std::size_t total = state->facts.engines.size();
    const std::size_t tested = state->tested.size();
    constexpr std::size_t width = 20;
    const std::size_t filled = total == 0 ? width : tested * width / total;
    for (std::size_t cell = 0; cell < width; ++cell) line += cell < filled ? "█" : "░";
    line += fmt::format(" {} of {} tested", tested, total);
  }
  for (const auto& [engine, heal] : healer.workflows->trigger().open_heals()) {
    const auto* state = runner.state<workflows::Heal>(heal);
    if (state == nullptr) continue;
    line += fmt::format("{}{}: {}", line.empty() ? "" : " · ", engine, name_of(state->phase()));
    if (state->attempt) line += fmt::format(" (attempt {})", state->attempt_number());
  }
  return line;
}

}  // namespace autoheal::cli
