// The timeline as inline SVG. Whatever it shows stands in the table below it too, so it is one image with a label.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "tools/autoheal/report/heal_page.hpp"
#include "tools/autoheal/report/html_text.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;  // the words of a heal's entries stand on every line here

constexpr double left = 96, right = 930, top = 26, lane_height = 46, bar_height = 20, label_fits = 74;

struct Span {
  Duration from{0}, to{0};
};

// The content of one lane.
struct Lane {
  std::string name;
  std::optional<Span> whole, certifying, rolling_back;
  std::vector<const PageEntry*> marks;
};

std::string text_of(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", number);
  return text;
}

std::string seconds(Duration time) {
  char text[32];
  const double value = static_cast<double>(time.count()) / 1e6;
  std::snprintf(text, sizeof text, value < 10 ? "%.3f s" : "%.1f s", value);
  return text;
}

void stretch(std::optional<Span>& span, Duration at) {
  if (!span) span = Span{at, at};
  span->to = std::max(span->to, at);
}

template <class... Entries>
bool is_any(const HealEntry& entry) {
  return (std::holds_alternative<Entries>(entry) || ...);
}

std::map<unsigned, Lane> lanes_of(const HealPage& page) {
  std::map<unsigned, Lane> lanes;
  for (const PageEntry& entry : page.entries) {
    const Duration at = entry.line.since_began;
    const bool of_heal = entry.attempt == 0 || is_any<Completed, Exhausted, RetryScheduled, Triggered>(entry.said);
    Lane& lane = lanes[of_heal ? 0 : entry.attempt];
    lane.marks.push_back(&entry);
    if (of_heal) continue;
    stretch(lane.whole, at);
    if (is_any<CertificationStarted, Certified, CertificationRefused>(entry.said)) stretch(lane.certifying, at);
    if (is_any<RollbackStarted, UndoIntended, UndoApplied, RolledBack>(entry.said)) stretch(lane.rolling_back, at);
  }
  for (auto& [number, lane] : lanes) lane.name = number == 0 ? "Heal" : fmt::format("Attempt {}", number);
  return lanes;
}

class Chart {
 public:
  explicit Chart(const HealPage& page) : page_(page), lanes_(lanes_of(page)) {
    for (const PageEntry& entry : page.entries) end_ = std::max(end_, entry.line.since_began);
    if (end_.count() <= 0) end_ = Duration{1};
  }

  std::string draw() {
    const double height = top + lane_height * static_cast<double>(lanes_.size()) + 8;
    out_ = fmt::format(
        "<svg viewBox=\"0 0 960 {}\" role=\"img\" aria-label=\"{} steps over {}; the table below says the same\">",
        text_of(height), page_.entries.size(), seconds(end_));
    for (const int part : {0, 1, 2, 3, 4}) tick(end_ * part / 4, height);
    double y = top + lane_height / 2;
    for (const auto& [number, lane] : lanes_) {
      draw_lane(lane, y);
      y += lane_height;
    }
    return out_ + "</svg>";
  }

 private:
  double x_of(Duration at) const {
    const double share = static_cast<double>(at.count()) / static_cast<double>(end_.count());
    return left + 8 + (right - left - 16) * std::clamp(share, 0.0, 1.0);
  }

  void tick(Duration at, double height) {
    const std::string x = text_of(x_of(at));
    out_ += fmt::format("<line class=\"tick\" x1=\"{}\" x2=\"{}\" y1=\"18\" y2=\"{}\"/>", x, x, text_of(height));
    out_ += fmt::format("<text x=\"{}\" y=\"12\" text-anchor=\"middle\">{}</text>", x, seconds(at));
  }

  void bar(const Span& span, double y, const std::string& look, const std::string& label) {
    const double from = x_of(span.from), width = std::max(x_of(span.to) - from, 2.0);
    out_ += fmt::format(
        "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"5\"><title>{}, {}</title></rect>", look,
        text_of(from), text_of(y - bar_height / 2), text_of(width), text_of(bar_height), label,
        seconds(span.to - span.from));
    if (width >= label_fits)
      out_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>", text_of(from + width / 2),
                          text_of(y + 4), label);
  }

  void mark(const PageEntry& entry, double y) {
    const double x = x_of(entry.line.since_began);
    const std::string title =
        fmt::format("<title>{}, {}</title>", html(page_.mask(entry.line.sentence)), seconds(entry.line.since_began));
    if (is_any<Certified, Completed>(entry.said)) {  // a diamond
      out_ += fmt::format("<path class=\"m-good\" d=\"M{} {}l8 8l-8 8l-8 -8z\">{}</path>", text_of(x), text_of(y - 8),
                          title);
    } else if (is_any<PlanRefused, RepairFailed, CertificationRefused, Exhausted>(entry.said)) {  // a cross
      out_ += fmt::format("<path class=\"m-bad\" d=\"M{} {}l10 10m0 -10l-10 10\">{}</path>", text_of(x - 5),
                          text_of(y - 5), title);
    } else {
      out_ +=
          fmt::format("<circle class=\"m\" cx=\"{}\" cy=\"{}\" r=\"4.5\">{}</circle>", text_of(x), text_of(y), title);
    }
  }

  void draw_lane(const Lane& lane, double y) {
    out_ += fmt::format("<text class=\"name\" x=\"0\" y=\"{}\">{}</text>", text_of(y + 4), lane.name);
    out_ += fmt::format("<line class=\"rail\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>", text_of(left), text_of(right),
                        text_of(y), text_of(y));
    if (lane.whole) {
      Span repairing = *lane.whole;
      for (const auto& later : {lane.certifying, lane.rolling_back}) {
        if (later) repairing.to = std::min(repairing.to, later->from);
      }
      bar(repairing, y, "s-work", "repair");
    }
    if (lane.certifying) bar(*lane.certifying, y, "s-good", "certification");
    if (lane.rolling_back) bar(*lane.rolling_back, y, "s-back", "rollback");
    for (const PageEntry* entry : lane.marks) mark(*entry, y);
  }

  const HealPage& page_;
  std::map<unsigned, Lane> lanes_;
  Duration end_{0};
  std::string out_;
};

}  // namespace

std::string chart_of(const HealPage& page) { return Chart(page).draw(); }

}  // namespace autoheal::cli
