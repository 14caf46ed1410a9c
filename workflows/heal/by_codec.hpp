// The principal who caused an entry, as JSON: its `by`.
#pragma once

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/heal/heal_entry.hpp"

namespace autoheal {
class OwnJson;
}

namespace autoheal::workflows {

// Nothing for a By without a principal.
void write_by(JsonWriter& json, const By& by);
// Throws std::invalid_argument on anything that write_by did not make; for codecs.
void read_by(const OwnJson& json, By& by);

// In the list of an entry's members.
template <auto Member>
struct StoredBy {
  template <class Entry>
  static void write(JsonWriter& json, const Entry& entry, const Entry&) {
    write_by(json, entry.*Member);
  }
  template <class Entry>
  static void read(const OwnJson& json, Entry& entry) {
    read_by(json, entry.*Member);
  }
};

}  // namespace autoheal::workflows
