#include "tools/autoheal/commands/heal/test_result.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::cli {

namespace {

Result<std::string> read_limited(std::istream& stream, const std::string& file) {
  std::string text(largest_test_result_bytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (stream.bad() || (text.empty() && !stream.eof()))
    return failure(ErrorKind::invalid, fmt::format("the test result {} cannot be read", file));
  if (text.size() > largest_test_result_bytes)
    return failure(ErrorKind::invalid, fmt::format("the test result {} is larger than 64 KiB", file));
  return text;
}

}  // namespace

Result<std::string> read_test_result(const std::string& file, const std::string& engine) {
  const std::string hint = R"(expected {"engine":")" + engine + R"(","error":"what failed"})";
  std::ifstream stream;
  if (file != "-") {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) {
      return failure(ErrorKind::invalid, fmt::format("the test result {} is not a file", file),
                     "a pipe is read with --test-result -");
    }
    stream.open(file, std::ios::binary);
    if (!stream) return failure(ErrorKind::invalid, fmt::format("the test result {} cannot be read", file), hint);
  }
  const auto text = read_limited(file == "-" ? std::cin : stream, file);
  if (!text) return text;
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object())
    return failure(ErrorKind::invalid, fmt::format("the test result {} is not a JSON object", file), hint);
  for (const auto& [key, value] : json.items()) {
    if (key != "engine" && key != "action" && key != "result" && key != "error") {
      return failure(ErrorKind::invalid,
                     fmt::format("the test result {} has an unknown key \"{}\"", file, valid_utf8(key)), hint);
    }
    if (!value.is_string())
      return failure(ErrorKind::invalid, fmt::format("the test result {}: \"{}\" is not a text", file, key), hint);
  }
  if (!json.contains("engine") || json.at("engine") != engine) {
    return failure(ErrorKind::invalid, fmt::format("the test result {} is not one of engine {}", file, engine), hint);
  }
  const std::string error = json.value("error", std::string());
  return error.empty() ? json.value("result", std::string("failed")) : error;
}

}  // namespace autoheal::cli
