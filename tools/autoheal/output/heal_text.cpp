#include "tools/autoheal/output/heal_text.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "autoheal/engine/base/plural.hpp"
#include "tools/autoheal/output/exit_code.hpp"
#include "tools/autoheal/output/printable.hpp"

namespace autoheal::cli {

using workflows::HealEnding;

std::string seconds_text(Duration took) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(took.count()) / 1e6);
  return text;
}

std::string line_of(const Console& console, const workflows::HealResult& result) {
  std::string attempts = plural(result.attempts, "attempt");
  if (result.changed_nothing) attempts = "nothing was left to repair";
  std::string id = result.heal.empty() ? "" : "  " + console.paint(Tone::dim, result.heal);
  switch (result.ending) {
    case HealEnding::certified:
      return fmt::format("{}       {}  {}, {}, {}{}", console.paint(Tone::good, "✅ certified"),
                         printable(result.engine), result.strategy, attempts, seconds_text(result.took), id);
    case HealEnding::exhausted:
      return fmt::format("{}  {}  {}, {}{}", console.paint(Tone::bad, "❌ healing failed"), printable(result.engine),
                         attempts, printable(result.reason), id);
    case HealEnding::skipped:
      return console.paint(Tone::warning, "❌ " + printable(result.error)) + "  " + printable(result.engine);
    case HealEnding::never_began:
      break;
  }
  return fmt::format("{}  {}  never began: {}{}", console.paint(Tone::bad, "❌ healing failed"),
                     printable(result.engine), printable(result.error), id);
}

namespace {

std::string advice_on(const workflows::HealResult& result) {
  const std::string show = "autoheal show " + result.heal, engine = printable(result.engine);
  const auto reason = workflows::parse_end_reason(result.reason);
  if (!reason) return {};
  switch (*reason) {
    using enum workflows::EndReason;
    case defect:
      return fmt::format("this is a fault of Autoheal: please send the maintainers what `{} --evidence FILE` writes",
                         show);
    case rollback_incomplete:
      return fmt::format("`{}` names what is still in place; `autoheal rollback {}` tries once more", show,
                         result.heal);
    case crash_loop:
      return fmt::format("`{}` names what is in place; `autoheal rollback {}` puts it back", show, result.heal);
    case dependency_failed:
      return fmt::format("first heal what {} needs: `autoheal engines`", engine);
    case flapping:
      return fmt::format("find what changes it back: `autoheal heals --engine {}`; then `autoheal reset {}`", engine,
                         engine);
    case attempts_exhausted:
      return fmt::format("`{}` shows each step; `autoheal explain {}` shows what is there now", show, engine);
    case cancelled:
    case disabled:
    case engine_removed:
    case held:
      break;  // somebody wanted it so
  }
  return {};
}

}  // namespace

std::vector<std::string> lines_below(const workflows::HealResult& result) {
  if (result.ending != HealEnding::exhausted && result.ending != HealEnding::never_began) return {};
  std::vector<std::string> lines;
  if (!result.problem.empty()) lines.push_back("why:  " + printable(result.problem));
  if (std::string advice = advice_on(result); !advice.empty()) lines.push_back("next: " + std::move(advice));
  return lines;
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
