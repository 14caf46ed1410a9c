// Everything the program prints: data to stdout, the rest to stderr, colour only where a person looks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "tools/autoheal/output/output_format.hpp"

namespace autoheal::cli {

// Names the inherited descriptor that takes progress, one line "<done> <all>" at a time. It never blocks.
inline constexpr const char* progress_variable = "AUTOHEAL_PROGRESS_FD";

enum class Tone { plain, good, bad, warning, dim, strong };

// The output of one command, for a caller inside the program.
struct CaughtOutput {
  std::string data;                // of stdout; at most `most_bytes`
  std::vector<std::string> notes;  // lines for people
  std::optional<Error> error;      // the first one
  bool is_cut = false;             // there was more data than that
  std::size_t most_bytes = 16U << 20U;
};

// One thread; note() from any where no progress is shown.
class Console {
 public:
  // `color`: "auto", "always" or "never".
  Console(OutputFormat output, const std::string& color);

  // Prints nothing: all goes into `caught`, which outlives it.
  Console(OutputFormat output, CaughtOutput& caught);

  // A line of data on stdout.
  void data(std::string_view line);
  // Data byte for byte: no line end is added.
  void bytes(std::string_view text);
  // A line for people on stderr; in JSON mode too, since stdout stays clean. False: it is not there, or not all of it.
  bool note(std::string_view line);
  // "autoheal: <message>" with its hint, or {"error":{"code","message","hint"}} in JSON mode.
  void error(const Error& error, int code);
  // `text` in a colour where stdout takes colours.
  [[nodiscard]] std::string paint(Tone tone, std::string_view text) const;
  [[nodiscard]] bool json() const { return json_; }

  // One line on a terminal's stderr that is written over again and again; nothing elsewhere.
  void progress(const std::string& line);
  // The same, and as numbers for the process that started this one, if that asked for them (progress_variable).
  void progress(const std::string& line, std::uint64_t done, std::uint64_t all);
  void end_progress();

 private:
  bool json_;
  bool color_;
  bool live_;
  std::string shown_;
  int channel_ = -1;  // for progress as numbers; -1: nobody asked
  std::uint64_t told_thousandths_ = 0;
  CaughtOutput* caught_ = nullptr;
};

}  // namespace autoheal::cli
