#include "tools/autoheal/events/dead_letters.hpp"

#include <nlohmann/json.hpp>

#include "autoheal/engine/base/json_writer.hpp"

namespace autoheal::cli {

namespace {
constexpr const char* type_of_letter = "webhook.dead_lettered";
}

engine::NewEntry entry_of(const DeadLetter& letter, const std::string& actor, Timestamp now) {
  engine::NewEntry entry;
  entry.type = type_of_letter;
  entry.time = now;
  entry.actor = actor;
  JsonWriter out;
  out.begin_object().field("webhook", letter.webhook).field("event", letter.event).field("topic", letter.topic);
  out.field("position", letter.position.value).field("attempts", letter.attempts).field("error", letter.error);
  entry.data = out.end_object().take();
  return entry;
}

Result<std::vector<DeadLetter>> dead_letters(const engine::LedgerView& ledger, const std::string& webhook) {
  const auto entries = ledger.read_types("ledger", {type_of_letter});
  AUTOHEAL_TRY(entries);
  std::vector<DeadLetter> letters;
  for (const engine::Entry& entry : *entries) {
    try {
      const auto data = nlohmann::json::parse(entry.data);
      DeadLetter letter;
      data.at("webhook").get_to(letter.webhook);
      data.at("event").get_to(letter.event);
      data.at("topic").get_to(letter.topic);
      data.at("position").get_to(letter.position.value);
      data.at("attempts").get_to(letter.attempts);
      data.at("error").get_to(letter.error);
      if (webhook.empty() || letter.webhook == webhook) letters.push_back(std::move(letter));
    } catch (const nlohmann::json::exception&) {
      continue;  // `ledger verify` names it
    }
  }
  return letters;
}

}  // namespace autoheal::cli
