// diff HEAL1 HEAL2: where two heals went different ways.
#include "autoheal/replay/compare/heal_diff.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/replay/decide/state_text.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace {

struct DiffOptions {
  std::string heal, other;
};

using replay::HealDiff;
using replay::Timeline;

constexpr std::size_t column_width = 54;

// Cut or filled up to a column's width; every character counts as one.
std::string in_column(const std::string& text) {
  std::string cell;
  std::size_t seen = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (begins && seen++ == column_width - 1) return cell + "…";
    cell += text[at];
  }
  return cell + std::string(column_width - seen, ' ');
}

std::string sentence_of(const Timeline& timeline, const std::optional<std::size_t>& line) {
  return line ? printable(timeline.lines[*line].sentence) : std::string("-");
}

void print_first(Console& console, const Timeline& left, const Timeline& right, const HealDiff& diff) {
  if (!diff.first) return console.data(console.paint(Tone::good, "both went the same way"));
  const replay::DiffRow& row = diff.rows[*diff.first];
  const auto side = [&](const char* mark, const Timeline& timeline, const std::optional<std::size_t>& line,
                        const std::vector<std::string>& lines) {
    console.data(fmt::format(
        "{} {}{}", mark, line ? fmt::format("entry {}: ", timeline.lines[*line].entry.position.value) : std::string(),
        sentence_of(timeline, line)));
    for (const std::string& detail : lines) {
      if (!line || detail != timeline.lines[*line].sentence) console.data("    " + printable(detail));
    }
  };
  console.data("first difference:");
  side("1", left, row.left, diff.left_only);
  side("2", right, row.right, diff.right_only);
}

void print_rows(Console& console, const Timeline& left, const Timeline& right, const HealDiff& diff) {
  console.data("");
  const std::string one = fmt::format("1  {}  {}", left.state.request->engine, left.heal);
  const std::string other = fmt::format("2  {}  {}", printable(right.state.request->engine), right.heal);
  console.data(
      fmt::format("  {}  {}", console.paint(Tone::strong, in_column(one)), console.paint(Tone::strong, other)));
  for (const replay::DiffRow& row : diff.rows) {
    const std::string line = fmt::format("{}{}  {}", row.same ? "  " : "≠ ", in_column(sentence_of(left, row.left)),
                                         sentence_of(right, row.right));
    console.data(row.same ? console.paint(Tone::dim, line) : line);
  }
}

void print_settings(Console& console, const Timeline& left, const Timeline& right, const engine::BlobStore& blobs) {
  if (left.state.request->configuration == right.state.request->configuration) return;
  const auto a = blobs.get(left.state.request->configuration), b = blobs.get(right.state.request->configuration);
  const std::string where = a && b ? replay::first_difference(*a, *b) : std::string();
  console.data("their configurations differ" + (where.empty() ? std::string() : ", first at " + printable(where)));
}

std::string to_json(const Timeline& left, const Timeline& right, const HealDiff& diff) {
  JsonWriter out;
  const auto entry = [&out](const char* key, const Timeline& timeline, const std::optional<std::size_t>& line) {
    if (!line) return;
    out.key(key).begin_object().field("seq", timeline.lines[*line].entry.position.value);
    out.field("type", timeline.lines[*line].entry.type).field("text", timeline.lines[*line].sentence).end_object();
  };
  const auto texts = [&out](const char* key, const std::vector<std::string>& lines) {
    out.key(key).begin_array();
    for (const std::string& line : lines) out.value(line);
    out.end_array();
  };
  out.begin_object().field("left", left.heal).field("right", right.heal).field("same", !diff.first.has_value());
  if (diff.first) {
    out.key("first").begin_object();
    entry("left", left, diff.rows[*diff.first].left);
    entry("right", right, diff.rows[*diff.first].right);
    texts("left_only", diff.left_only);
    texts("right_only", diff.right_only);
    out.end_object();
  }
  out.key("rows").begin_array();
  for (const replay::DiffRow& row : diff.rows) {
    out.begin_object().field("same", row.same);
    entry("left", left, row.left);
    entry("right", right, row.right);
    out.end_object();
  }
  return out.end_array().end_object().take();
}

Result<Timeline> timeline_of(const Past& past, const std::string& written) {
  const auto heal = find_heal(*past.ledger, written);
  AUTOHEAL_TRY(heal);
  return replay::timeline_of(*heal, *past.ledger, *past.vault);
}

int run_diff(const Session& session, const DiffOptions& options) {
  const auto past = open_past(session.configuration);
  if (!past) return session.fail(past.error());
  const auto left = timeline_of(*past, options.heal);
  if (!left) return session.fail(left.error());
  const auto right = timeline_of(*past, options.other);
  if (!right) return session.fail(right.error());
  const HealDiff diff = replay::diff_of(*left, *right);
  if (session.console.json()) {
    session.console.data(to_json(*left, *right, diff));
  } else {
    print_first(session.console, *left, *right, diff);
    print_settings(session.console, *left, *right, *past->vault);
    print_rows(session.console, *left, *right, diff);
  }
  return diff.first ? exit_failed : exit_done;
}

}  // namespace

void add_diff(CommandLine& line) {
  auto [command, options] =
      line.add("diff", "compare two heals, the first difference first; exit 1 if they differ", Needs::record, run_diff);
  command.argument("heal", options.heal, "TEXT", "a heal's id, or enough of its beginning").required();
  command.argument("other", options.other, "TEXT", "another one's").required();
}

}  // namespace autoheal::cli
