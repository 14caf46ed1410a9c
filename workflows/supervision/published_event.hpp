// Events that principals tell others on the bus, under topics of their own. Each is an entry like everything that the
// bus tells, so that followers can go on where they stopped.
#pragma once

#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/entry.hpp"
#include "autoheal/workflows/heal/heal_entry.hpp"

namespace autoheal::workflows {

inline constexpr std::size_t longest_own_topic_bytes = 128;
inline constexpr std::size_t largest_payload_bytes = std::size_t{16} * 1024;

// Words of a to z, 0 to 9, `_` and `-` with dots between them; not one of Autoheal (`selftest.`, `heal.`, `autoheal.`).
[[nodiscard]] bool is_own_topic(std::string_view topic);

// The entry `bus.published` of the stream "ledger". `payload` is the text of a JSON object. invalid: the topic is not
// one's own, the payload is none or too large.
[[nodiscard]] Result<engine::NewEntry> bus_published(const std::string& topic, const std::string& payload, const By& by,
                                                     Timestamp now);

}  // namespace autoheal::workflows
