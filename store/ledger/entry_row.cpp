#include "autoheal/store/ledger/entry_row.hpp"

#include <fmt/core.h>

#include <cstring>
#include <limits>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::store {

namespace {

enum Column { seq, stream, version, type, dataversion, time, actor, engine, data };

constexpr Timestamp earliest = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
constexpr Timestamp latest = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);

std::string its(std::string_view column, std::string_view problem) { return fmt::format("its {} {}", column, problem); }

// A name that is the text of a UUID would be another row for the same stream.
std::optional<std::string> stream_problem(const RowQuery& query, const EntryRow& row) {
  if (row.stream_is_id) return std::nullopt;
  const bool fits =
      query.type(stream) == SQLITE_TEXT && !row.stream.empty() && is_valid_utf8(row.stream) && !parse_uuid(row.stream);
  return fits ? std::nullopt : std::optional(its("stream", "has no valid name"));
}

// Left out if there is none, so that an empty text is not written.
std::optional<std::string> optional_text_problem(const RowQuery& query, int column, std::string_view text,
                                                 std::string_view name) {
  if (query.type(column) == SQLITE_NULL) return std::nullopt;
  if (query.type(column) != SQLITE_TEXT || text.empty()) return its(name, "is no text");
  if (!is_valid_utf8(text)) return its(name, "is not valid UTF-8");
  return std::nullopt;
}

std::optional<std::string> number_problem(const RowQuery& query, const EntryRow& row) {
  if (query.type(version) != SQLITE_INTEGER || row.version < 1) return its("version", "is no number from 1 up");
  if (query.type(dataversion) != SQLITE_INTEGER || row.dataversion < 1 ||
      row.dataversion > std::numeric_limits<unsigned>::max())
    return its("data version", fmt::format("is {}", row.dataversion));
  const Timestamp at{Duration(row.time)};
  if (query.type(time) != SQLITE_INTEGER || at < earliest || at >= latest)
    return its("time", "is no time between the years 0 and 9999");
  return std::nullopt;
}

}  // namespace

EntryRow entry_row(const RowQuery& query) {
  EntryRow row;
  row.seq = query.number(seq);
  row.stream_is_id = query.type(stream) == SQLITE_BLOB;
  row.stream = query.bytes(stream);
  row.stream_is_id = row.stream_is_id && row.stream.size() == sizeof(Uuid::bytes);
  row.version = query.number(version);
  row.type = query.bytes(type);
  row.dataversion = query.number(dataversion);
  row.time = query.number(time);
  row.actor = query.bytes(actor);
  row.engine = query.bytes(engine);
  row.data = query.bytes(data);
  return row;
}

void append_stream_name(std::string& text, const EntryRow& row) {
  if (!row.stream_is_id) {
    text += row.stream;
    return;
  }
  Uuid id;
  std::memcpy(id.bytes.data(), row.stream.data(), id.bytes.size());
  append_uuid(text, id);
}

LeafParts parts_of(const EntryRow& row, std::string_view stream) {
  // A time that cannot be written would make a leaf of any length.
  const Timestamp at{Duration(row.time)};
  return {.seq = static_cast<std::uint64_t>(row.seq),
          .type = row.type,
          .time = at < earliest || at >= latest ? earliest : at,
          .stream = stream,
          .version = static_cast<std::uint64_t>(row.version),
          .dataversion = static_cast<unsigned>(row.dataversion),
          .actor = row.actor,
          .engine = row.engine,
          .data = row.data};
}

std::optional<std::string> column_problem(const RowQuery& query, const EntryRow& row,
                                          std::vector<JsonMember>& members) {
  members.clear();
  if (query.type(type) != SQLITE_TEXT) return its("type", "is no text");
  if (auto problem = stream_problem(query, row)) return problem;
  if (auto problem = number_problem(query, row)) return problem;
  if (auto problem = optional_text_problem(query, actor, row.actor, "actor")) return problem;
  if (auto problem = optional_text_problem(query, engine, row.engine, "engine")) return problem;
  if (query.type(data) != SQLITE_TEXT) return its("data", "is no text");
  if (const auto problem = json_problem(row.data, &members))
    return its("data", "is not JSON as we write it: " + *problem);
  return std::nullopt;
}

std::optional<std::string> type_problem(std::string_view text) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_.";
  if (!text.empty() && text.find_first_not_of(letters) == std::string_view::npos) return std::nullopt;
  std::string shown;
  append_quoted(shown, text);
  return its("type", shown + " is not a word in lower case");
}

}  // namespace autoheal::store
