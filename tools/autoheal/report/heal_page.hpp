// One heal as a page for people: what happened, what changed, what proves it, how to check it. One file that needs no
// script and fetches nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autoheal/replay/text/timeline.hpp"
#include "autoheal/workflows/heal/heal_entry.hpp"

namespace autoheal::cli {

struct PageEntry {
  replay::TimelineLine line;
  workflows::HealEntry said;
  unsigned attempt = 0;  // 0: before the first one
};

struct PageChange {
  unsigned attempt = 1;
  std::string line;               // what it would do
  std::string outcome;            // what came of it, in words
  std::vector<std::string> diff;  // "+ ...", "- ...", "  ..."; or one sentence
};

struct HealPage {
  std::string heal, ledger_id;
  workflows::HealState state;       // at its end
  std::vector<PageEntry> entries;   // at least one
  std::vector<PageChange> changes;  // in order
  std::string checkpoint;           // the signed note; empty: none covers the heal yet
  std::string key;                  // the verifier key line
  // Takes secrets out of a text. Every text of the heal goes through it, and through html().
  std::function<std::string(std::string_view)> mask;
};

// Pure. The same bytes for the same page.
[[nodiscard]] std::string html_of(const HealPage& page);

// The timeline as a drawing: a lane for each attempt, in order of time.
[[nodiscard]] std::string chart_of(const HealPage& page);

// The only style sheet; colours for light and dark, and for paper.
[[nodiscard]] std::string_view style_of_page();

}  // namespace autoheal::cli
