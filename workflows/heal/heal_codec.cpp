// Heal entries as ledger text and back.
#include <fmt/core.h>

#include <algorithm>
#include <concepts>

#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/workflows/heal/heal_entry_fields.hpp"
#include "autoheal/workflows/heal/heal_machine.hpp"
#include "autoheal/workflows/stored/stored_json.hpp"

namespace autoheal::workflows {

namespace {

// A heal that went over to later rules is out of reach of programs from before there was such a thing.
unsigned dataversion_of(const HealEntry& entry) {
  const auto* resumed = std::get_if<Resumed>(&entry);
  return resumed != nullptr && resumed->version != 0 ? 2 : 1;
}
unsigned newest_dataversion(std::string_view entry_type) { return entry_type == "heal.resumed" ? 2 : 1; }

}  // namespace

std::string_view type_of(const HealEntry& entry) { return kinds_of<HealEntry>[entry.index()]; }

std::string_view name_of(EndReason reason) { return word_of<EndReason>(words_for<EndReason>, reason); }
std::optional<EndReason> parse_end_reason(std::string_view text) {
  return known_value<EndReason>(words_for<EndReason>, text);
}

engine::Envelope Heal::envelope(const State& state, const Entry& entry) {
  return {type_of(entry), dataversion_of(entry), state.request->by.principal, state.request->engine};
}

engine::Encoded Heal::encode(const State& state, const Entry& entry) {
  JsonWriter out;
  std::visit([&out](const auto& one) { StoredJson::write(out, one); }, entry);
  const engine::Envelope around = envelope(state, entry);
  return {std::string(around.type), around.dataversion, std::string(around.actor), std::string(around.subject),
          out.take()};
}

Result<HealEntry> Heal::decode(std::string_view entry_type, unsigned dataversion, std::string_view data) {
  constexpr auto& types = kinds_of<HealEntry>;
  const auto* known = std::ranges::find(types, entry_type);
  if (known == types.end()) {
    return failure(ErrorKind::invalid, fmt::format("entries of type {} are not known to this version", entry_type));
  }
  if (const unsigned newest = newest_dataversion(entry_type); dataversion > newest) {
    return failure(ErrorKind::invalid,
                   fmt::format("{} has data version {}, this version reads up to {}", entry_type, dataversion, newest));
  }
  try {
    const EntryJsonDocument document(data);
    auto entry = empty_of_kind<HealEntry>(static_cast<std::size_t>(known - types.begin()));
    std::visit([&](auto& one) { StoredJson::read(document.root(), one); }, entry);
    return entry;
  } catch (const LaterVersion& later) {
    return failure(
        ErrorKind::invalid,
        fmt::format("{}: this heal is decided by version {} of the heal workflow, this program knows up to {}",
                    entry_type, later.version, Heal::version),
        "go on with the later version of autoheal that began it");
  } catch (const std::exception& problem) {
    return failure(ErrorKind::corrupt, fmt::format("{}: its data cannot be read: {}", entry_type, problem.what()));
  }
}

}  // namespace autoheal::workflows
