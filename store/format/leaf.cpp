#include "autoheal/store/format/leaf.hpp"

#include <array>
#include <charconv>

#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::store {

namespace {

void append_number(std::string& line, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  line.append(digits.data(), end);
}

}  // namespace

void append_leaf(std::string& line, std::string_view ledger_id, const LeafParts& parts) {
  line += R"({"specversion":"1.0","id":")";
  append_number(line, parts.seq);
  line += R"(","source":"/autoheal/)";
  line += ledger_id;  // a UUID: nothing in it needs an escape
  line += R"(","type":)";
  append_quoted(line, parts.type);
  line += R"(,"time":")";
  append_timestamp(line, parts.time);
  line += R"(","stream":)";
  append_quoted(line, parts.stream);
  line += R"(,"version":)";
  append_number(line, parts.version);
  line += R"(,"dataversion":)";
  append_number(line, parts.dataversion);
  if (!parts.actor.empty()) {
    line += R"(,"actor":)";
    append_quoted(line, parts.actor);
  }
  if (!parts.engine.empty()) {
    line += R"(,"engine":)";
    append_quoted(line, parts.engine);
  }
  line += R"(,"data":)";
  line += parts.data;
  line += '}';
}

LeafParts parts_of(const engine::Entry& entry) {
  return {.seq = entry.position.value,
          .type = entry.type,
          .time = entry.time,
          .stream = entry.stream,
          .version = entry.version,
          .dataversion = entry.dataversion,
          .actor = entry.actor,
          .engine = entry.subject,
          .data = entry.data};
}

bool fits_in_leaf(std::string_view ledger_id, const engine::Entry& entry) {
  constexpr std::size_t longest_escape = 6, around = 512;  // \u001f; keys, numbers, time and id
  const std::size_t names = entry.type.size() + entry.stream.size() + entry.actor.size() + entry.subject.size();
  if (entry.data.size() + longest_escape * names + around <= largest_leaf_bytes) return true;
  return leaf_line(ledger_id, entry).size() <= largest_leaf_bytes;
}

std::string leaf_line(std::string_view ledger_id, const engine::Entry& entry) {
  std::string line;
  line.reserve(256 + entry.data.size());
  append_leaf(line, ledger_id, parts_of(entry));
  return line;
}

}  // namespace autoheal::store
