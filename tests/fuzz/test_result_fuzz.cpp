// Test results that a manual trigger brings along: of the named engine, texts only, within the limit.
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/fuzz/property.hpp"
#include "tools/autoheal/commands/heal/test_result.hpp"

namespace {

using namespace autoheal;

Result<std::string> read_from_stdin(std::string_view text) {
  std::stringbuf input{std::string(text)};
  std::streambuf* const before = std::cin.rdbuf(&input);
  std::cin.clear();
  auto result = cli::read_test_result("-", "EnvRecon");
  std::cin.rdbuf(before);
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto failed = read_from_stdin(text);
  if (!failed) {
    fuzz::require(failed.error().kind == ErrorKind::invalid, "a refusal is one of the input", failed.error().message);
    return 0;
  }
  const auto json = nlohmann::json::parse(text);
  fuzz::require(json.at("engine") == "EnvRecon", "a result of another engine is refused", text);
  const std::string error = json.value("error", "");
  fuzz::require(*failed == (error.empty() ? json.value("result", "failed") : error), "what failed is told", *failed);
  return 0;
}
