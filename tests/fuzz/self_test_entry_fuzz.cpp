// Entries of self-test runs: what is read is written as the same again. Type and data, as parts.
#include "autoheal/workflows/supervision/self_test.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace autoheal;
  using workflows::SelfTest;
  std::string_view rest = fuzz::text_of(data, size);
  const std::string_view type = fuzz::take_part(rest);
  const auto entry = SelfTest::decode(type, 1, rest);
  if (!entry) {
    fuzz::require(!entry.error().message.empty(), "a refusal has a sentence");
    return 0;
  }
  const auto written = SelfTest::encode({}, *entry);
  fuzz::require(written.type == type, "an entry keeps its type");
  const auto again = SelfTest::decode(written.type, written.dataversion, written.data);
  fuzz::require(again && *again == *entry, "what was written is read as the same entry", written.data);
  return 0;
}
