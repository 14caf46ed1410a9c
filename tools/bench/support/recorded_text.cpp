#include "tools/bench/support/recorded_text.hpp"

#include <algorithm>

namespace autoheal::bench {

namespace {

struct Cut {
  std::size_t begin = std::string_view::npos, end = 0;  // of what the blank stands for
  Blank blank = Blank::none;
};

void take_nearer(Cut& nearest, std::size_t begin, std::size_t length, Blank blank) {
  if (begin < nearest.begin) nearest = {begin, begin + length, blank};
}

// A time or number behind `key`: what it is there is as long as `content` says.
template <class LengthOf>
void take_value(Cut& nearest, std::string_view data, std::size_t from, std::string_view key, Blank blank,
                const LengthOf& length_of) {
  const std::size_t found = data.find(key, from);
  if (found == std::string_view::npos) return;
  const std::size_t begin = found + key.size();
  take_nearer(nearest, begin, length_of(data.substr(begin)), blank);
}

Cut next_cut(std::string_view data, std::size_t from, bool ends_heal) {
  Cut nearest;
  take_nearer(nearest, data.find(RecordedText::engine, from), RecordedText::engine.size(), Blank::engine);
  take_nearer(nearest, data.find(RecordedText::principal, from), RecordedText::principal.size(), Blank::principal);
  take_nearer(nearest, data.find(RecordedText::via, from), RecordedText::via.size(), Blank::via);
  const auto to_quote = [](std::string_view rest) { return rest.find('"'); };
  const auto digits = [](std::string_view rest) { return rest.find_first_not_of("0123456789"); };
  take_value(nearest, data, from, R"("at":")", Blank::at, to_quote);
  take_value(nearest, data, from, R"("due":")", Blank::due, to_quote);
  take_value(nearest, data, from, R"("took_us":)", ends_heal ? Blank::took : Blank::part_took, digits);
  return nearest;
}

}  // namespace

RecordedText::RecordedText(std::string_view data) {
  const bool ends_heal = data.starts_with(R"({"attempts":)");  // completed and exhausted
  std::size_t from = 0;
  while (true) {
    const Cut cut = next_cut(data, from, ends_heal);
    if (cut.blank == Blank::none) break;
    pieces_.push_back({std::string(data.substr(from, cut.begin - from)), cut.blank});
    from = cut.end;
  }
  pieces_.push_back({std::string(data.substr(from)), Blank::none});
}

std::string_view RecordedText::word_for(Blank blank, const Filling& filling) {
  switch (blank) {
    case Blank::engine:
      return filling.engine;
    case Blank::principal:
      return filling.principal;
    case Blank::via:
      return filling.via;
    case Blank::at:
      return filling.at;
    case Blank::due:
      return filling.due;
    case Blank::took:
      return filling.took;
    default:
      return {};
  }
}

}  // namespace autoheal::bench
