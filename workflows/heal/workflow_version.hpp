// The version of the rules that decide a heal, as entries name it: "heal/4".
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/workflows/heal/heal_entry.hpp"

namespace autoheal::workflows {

// A heal that a later version decided is none of this program's: half by its rules and half by ours it would be
// neither.
struct LaterVersion {
  unsigned version;
};

struct WorkflowVersion {
  static constexpr std::string_view family = "heal/";

  static void write(JsonWriter& out, unsigned version) { out.value(std::string(family) + std::to_string(version)); }
  static void read(const EntryJson& in, unsigned& version) {
    const std::string_view name = in.text();
    const bool ours = name.starts_with(family);
    version = ours ? parse_number<unsigned>(name.substr(family.size())).value_or(0) : 0;
    if (version == 0) throw std::invalid_argument("\"" + std::string(name) + "\" is no version of the heal workflow");
    if (version > heal_version) throw LaterVersion{version};
  }
};

}  // namespace autoheal::workflows
