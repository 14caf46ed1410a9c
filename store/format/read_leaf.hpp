// The reverse of leaf.hpp: reads an export line, for programs that have the line and not the ledger.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/entry.hpp"

namespace autoheal::store {

struct ReadLeaf {
  std::string ledger_id;
  engine::Entry entry;
};

// invalid: any text that append_leaf would not write. Pure.
[[nodiscard]] Result<ReadLeaf> read_leaf(std::string_view line);

}  // namespace autoheal::store
