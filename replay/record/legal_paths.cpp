#include "autoheal/replay/record/legal_paths.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/workflows/heal/heal_table.hpp"

namespace autoheal::replay {

namespace {

using store::SeenEntry;
using workflows::Phase;

constexpr std::string_view family = "heal.";

// Every entry that the table knows, without "heal.", once. Its place here is its kind; `unknown_kind` is any other one.
constexpr std::size_t most_kinds = 32;
struct Kinds {
  std::array<std::string_view, most_kinds> names{};
  std::size_t count = 0;
  constexpr std::size_t of(std::string_view name) const {
    std::size_t kind = 0;
    while (kind < count && names[kind] != name) ++kind;
    return kind;
  }
};
constexpr Kinds kinds = [] {
  Kinds all;
  for (const workflows::Arrow& arrow : workflows::heal_arrows) {
    if (all.of(arrow.entry) == all.count) all.names[all.count++] = arrow.entry;
  }
  return all;
}();
static_assert(kinds.count < most_kinds);
constexpr unsigned unknown_kind = most_kinds - 1;

constexpr unsigned kind(std::string_view name) { return static_cast<unsigned>(kinds.of(name)); }
constexpr std::uint32_t bit(unsigned of) { return std::uint32_t{1} << of; }

// An entry that must come before another in the same attempt. The table of states says where an entry may lead; this
// says what it requires.
struct Premise {
  std::string_view entry, needs;
};
constexpr std::array premises = {
    Premise{"plan_certified", "plan_recorded"},
    Premise{"plan_refused", "plan_recorded"},
    Premise{"change_intended", "plan_certified"},
    Premise{"change_applied", "plan_certified"},
    Premise{"repair_finished", "plan_certified"},
    Premise{"certification_started", "repair_finished"},
    Premise{"certified", "certification_started"},
    Premise{"certification_refused", "certification_started"},
    Premise{"undo_applied", "rollback_started"},
    Premise{"rolled_back", "rollback_started"},
    Premise{"completed", "certified"},
};

// The table as arrays, since ten million entries ask it.
struct Steps {
  std::array<std::array<std::optional<Phase>, most_kinds>, 7> to{};
  std::array<std::optional<unsigned>, most_kinds> needs{};
};
constexpr Steps steps = [] {
  Steps made;
  for (const workflows::Arrow& arrow : workflows::heal_arrows)
    made.to[static_cast<std::size_t>(arrow.from)][kind(arrow.entry)] = arrow.to;
  for (const Premise& premise : premises) made.needs[kind(premise.entry)] = kind(premise.needs);
  return made;
}();
static_assert(static_cast<std::size_t>(Phase::exhausted) < steps.to.size());

unsigned number_in(std::string_view json) { return parse_number<unsigned>(json).value_or(0); }

class HealPath final : public store::StreamCheck {
 public:
  std::optional<std::string> next(const SeenEntry& entry) override {
    const auto to = steps.to[static_cast<std::size_t>(phase_)][entry.kind];
    if (!to) return fmt::format("{} may not follow in a heal that is {}", entry.type, name_of(phase_));
    if (entry.kind == kind("repair_started")) in_attempt_ = 0;
    const auto needs = steps.needs[entry.kind];
    if (needs && (in_attempt_ & bit(*needs)) == 0) {
      return fmt::format("{} stands here without heal.{} before it", entry.type, kinds.names[*needs]);
    }
    if (auto fault = certificate_fault(entry)) return fault;
    in_attempt_ |= bit(entry.kind);
    phase_ = *to;
    return std::nullopt;
  }
  bool ended() const override { return phase_ == Phase::complete || phase_ == Phase::exhausted; }

 private:
  // A certificate is one of this heal, attempt, configuration and plan; data that is kept in the vault is not read
  // here.
  std::optional<std::string> certificate_fault(const SeenEntry& entry) {
    const bool tells = entry.kind == kind("triggered") || entry.kind == kind("repair_started") ||
                       entry.kind == kind("plan_certified") || entry.kind == kind("certified");
    if (!tells || !member_of(entry.data, "blob").empty()) return std::nullopt;
    const std::string_view attempt = member_of(entry.data, "attempt");
    if (entry.kind == kind("triggered")) configuration_ = member_of(entry.data, "configuration");
    if (entry.kind == kind("repair_started")) {
      attempt_ = number_in(attempt);
      plan_digest_.clear();
    }
    if (entry.kind == kind("plan_certified")) plan_digest_ = member_of(entry.data, "plan_digest");
    if (entry.kind != kind("certified")) return std::nullopt;
    if (number_in(attempt) != attempt_) {
      return fmt::format("its certificate is of attempt {}, not {}", number_in(attempt), attempt_);
    }
    if (!configuration_.empty() && member_of(entry.data, "configuration") != configuration_)
      return "its certificate is of another configuration";
    if (!plan_digest_.empty() && member_of(entry.data, "plan_digest") != plan_digest_)
      return "its certificate is of another plan";
    return std::nullopt;
  }

  Phase phase_ = Phase::none;
  std::uint32_t in_attempt_ = 0;             // kinds of entries since it began
  std::string configuration_, plan_digest_;  // what a certificate of this heal has to name, as it is written
  unsigned attempt_ = 0;
};

}  // namespace

std::optional<unsigned> LegalPaths::kind_of(std::string_view type) const {
  if (!type.starts_with(family) || type == "heal.skipped") return std::nullopt;
  const unsigned known = kind(type.substr(family.size()));
  return known < kinds.count ? known : unknown_kind;
}

std::unique_ptr<store::StreamCheck> LegalPaths::begin() const { return std::make_unique<HealPath>(); }

}  // namespace autoheal::replay
