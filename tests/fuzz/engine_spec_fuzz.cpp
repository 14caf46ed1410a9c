// An engine's configuration as the vault keeps it: what is read has one text, which reads as the same engine.
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace autoheal;
  const auto spec = workflows::decode_engine_spec(fuzz::text_of(data, size));
  if (!spec) {
    fuzz::require(spec.error().kind == ErrorKind::corrupt, "what cannot be read is corrupt", spec.error().message);
    return 0;
  }
  const std::string text = workflows::encode_engine_spec(*spec);
  const auto again = workflows::decode_engine_spec(text);
  fuzz::require(again && *again == *spec, "what was written is read as the same engine", text);
  return 0;
}
