// The options of `audit`, which may also stand before `coverage` and `summary`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/autoheal/commands/parts/past_filters.hpp"

namespace autoheal::cli {

struct AuditOptions {
  HealFilters filters;
  std::string heal, actor, type, strategy;
  std::optional<std::uint64_t> limit, after;
  bool newest = false, follow = false;
  std::string compare;  // audit summary
};

}  // namespace autoheal::cli
