#include "autoheal/workflows/supervision/published_event.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "autoheal/workflows/heal/by_codec.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::array<std::string_view, 3> topics_of_autoheal = {"selftest", "heal", "autoheal"};

bool is_word(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char one) {
    return (one >= 'a' && one <= 'z') || (one >= '0' && one <= '9') || one == '_' || one == '-';
  });
}

}  // namespace

bool is_own_topic(std::string_view topic) {
  if (topic.size() > longest_own_topic_bytes) return false;
  if (std::ranges::find(topics_of_autoheal, topic.substr(0, topic.find('.'))) != topics_of_autoheal.end()) return false;
  while (true) {
    const auto dot = topic.find('.');
    if (!is_word(topic.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    topic.remove_prefix(dot + 1);
  }
}

Result<engine::NewEntry> bus_published(const std::string& topic, const std::string& payload, const By& by,
                                       Timestamp now) {
  if (!is_own_topic(topic)) {
    return failure(ErrorKind::invalid,
                   fmt::format("the topic is not words of a-z, 0-9, _ and - with dots between them, {} bytes at most, "
                               "or it begins with a word of Autoheal's own (selftest, heal, autoheal)",
                               longest_own_topic_bytes),
                   "for example: bridge.deployment.finished");
  }
  if (payload.size() > largest_payload_bytes) {
    return failure(ErrorKind::invalid, fmt::format("the payload is larger than {} bytes", largest_payload_bytes),
                   "publish where the rest can be found");
  }
  if (!nlohmann::json::accept(payload)) return failure(ErrorKind::invalid, "the payload is not JSON");
  // As a text: entries hold no floats, payloads may.
  JsonWriter data;
  data.begin_object().field("topic", topic).field("payload", payload);
  return entry_by(by, "bus.published", {}, now, data);
}

}  // namespace autoheal::workflows
