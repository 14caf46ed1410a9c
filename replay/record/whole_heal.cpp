#include "autoheal/replay/record/whole_heal.hpp"

#include <fmt/core.h>

#include "autoheal/engine/large_data.hpp"
#include "autoheal/replay/record/legal_paths.hpp"
#include "autoheal/workflows/heal/heal_table.hpp"

namespace autoheal::replay {

namespace {

using workflows::Phase;

// Why `entry` cannot come right after `before` (null: it is the first).
std::optional<std::string> out_of_place(const engine::Entry& entry, const engine::Entry* before) {
  if (before == nullptr) {
    if (entry.type != "heal.triggered" || entry.version != 1) return "is not the beginning of a heal";
    return std::nullopt;
  }
  if (entry.stream != before->stream) return "is of another stream";
  if (entry.version != before->version + 1) {
    return fmt::format("is number {} of its heal, after number {}: entries are missing, swapped or there twice",
                       entry.version, before->version);
  }
  if (entry.position <= before->position) return "does not come after the one before it";
  return std::nullopt;
}

std::optional<std::string> against_the_rules(const engine::Entry& entry, const LegalPaths& rules,
                                             store::StreamCheck& path) {
  const auto kind = rules.kind_of(entry.type);
  if (!kind) return entry.type + " is no entry of a heal";
  std::vector<store::JsonMember> members;
  if (store::json_problem(entry.data, &members)) return "its data is no JSON";
  return path.next({*kind, entry.type, members});
}

}  // namespace

WholeHealCheck check_whole_heal(const std::vector<engine::Entry>& entries, const engine::BlobStore& blobs) {
  const LegalPaths rules;
  const auto path = rules.begin();
  WholeHealCheck check;
  const engine::Entry* before = nullptr;
  for (engine::Entry entry : entries) {
    const auto place = entry.position;
    if (auto why = out_of_place(entry, before)) return {HealFault{place, std::move(*why)}};
    if (auto whole = engine::lengthen(blobs, entry.data)) entry.data = std::move(*whole);
    if (auto why = against_the_rules(entry, rules, *path)) return {HealFault{place, "is not legal: " + *why}};
    check.ended = workflows::phase_after(check.ended, entry.type).value_or(check.ended);
    before = &entries[static_cast<std::size_t>(entry.version) - 1];
  }
  if (check.ended == Phase::complete || check.ended == Phase::exhausted) return check;
  const auto last = before != nullptr ? before->position : engine::Position{};
  return {HealFault{last, "is the last one here, but the heal goes on after it"}, true};
}

}  // namespace autoheal::replay
