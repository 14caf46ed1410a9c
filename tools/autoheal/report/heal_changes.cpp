#include "tools/autoheal/report/heal_changes.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/output/printable.hpp"

namespace autoheal::cli {

namespace {

Tone tone_of(std::string_view line) {
  if (line.starts_with('+')) return Tone::good;
  return line.starts_with('-') ? Tone::bad : Tone::dim;
}

}  // namespace

std::string json_of_changes(const HealPage& page) {
  JsonWriter out;
  out.begin_object()
      .field("heal_id", page.heal)
      .field("engine", page.state.request->engine)
      .field("state", name_of(page.state.phase()));
  out.key("changes").begin_array();
  for (const PageChange& change : page.changes) {
    out.begin_object().field("attempt", change.attempt).field("change", page.mask(change.line));
    out.field("outcome", page.mask(change.outcome)).key("diff").begin_array();
    for (const std::string& line : change.diff) out.value(page.mask(line));
    out.end_array().end_object();
  }
  return out.end_array().end_object().take();
}

void print_changes(Console& console, const HealPage& page) {
  if (page.changes.empty()) console.data("nothing was planned");
  unsigned attempt = 0;
  for (const PageChange& change : page.changes) {
    if (change.attempt != attempt) {
      if (attempt != 0) console.data("");
      attempt = change.attempt;
      console.data(console.paint(Tone::strong, fmt::format("Attempt {}", attempt)));
    }
    console.data(fmt::format("  {}: {}", printable(page.mask(change.line)), printable(page.mask(change.outcome))));
    for (const std::string& line : change.diff)
      console.data("    " + console.paint(tone_of(line), printable(page.mask(line))));
  }
}

}  // namespace autoheal::cli
