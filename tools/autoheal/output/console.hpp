// Everything the program prints: data to stdout, the rest to stderr, colour only where a person looks.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "tools/autoheal/output/output_format.hpp"

namespace autoheal::cli {

enum class Tone { plain, good, bad, warning, dim, strong };

// One thread; note() from any where no progress is shown.
class Console {
 public:
  // `color`: "auto", "always" or "never".
  Console(OutputFormat output, const std::string& color);

  // A line of data on stdout.
  void data(std::string_view line);
  // A line for people on stderr; in JSON mode too, since stdout stays clean.
  void note(std::string_view line);
  // "autoheal: <message>" with its hint, or {"error":{"code","message","hint"}} in JSON mode.
  void error(const Error& error, int code);
  // `text` in a colour where stdout takes colours.
  [[nodiscard]] std::string paint(Tone tone, std::string_view text) const;
  [[nodiscard]] bool json() const { return json_; }

  // One line on a terminal's stderr that is written over again and again; nothing elsewhere.
  void progress(const std::string& line);
  void end_progress();

 private:
  bool json_;
  bool color_;
  bool live_;
  std::string shown_;
};

}  // namespace autoheal::cli
