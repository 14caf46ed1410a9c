#include "autoheal/workflows/supervision/bus_topics.hpp"

#include <nlohmann/json.hpp>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/heal/heal_table.hpp"
#include "autoheal/workflows/steward/heal_trace.hpp"
#include "autoheal/workflows/supervision/published_event.hpp"

namespace autoheal::workflows {

namespace {

using engine::Entry;
using nlohmann::json;

JsonWriter payload_of(const Entry& entry) {
  JsonWriter out;
  out.begin_object().field("engine", entry.subject).field("timestamp", format_timestamp_ms(entry.time));
  return out;
}

BusEvent trigger(const Entry& entry, const json& data) {
  JsonWriter out = payload_of(entry);
  out.key("test_result").begin_object().field("engine", entry.subject).field("action", "health_check");
  out.field("result", "⚠️ auto-heal launched").field("error", data.value("error", std::string())).end_object();
  return {"selftest.autoheal.trigger", out.end_object().take(), entry.position};
}

BusEvent complete(const Entry& entry, const json& data) {
  JsonWriter out = payload_of(entry);
  out.field("certified", true).field("attempts", data.at("attempts").get<unsigned>());
  return {"selftest.autoheal.complete", out.end_object().take(), entry.position};
}

BusEvent exhausted(const Entry& entry, const json& data) {
  JsonWriter out = payload_of(entry);
  out.field("attempts", data.at("attempts").get<unsigned>()).field("reason", data.at("reason").get<std::string>());
  return {"selftest.autoheal.exhausted", out.end_object().take(), entry.position};
}

BusEvent skipped(const Entry& entry, const json& data) {
  JsonWriter out = payload_of(entry);
  out.field("reason", data.at("reason").get<std::string>());
  return {"selftest.autoheal.skipped", out.end_object().take(), entry.position};
}

BusEvent snapshot_failed(const Entry& entry, const json& data) {
  JsonWriter out = payload_of(entry);
  out.field("path", data.at("path").get<std::string>()).field("error", data.at("error").get<std::string>());
  out.field("damaged", data.value("damaged", false));
  return {"selftest.snapshot.failed", out.end_object().take(), entry.position};
}

BusEvent transition(const Entry& entry, Phase from, Phase to, unsigned attempt) {
  JsonWriter out = payload_of(entry);
  out.field("heal_id", entry.stream).field("from", name_of(from)).field("to", name_of(to)).field("attempt", attempt);
  return {"selftest.autoheal.transition", out.end_object().take(), entry.position};
}

BusEvent run_started(const Entry& entry, const json& data) {
  JsonWriter out;
  out.begin_object().field("test_id", data.at("test_id").get<std::string>());
  out.field("timestamp", format_timestamp_ms(entry.time));
  return {"selftest.run.start", out.end_object().take(), entry.position};
}

BusEvent run_completed(const Entry& entry, const json& data, const engine::LedgerView& ledger) {
  const auto first = ledger.read_stream(entry.stream, 1);
  std::string test_id;
  if (first && !first->empty()) test_id = json::parse(first->front().data).value("test_id", std::string());
  JsonWriter out;
  out.begin_object().field("test_id", test_id).field("timestamp", format_timestamp_ms(entry.time)).key("summary");
  out.begin_object().field("engines_total", data.at("engines_total").get<unsigned>());
  out.field("engines_verified", data.at("engines_verified").get<unsigned>());
  out.field("autoheal_invocations", data.at("autoheal_invocations").get<unsigned>());
  out.field("status", data.at("status").get<std::string>());
  out.field("runtime_ms", data.at("runtime_us").get<std::int64_t>() / 1000).end_object();
  return {"selftest.run.complete", out.end_object().take(), entry.position};
}

// Followers get one line of JSON under a topic that is not ours, whatever an entry holds.
std::vector<BusEvent> published(const Entry& entry, const json& data) {
  const auto topic = data.at("topic").get<std::string>();
  const json payload = json::parse(data.at("payload").get<std::string>());
  if (!is_own_topic(topic)) return {};
  return {{topic, payload.dump(), entry.position}};
}

void note(KnownHeal& at, const Entry& entry, std::string_view text) {
  if (const auto to = phase_after(at.phase, entry.type)) at.phase = *to;
  if (entry.type == "heal.repair_started") ++at.attempt;
  if (entry.type == "heal.triggered") at.context = context_of(text);
}

// Where the heal stood before `entry`: remembered, or folded from what came before it.
KnownHeal& heal_before(const Entry& entry, const engine::LedgerView& ledger, PhaseMemory& phases) {
  const auto [known, fresh] = phases.try_emplace(entry.stream);
  if (fresh && entry.version > 1) {
    if (const auto earlier = ledger.read_stream(entry.stream, 1)) {
      for (const Entry& one : *earlier) {
        if (one.version < entry.version) note(known->second, one, one.data);
      }
    }
  }
  return known->second;
}

// The events of one entry of a heal.
std::vector<BusEvent> of_heal(const Entry& entry, std::string_view text, const engine::LedgerView& ledger,
                              PhaseMemory& phases) {
  std::vector<BusEvent> events;
  if (entry.type == "heal.triggered") events.push_back(trigger(entry, json::parse(text)));
  auto& at = heal_before(entry, ledger, phases);
  const Phase from = at.phase;
  note(at, entry, text);
  const KnownHeal now = at;
  if (from != Phase::none && from != now.phase) events.push_back(transition(entry, from, now.phase, now.attempt));
  if (now.phase == Phase::complete || now.phase == Phase::exhausted) phases.erase(entry.stream);
  if (entry.type == "heal.completed") events.push_back(complete(entry, json::parse(text)));
  if (entry.type == "heal.exhausted") events.push_back(exhausted(entry, json::parse(text)));
  for (BusEvent& event : events) event.traceparent = traceparent_of(entry.stream, now.context);
  return events;
}

}  // namespace

std::vector<BusEvent> events_of(const Entry& entry, std::string_view text, const engine::LedgerView& ledger,
                                PhaseMemory& phases) {
  std::vector<BusEvent> events;
  try {
    if (entry.type == "heal.skipped") {
      events.push_back(skipped(entry, json::parse(text)));
    } else if (entry.type == "engine.snapshot_failed") {
      events.push_back(snapshot_failed(entry, json::parse(text)));
    } else if (entry.type.starts_with("heal.")) {
      events = of_heal(entry, text, ledger, phases);
    } else if (entry.type == "bus.published") {
      events = published(entry, json::parse(text));
    } else if (entry.type == "selftest.started") {
      events.push_back(run_started(entry, json::parse(text)));
    } else if (entry.type == "selftest.completed") {
      events.push_back(run_completed(entry, json::parse(text), ledger));
    }
  } catch (const json::exception&) {
    // An entry nobody can read is set aside by the loop and named by `ledger verify`; it is no event.
    events.clear();
  }
  return events;
}

bool topic_matches(std::string_view pattern, std::string_view topic) {
  if (!pattern.ends_with('*')) return pattern == topic;
  pattern.remove_suffix(1);
  return topic.starts_with(pattern);
}

}  // namespace autoheal::workflows
