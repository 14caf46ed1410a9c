// Requests of operations, as they come through the daemon's socket: what is read is written as the same again.
#include "tests/fuzz/property.hpp"
#include "tools/autoheal/protocol/operation_body.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace autoheal;
  constexpr std::string_view keys[] = {"engine", "heal",      "engines", "error", "heals",
                                       "for_us", "before_us", "file",    "what",  "reason"};
  const auto body = cli::read_operation_body(std::string(fuzz::text_of(data, size)), keys);
  if (!body) {
    fuzz::require(body.error().kind == ErrorKind::invalid, "a refusal is one of the input", body.error().message);
    return 0;
  }
  const std::string text = cli::to_json(*body);
  const auto again = cli::read_operation_body(text, keys);
  fuzz::require(again && cli::to_json(*again) == text, "what was written is read as the same request", text);
  return 0;
}
