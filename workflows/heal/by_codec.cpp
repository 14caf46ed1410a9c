#include "autoheal/workflows/heal/by_codec.hpp"

#include <tuple>

#include "autoheal/workflows/stored/stored_field.hpp"

namespace autoheal::workflows {

template <>
inline constexpr auto stored_fields<By> = std::tuple{
    always<&By::principal>("principal"),
    always<&By::role>("role"),
    always<&By::uid>("uid"),
    unless_default<&By::loginuid>("loginuid"),
    always<&By::via>("via"),
    unless_default<&By::reason>("reason"),
    unless_default<&By::traceparent>("traceparent"),
};

void write_by(JsonWriter& out, const By& by) {
  if (!by.principal.empty()) StoredJson::write(out.key("by"), by);
}

void read_by(const EntryJson& in, By& by) {
  if (const auto found = in.find("by")) StoredJson::read(*found, by);
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
