#include "autoheal/workflows/supervision/cloud_event.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/json_writer.hpp"

namespace autoheal::workflows {

std::string subject_of(const engine::Entry& entry) {
  if (entry.stream.starts_with("selftest/")) return entry.stream;
  if (entry.type == "bus.published") return "principal/" + entry.actor;
  const std::string engine = "engine/" + entry.subject;
  return entry.stream == "ledger" ? engine : fmt::format("{}/heal/{}", engine, entry.stream);
}

std::string cloud_event(const BusEvent& event, const engine::Entry& entry, std::string_view ledger) {
  const std::string position = std::to_string(entry.position.value);
  const std::string_view word = std::string_view(event.topic).substr(event.topic.rfind('.') + 1);
  JsonWriter out;
  out.begin_object().field("specversion", "1.0").field("id", fmt::format("{}-{}", position, word));
  out.field("source", fmt::format("/autoheal/{}", ledger)).field("type", event.topic);
  out.field("time", format_timestamp(entry.time)).field("subject", subject_of(entry));
  out.field("datacontenttype", "application/json").field("ledgerpos", position);
  out.optional_field("traceparent", event.traceparent);
  return out.key("data").raw(event.payload).end_object().take();
}

}  // namespace autoheal::workflows
