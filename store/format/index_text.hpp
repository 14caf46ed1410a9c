// The parts of a CREATE INDEX text, so that verification can ask for what an index should hold in the index's own
// words. Only the store includes this header.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autoheal::store {

struct IndexText {
  std::vector<std::string> columns;  // names or expressions, as written
  std::string where;                 // of a partial index, else empty
};

// Empty for a text without a list of columns. Pure.
[[nodiscard]] std::optional<IndexText> parse_index(std::string_view create);

}  // namespace autoheal::store
