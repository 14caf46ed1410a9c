#include "tools/autoheal/commands/parts/heal_list.hpp"

#include <nlohmann/json.hpp>

#include "autoheal/engine/large_data.hpp"

namespace autoheal::cli {

std::string strategy_of(const Past& past, const std::string& heal) {
  const auto entries = past.ledger->read_stream(heal, 1);
  if (!entries || entries->empty()) return {};
  const auto data = engine::lengthen(*past.vault, entries->front().data);
  const auto json = nlohmann::json::parse(data.value_or(std::string()), nullptr, false);
  const auto strategy = json.is_object() ? json.find("strategy") : json.end();
  return strategy != json.end() && strategy->is_string() ? strategy->get<std::string>() : std::string();
}

Result<void> list_heals(const Past& past, const store::HealFilter& filter, const store::Audit::TakeHeal& take) {
  return store::Audit(*past.ledger).heals(filter, [&](store::AuditedHeal heal) {
    if (heal.strategy.empty()) heal.strategy = strategy_of(past, heal.heal);
    return take(std::move(heal));
  });
}

std::string newest_time_of(const Past& past, const store::AuditedHeal& heal) {
  if (!heal.ended.empty()) {
    const auto ended = parse_timestamp(heal.ended);
    return ended ? format_timestamp_ms(*ended) : heal.ended;
  }
  const auto entries = past.ledger->read_stream(heal.heal, 1);
  return entries && !entries->empty() ? format_timestamp_ms(entries->back().time) : "";
}

}  // namespace autoheal::cli
