#include "tools/autoheal/heal_text.hpp"

#include <cstdio>

#include "tools/autoheal/exit_code.hpp"
#include "tools/autoheal/printable.hpp"

namespace autoheal::cli {

using workflows::HealEnding;

std::string seconds_text(Duration took) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(took.count()) / 1e6);
  return text;
}

std::string line_of(const Console& console, const workflows::HealResult& result) {
  std::string attempts = std::to_string(result.attempts) + (result.attempts == 1 ? " attempt" : " attempts");
  std::string id = result.heal.empty() ? "" : "  " + console.paint(Tone::dim, result.heal);
  switch (result.ending) {
    case HealEnding::certified:
      return console.paint(Tone::good, "✅ certified") + "       " + printable(result.engine) + "  " + result.strategy +
             ", " + attempts + ", " + seconds_text(result.took) + id;
    case HealEnding::exhausted:
      return console.paint(Tone::bad, "❌ healing failed") + "  " + printable(result.engine) + "  " + attempts + ", " +
             printable(result.reason) + id;
    case HealEnding::skipped:
      return console.paint(Tone::warning, "❌ " + printable(result.error)) + "  " + printable(result.engine);
    case HealEnding::never_began:
      break;
  }
  return console.paint(Tone::bad, "❌ healing failed") + "  " + printable(result.engine) +
         "  never began: " + printable(result.error) + id;
}

int exit_code_of(const workflows::HealResult& result) {
  switch (result.ending) {
    case HealEnding::certified:
      return exit_done;
    case HealEnding::skipped:
      return exit_skipped;
    default:
      return exit_failed;
  }
}

}  // namespace autoheal::cli
