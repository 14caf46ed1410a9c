#include "tools/autoheal/commands/heal/printed_heal.hpp"

#include "tools/autoheal/output/heal_text.hpp"

namespace autoheal::cli {

void print_heal_result(const Session& session, const workflows::HealResult& result) {
  if (session.console.json()) return session.console.data(to_json(result, true));
  session.console.data(line_of(session.console, result));
  for (const std::string& line : lines_below(result)) session.console.data("   " + line);
}

}  // namespace autoheal::cli
