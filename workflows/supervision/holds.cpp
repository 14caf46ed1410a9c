#include "autoheal/workflows/supervision/holds.hpp"

#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"

namespace autoheal::workflows {

namespace {

// With nothing to say but by whom.
engine::NewEntry about_engine(std::string_view type, const std::string& engine, const By& by, Timestamp now) {
  JsonWriter data;
  return entry_by(by, type, engine, now, data.begin_object());
}

}  // namespace

void Holds::apply(const engine::Entry& entry) {
  if (entry.type == "engine.unheld") {
    if (entry.subject.empty()) {
      holds_.clear();
    } else {
      holds_.erase(entry.subject);
    }
  }
  if (entry.type != "engine.held") return;
  try {
    const EntryJsonDocument document(entry.data);
    const EntryJson data = document.root();
    Hold hold;
    // An unreadable time holds for ever: hands off is the safe side.
    hold.until = parse_timestamp(data.at("until").get<std::string>()).value_or(Timestamp::max());
    read_by(data, hold.by);
    holds_[entry.subject] = std::move(hold);
  } catch (const std::invalid_argument&) {
    holds_[entry.subject] = {Timestamp::max(), {}};
  }
}

std::optional<Hold> Holds::of(const std::string& engine, Timestamp now) const {
  std::optional<Hold> longest;
  for (const std::string& name : {engine, std::string()}) {
    const auto found = holds_.find(name);
    if (found == holds_.end() || found->second.until <= now) continue;
    if (!longest || longest->until < found->second.until) longest = found->second;
  }
  return longest;
}

Result<Holds> holds_in(const engine::LedgerView& ledger) {
  const auto entries = ledger.read_types("ledger", {"engine.held", "engine.unheld"});
  AUTOHEAL_TRY(entries);
  Holds holds;
  for (const engine::Entry& entry : *entries) holds.apply(entry);
  return holds;
}

engine::NewEntry engine_held(const std::string& engine, Timestamp until, const By& by, Timestamp now) {
  JsonWriter data;
  return entry_by(by, "engine.held", engine, now, data.begin_object().field("until", format_timestamp(until)));
}

engine::NewEntry engine_unheld(const std::string& engine, const By& by, Timestamp now) {
  return about_engine("engine.unheld", engine, by, now);
}

engine::NewEntry engine_reset(const std::string& engine, const By& by, Timestamp now) {
  return about_engine("engine.reset", engine, by, now);
}

}  // namespace autoheal::workflows
