#include "autoheal/workflows/heal/by_codec.hpp"

#include "autoheal/engine/base/own_json.hpp"

namespace autoheal::workflows {

void write_by(JsonWriter& out, const By& by) {
  if (by.principal.empty()) return;
  out.key("by").begin_object().field("principal", by.principal).field("role", by.role).field("uid", by.uid);
  if (by.loginuid) out.field("loginuid", *by.loginuid);
  out.field("via", by.via).optional_field("reason", by.reason).end_object();
}

void read_by(const OwnJson& j, By& by) {
  if (!j.contains("by")) return;
  const OwnJson from = j.at("by");
  by.principal = from.at("principal");
  by.role = from.at("role");
  by.uid = from.at("uid");
  if (from.contains("loginuid")) by.loginuid = from.at("loginuid").get<std::uint32_t>();
  by.via = from.at("via");
  by.reason = from.value("reason", std::string());
}

engine::NewEntry entry_by(const By& by, std::string_view type, const std::string& subject, Timestamp now) {
  engine::NewEntry entry;
  entry.type = type;
  entry.time = now;
  entry.actor = by.principal;
  entry.subject = subject;
  return entry;
}

engine::NewEntry entry_by(const By& by, std::string_view type, const std::string& subject, Timestamp now,
                          JsonWriter& data) {
  engine::NewEntry entry = entry_by(by, type, subject, now);
  write_by(data, by);
  entry.data = data.end_object().take();
  return entry;
}

}  // namespace autoheal::workflows
