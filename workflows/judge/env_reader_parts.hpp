// Parts of the models of env_readers.hpp.
#pragma once

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/workflows/judge/env_reading.hpp"

namespace autoheal::workflows::env_readers {

enum class LineEnds { newline, any };  // any: a carriage return ends a line, too

struct Models {
  static EnvReading shell(std::string_view text);
  static EnvReading systemd(std::string_view text);
  static EnvReading compose(std::string_view text);
  static EnvReading python_dotenv(std::string_view text);
  static EnvReading npm_dotenv(std::string_view text);
  static EnvReading node(std::string_view text);
  static EnvReading docker(std::string_view text);
};

// Text in which carriage returns were changed as a reader does on loading, with the way back.
struct LoadedText {
  std::string text;
  std::vector<std::size_t> origin;  // of each byte, and of the end
};
[[nodiscard]] LoadedText with_newlines(std::string_view text);             // CR LF and CR become LF
[[nodiscard]] LoadedText without_carriage_returns(std::string_view text);  // CR vanishes

// The length of the white space character at `at` as Unicode has it, or 0.
[[nodiscard]] std::size_t space_at(std::string_view text, std::size_t at);
[[nodiscard]] bool is_blank(char c);                                // space or tab
[[nodiscard]] std::string_view trimmed_end(std::string_view text);  // of what space_at() knows

inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace autoheal::workflows::env_readers
