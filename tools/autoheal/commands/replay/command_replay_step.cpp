// replay --step: a past heal under the reader's fingers; keys on a terminal, a command a line from a pipe.
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <iostream>

#include "autoheal/replay/decide/stepping.hpp"
#include "tools/autoheal/commands/replay/replay_commands.hpp"
#include "tools/autoheal/output/printable.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* help =
    "n next, b back, NUMBER to that entry, f first, l last; what was known here: s state, o observation, p plan,\n"
    "e evidence, t timers, r the entry itself; h this help, q quit";

constexpr int escape_wait_ms = 50;

// Keys arrive at once and unseen while it lives.
class RawKeys {
 public:
  RawKeys() {
    ok_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
    if (ok_) ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  ~RawKeys() {
    if (ok_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  RawKeys(const RawKeys&) = delete;
  RawKeys& operator=(const RawKeys&) = delete;

  // A command as a line would give it; empty: the end.
  std::optional<std::string> next() {
    char key = 0;
    std::string digits;
    while (::read(STDIN_FILENO, &key, 1) == 1) {
      if (key >= '0' && key <= '9') {
        digits += key;
        continue;
      }
      if (!digits.empty() && (key == '\n' || key == '\r')) return digits;
      digits.clear();
      if (key == 3 || key == 4) return std::nullopt;  // Ctrl-C, Ctrl-D
      if (key == '\n' || key == '\r' || key == ' ') return "n";
      if (key == 27) {
        if (auto arrow = arrow_key()) return arrow;
        continue;
      }
      return std::string(1, key);
    }
    return std::nullopt;
  }

 private:
  static std::optional<std::string> arrow_key() {
    pollfd waiting{STDIN_FILENO, POLLIN, 0};
    char sequence[2] = {0, 0};
    for (char& one : sequence) {
      if (::poll(&waiting, 1, escape_wait_ms) != 1 || ::read(STDIN_FILENO, &one, 1) != 1) return std::nullopt;
    }
    switch (sequence[1]) {
      case 'C':
      case 'B':
        return "n";
      case 'D':
      case 'A':
        return "b";
      case 'H':
        return "f";
      case 'F':
        return "l";
      default:
        return std::nullopt;
    }
  }

  termios before_{};
  bool ok_ = false;
};

class KeyWalk {
 public:
  KeyWalk(Console& console, replay::Stepping& at, const replay::RecordedHeal& heal)
      : console_(console), at_(at), heal_(heal) {}

  void show_entry() {
    char when[32];
    std::snprintf(when, sizeof when, "%+.3f s",
                  static_cast<double>((at_.entry().time - heal_.entry(0).time).count()) / 1e6);
    console_.data(
        fmt::format("{}  {}  {}  {}",
                    console_.paint(Tone::strong, std::to_string(at_.place() + 1) + "/" + std::to_string(at_.size())),
                    console_.paint(Tone::dim, when), printable(at_.entry().type),
                    console_.paint(Tone::dim, fmt::format("entry {}", at_.entry().position.value))));
    const replay::Telling telling = at_.telling();
    show({telling.sentence});
    for (const std::string& detail : telling.details)
      console_.data("    " + console_.paint(Tone::dim, printable(detail)));
  }

  // False: the reader has seen enough.
  bool obey(const std::string& command) {
    const char key = command.empty() ? 'n' : command.front();
    if (key >= '0' && key <= '9') return go(std::min<std::size_t>(number_of(command), at_.size()), command);
    switch (key) {
      case 'q':
        return false;
      case 'n':
        return at_.place() + 1 < at_.size() ? go(at_.place() + 2, command) : say("this is its last entry");
      case 'b':
        return at_.place() > 0 ? go(at_.place(), command) : say("this is its first entry");
      case 'f':
        return go(1, command);
      case 'l':
        return go(at_.size(), command);
      case 's':
        return show(at_.what_is());
      case 'o':
        return show(at_.seen());
      case 'p':
        return show_plan();
      case 'e':
        return show(at_.evidence());
      case 't':
        return show(at_.timers());
      case 'r':
        return raw();
      default:
        return say(help);
    }
  }

 private:
  static std::size_t number_of(const std::string& text) {
    return static_cast<std::size_t>(std::strtoull(text.c_str(), nullptr, 10));
  }

  bool go(std::size_t number, const std::string& command) {
    if (number == 0) return say(fmt::format("entries are counted from 1, not \"{}\"", command));
    if (auto gone = at_.go_to(number - 1); !gone) say(gone.error().message);
    show_entry();
    return true;
  }

  bool say(const std::string& text) {
    console_.note(text);
    return true;
  }

  bool show(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) console_.data("  " + printable(line));
    return true;
  }

  bool show_plan() {
    for (const std::string& line : at_.plan()) {
      const bool comes = line.starts_with("     +"), goes = line.starts_with("     -");
      console_.data("  " + console_.paint(comes ? Tone::good : goes ? Tone::bad : Tone::plain, printable(line)));
    }
    return true;
  }

  bool raw() {
    std::string from_vault;
    const auto data = heal_.data(at_.place(), from_vault);
    return show({data ? std::string(*data) : data.error().message});
  }

  Console& console_;
  replay::Stepping& at_;
  const replay::RecordedHeal& heal_;
};

}  // namespace

int replay_step_by_step(const Session& session, const ReplayOptions& options, const Past& past) {
  const auto heal = replayable_heal(past, options.heal);
  if (!heal) return session.fail(heal.error());
  std::size_t first = 0;
  if (!options.at.empty()) {
    const auto moment = moment_of(options.at);
    if (!moment) return session.fail(moment.error());
    const auto place = place_at(*heal->recorded, *moment);
    if (!place) return session.fail(place.error());
    first = *place;
  }
  replay::Stepping stepping(*heal->recorded, *heal->world);
  if (auto gone = stepping.go_to(first); !gone) return session.fail(gone.error());
  KeyWalk walk(session.console, stepping, *heal->recorded);
  walk.show_entry();
  if (::isatty(STDIN_FILENO) == 1) {
    session.console.note(help);
    RawKeys keys;
    std::fflush(stdout);
    for (auto command = keys.next(); command && walk.obey(*command); command = keys.next()) std::fflush(stdout);
    return exit_done;
  }
  for (std::string command; std::getline(std::cin, command) && walk.obey(command);) {
  }
  return exit_done;
}

}  // namespace autoheal::cli
