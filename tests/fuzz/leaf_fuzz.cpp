// Lines of `ledger export`: what is read composes to the very same bytes, of which the tree is made.
#include <nlohmann/json.hpp>

#include "autoheal/store/file/leaves_file.hpp"
#include "autoheal/store/format/json_check.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/format/read_leaf.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace autoheal;
  const std::string_view text = fuzz::text_of(data, size);
  std::string hex;
  const auto leaves = store::each_leaf(text, [&](std::string_view leaf) { hex += store::leaf_to_hex_line(leaf); });
  if (leaves) fuzz::require(hex == text, "leaves in hex have one spelling", hex);
  const auto leaf = store::read_leaf(text);
  if (!leaf) return 0;
  fuzz::require(store::leaf_line(leaf->ledger_id, leaf->entry) == text, "a line has one spelling");
  fuzz::require(!store::json_problem(leaf->entry.data), "its data is what our own writer makes", leaf->entry.data);
  fuzz::require(nlohmann::json::accept(text), "every JSON reader can read the line");
  return 0;
}
