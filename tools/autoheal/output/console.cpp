#include "tools/autoheal/output/console.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "tools/autoheal/output/exit_code.hpp"
#include "tools/autoheal/output/printable.hpp"

namespace autoheal::cli {

namespace {

constexpr std::size_t most_caught_notes = 100;

bool wants_color(const std::string& when) {
  if (when != "auto") return when == "always";
  const char* off = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && (off == nullptr || *off == 0);
}

std::size_t terminal_columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

int channel_for_progress() {
  const char* named = std::getenv(progress_variable);
  const int descriptor = named == nullptr ? -1 : parse_number<int>(named).value_or(-1);
  return descriptor > STDERR_FILENO ? descriptor : -1;
}

// Cut to so many columns without cutting a character; every character counts as one column.
std::string fitted(const std::string& line, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if ((static_cast<unsigned char>(line[at]) & 0xC0U) != 0x80U && seen++ == columns) return line.substr(0, at);
  }
  return line;
}

}  // namespace

Console::Console(OutputFormat output, const std::string& color)
    : json_(output == OutputFormat::json || output == OutputFormat::jsonl),
      color_(wants_color(color)),
      live_(isatty(STDERR_FILENO) == 1),
      channel_(channel_for_progress()) {}

Console::Console(OutputFormat output, CaughtOutput& caught)
    : json_(output == OutputFormat::json || output == OutputFormat::jsonl),
      color_(false),
      live_(false),
      caught_(&caught) {}

void Console::data(std::string_view line) {
  bytes(line);
  bytes("\n");
}

void Console::bytes(std::string_view text) {
  end_progress();
  if (caught_ == nullptr) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return;
  }
  caught_->is_cut = caught_->is_cut || text.size() > caught_->most_bytes - caught_->data.size();
  if (!caught_->is_cut) caught_->data += text;
}

bool Console::note(std::string_view line) {
  if (caught_ != nullptr) {
    if (caught_->notes.size() < most_caught_notes) caught_->notes.emplace_back(line);
    return true;
  }
  end_progress();
  const std::string shown = printable(line, true) + '\n';
  return std::fwrite(shown.data(), 1, shown.size(), stderr) == shown.size();
}

void Console::error(const Error& error, int code) {
  if (caught_ != nullptr) {
    if (!caught_->error) caught_->error = error;
    return;
  }
  if (json_) {
    JsonWriter out;
    out.begin_object().key("error").begin_object().field("code", code).field("message", error.message);
    out.field("hint", error.hint).end_object().end_object();
    note(out.take());
    return;
  }
  // Problems of a configuration begin with file:line:column, which editors can follow.
  note((code == exit_configuration ? "" : "autoheal: ") + error.message);
  if (!error.hint.empty()) note("  hint: " + error.hint);
}

std::string Console::paint(Tone tone, std::string_view text) const {
  const char* code = nullptr;
  switch (tone) {
    case Tone::good:
      code = "32";
      break;
    case Tone::bad:
      code = "31";
      break;
    case Tone::warning:
      code = "33";
      break;
    case Tone::dim:
      code = "2";
      break;
    case Tone::strong:
      code = "1";
      break;
    case Tone::plain:
      break;
  }
  if (!color_ || code == nullptr) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

void Console::progress(const std::string& line) {
  if (!live_ || line == shown_) return;
  shown_ = line;
  const std::string safe = printable(line);
  std::fprintf(stderr, "\r\x1b[K%s", fitted(safe, terminal_columns() - 1).c_str());
  std::fflush(stderr);
}

void Console::progress(const std::string& line, std::uint64_t done, std::uint64_t all) {
  progress(line);
  const std::uint64_t thousandths = all == 0 ? 1'000 : std::min(done, all) * 1'000 / all;
  if (channel_ < 0 || thousandths == std::exchange(told_thousandths_, thousandths)) return;
  const std::string told = fmt::format("{} {}\n", done, all);
  (void)!::write(channel_, told.data(), told.size());  // who does not read it does not want it
}

void Console::end_progress() {
  if (!live_ || shown_.empty()) return;
  shown_.clear();
  std::fputs("\r\x1b[K", stderr);
}

}  // namespace autoheal::cli
