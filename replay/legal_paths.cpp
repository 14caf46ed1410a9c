#include "replay/legal_paths.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "workflows/heal_table.hpp"

namespace autoheal::replay {

namespace {

using workflows::Phase;

// What must stand before an entry in the same attempt. The table of states says where an entry may lead; this says what
// it stands on.
struct Premise {
  std::string_view entry, needs;
};
constexpr std::array premises = {
    Premise{"heal.plan_certified", "heal.plan_recorded"},
    Premise{"heal.plan_refused", "heal.plan_recorded"},
    Premise{"heal.change_intended", "heal.plan_certified"},
    Premise{"heal.change_applied", "heal.plan_certified"},
    Premise{"heal.repair_finished", "heal.plan_certified"},
    Premise{"heal.certification_started", "heal.repair_finished"},
    Premise{"heal.certified", "heal.certification_started"},
    Premise{"heal.certification_refused", "heal.certification_started"},
    Premise{"heal.undo_applied", "heal.rollback_started"},
    Premise{"heal.rolled_back", "heal.rollback_started"},
    Premise{"heal.completed", "heal.certified"},
};

}  // namespace

std::optional<std::string> LegalPaths::check(const engine::Entry& entry) {
  // A skipped heal never began: its entry stands outside any heal.
  if (!entry.type.starts_with("heal.") || entry.type == "heal.skipped") return std::nullopt;
  Path& path = paths_[entry.stream];
  const auto next = workflows::phase_after(path.phase, entry.type);
  if (!next) {
    return entry.type + " may not follow in a heal that is " + std::string(name_of(path.phase));
  }
  if (entry.type == "heal.repair_started") path.in_attempt.clear();
  for (const Premise& premise : premises) {
    if (premise.entry == entry.type && !path.in_attempt.contains(premise.needs)) {
      return entry.type + " stands here without " + std::string(premise.needs) + " before it";
    }
  }
  if (auto fault = check_certificate(entry, path)) return fault;
  path.in_attempt.insert(entry.type);
  path.phase = *next;
  if (path.phase == Phase::complete) paths_.erase(entry.stream);
  return std::nullopt;
}

// A certificate is one of this heal, attempt, configuration and plan; data that is kept in the vault is not read here.
std::optional<std::string> LegalPaths::check_certificate(const engine::Entry& entry, Path& path) {
  const bool tells = entry.type == "heal.triggered" || entry.type == "heal.repair_started" ||
                     entry.type == "heal.plan_certified" || entry.type == "heal.certified";
  if (!tells) return std::nullopt;
  const auto data = nlohmann::json::parse(entry.data, nullptr, false);
  if (!data.is_object() || data.contains("blob")) return std::nullopt;
  const auto text = [&](const char* key) {
    const auto found = data.find(key);
    return found != data.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto number = data.find("attempt");
  const unsigned attempt = number != data.end() && number->is_number_unsigned() ? number->get<unsigned>() : 0;
  if (entry.type == "heal.triggered") path.configuration = text("configuration");
  if (entry.type == "heal.repair_started") {
    path.attempt = attempt;
    path.plan_digest.clear();
  }
  if (entry.type == "heal.plan_certified") path.plan_digest = text("plan_digest");
  if (entry.type != "heal.certified") return std::nullopt;
  if (attempt != path.attempt)
    return "its certificate is of attempt " + std::to_string(attempt) + ", not " + std::to_string(path.attempt);
  if (!path.configuration.empty() && text("configuration") != path.configuration)
    return "its certificate is of another configuration";
  if (!path.plan_digest.empty() && text("plan_digest") != path.plan_digest) return "its certificate is of another plan";
  return std::nullopt;
}

}  // namespace autoheal::replay
