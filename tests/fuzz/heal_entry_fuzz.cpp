// Entries of heals: what is read is written as the same again. Type and data, as parts.
#include "autoheal/workflows/heal/heal_machine.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace autoheal;
  using workflows::Heal;
  std::string_view rest = fuzz::text_of(data, size);
  const std::string_view type = fuzz::take_part(rest);
  const auto entry = Heal::decode(type, 1, rest);
  if (!entry) {
    fuzz::require(!entry.error().message.empty(), "a refusal has a sentence");
    return 0;
  }
  const auto written = Heal::encode({}, *entry);
  fuzz::require(written.type == type, "an entry keeps its type");
  // Fields that our writer omits when they mean nothing (the exit code of no program) are dropped once, then nothing
  // more.
  const auto again = Heal::decode(written.type, written.dataversion, written.data);
  fuzz::require(again.has_value(), "what was written can be read", written.data);
  fuzz::require(Heal::encode({}, *again).data == written.data, "what was written has one spelling", written.data);
  fuzz::require(Heal::decode(type, 1, written.data) == *again, "and is the same entry each time", written.data);
  return 0;
}
