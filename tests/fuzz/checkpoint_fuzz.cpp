// Signed notes, checkpoints and keys: one spelling each, and nothing that the log did not sign opens.
#include <array>

#include "autoheal/store/format/checkpoint.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/support/examples/evidence_examples.hpp"

namespace {

using namespace autoheal;
using fuzz::require;

void check_spelling(std::string_view text) {
  if (const auto note = store::parse_note(text)) require(store::to_text(*note) == text, "a note has one spelling");
  if (const auto key = store::VerifierKey::parse(text)) require(key->text() == text, "a key has one spelling");
  if (const auto body = store::parse_checkpoint_body(text))
    require(store::checkpoint_body(*body) == text, "a checkpoint has one spelling");
}

void check_signed(std::string_view text) {
  const std::array keys = {testing::log_key, testing::witness_key};
  const auto opened = store::open_checkpoint(text, keys);
  if (!opened) return;
  const auto known = opened->head == store::vectors::head(3) || opened->head == store::vectors::head(8);
  require(known && opened->origin == store::vectors::origin, "only what the log signed opens");
  require(text.starts_with(store::checkpoint_body(*opened)), "what opens is what stands there");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  check_spelling(text);
  check_signed(text);
  return 0;
}
