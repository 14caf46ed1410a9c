#include "tools/autoheal/commands/parts/place_in_ledger.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

Result<void> check_place_to_follow_from(const Past& past, const std::string& option, std::uint64_t after) {
  if (after == 0) return {};
  const auto head = past.ledger->head();
  AUTOHEAL_TRY(head);
  const auto archived = past.ledger->archived();
  AUTOHEAL_TRY(archived);
  if (after >= archived->value && after <= head->value) return {};
  const std::string why = after > head->value ? fmt::format("there is no entry {} yet", after)
                                              : fmt::format("entries up to {} are archived", archived->value);
  return failure(ErrorKind::invalid, fmt::format("it cannot go on from {} {}: {}", option, after, why),
                 fmt::format("expected {} to {}; `autoheal ledger stats` says where archived entries are",
                             archived->value, head->value));
}

}  // namespace autoheal::cli
