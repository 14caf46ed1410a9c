// The options of `audit`, which may also stand before `coverage` and `summary`, and these two commands.
#pragma once

#include <cstdint>
#include <memory>
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

void add_audit_coverage(CommandLine& line, const std::shared_ptr<AuditOptions>& shared);
void add_audit_summary(CommandLine& line, const std::shared_ptr<AuditOptions>& shared);

}  // namespace autoheal::cli
