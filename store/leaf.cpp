#include "store/leaf.hpp"

#include "engine/quoted_text.hpp"

namespace autoheal::store {

std::string leaf_line(std::string_view ledger_id, const engine::Entry& entry) {
  std::string line;
  line.reserve(256 + entry.data.size());
  line += R"({"specversion":"1.0","id":")";
  line += std::to_string(entry.position.value);
  line += R"(","source":)";
  append_quoted(line, "/autoheal/" + std::string(ledger_id));
  line += R"(,"type":)";
  append_quoted(line, entry.type);
  line += R"(,"time":")";
  line += format_timestamp(entry.time);
  line += R"(","stream":)";
  append_quoted(line, entry.stream);
  line += R"(,"version":)";
  line += std::to_string(entry.version);
  line += R"(,"dataversion":)";
  line += std::to_string(entry.dataversion);
  if (!entry.actor.empty()) {
    line += R"(,"actor":)";
    append_quoted(line, entry.actor);
  }
  if (!entry.subject.empty()) {
    line += R"(,"engine":)";
    append_quoted(line, entry.subject);
  }
  line += R"(,"data":)";
  line += entry.data;
  line += '}';
  return line;
}

}  // namespace autoheal::store
