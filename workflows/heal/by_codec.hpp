// The principal who caused an entry, as JSON: its `by`; and entries that somebody causes outside of a heal.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/entry.hpp"
#include "autoheal/workflows/heal/heal_entry.hpp"

namespace autoheal {
class EntryJson;
}

namespace autoheal::workflows {

// Nothing for a By without a principal.
void write_by(JsonWriter& json, const By& by);
// Throws std::invalid_argument on anything that write_by did not make; for codecs.
void read_by(const EntryJson& json, By& by);

// In the list of an entry's members.
template <auto Member>
struct StoredBy {
  template <class Entry>
  static void write(JsonWriter& json, const Entry& entry, const Entry&) {
    write_by(json, entry.*Member);
  }
  template <class Entry>
  static void read(const EntryJson& json, Entry& entry) {
    read_by(json, entry.*Member);
  }
};

// An entry of what `by` did; `subject` is an engine or empty. Without data, or with what `data` has so far, an open
// object, and then `by`.
[[nodiscard]] engine::NewEntry entry_by(const By& by, std::string_view type, const std::string& subject, Timestamp now);
[[nodiscard]] engine::NewEntry entry_by(const By& by, std::string_view type, const std::string& subject, Timestamp now,
                                        JsonWriter& data);

}  // namespace autoheal::workflows
