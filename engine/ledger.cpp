#include "autoheal/engine/ledger.hpp"

#include <algorithm>

namespace autoheal::engine {

Result<std::vector<Entry>> LedgerView::read_types(const std::string& stream,
                                                  const std::vector<std::string>& types) const {
  auto entries = read_stream(stream, 1);
  if (!entries) return entries;
  std::erase_if(*entries, [&](const Entry& entry) { return std::ranges::find(types, entry.type) == types.end(); });
  return entries;
}

Result<std::uint64_t> LedgerView::version_of(const std::string& stream) const {
  const auto entries = read_stream(stream, 1);
  AUTOHEAL_TRY(entries);
  return entries->empty() ? 0 : entries->back().version;
}

}  // namespace autoheal::engine
