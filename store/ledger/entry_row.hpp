// A row of `entries`, read without copies, and the faults of its columns taken by themselves. Only the store includes
// this header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/store/format/json_check.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "autoheal/store/ledger/row_query.hpp"

namespace autoheal::store {

inline constexpr char entry_columns[] = "seq, stream, version, type, dataversion, time, actor, engine, data";

struct EntryRow {
  std::int64_t seq = 0, version = 0, dataversion = 0, time = 0;
  std::string_view stream, type, actor, engine, data;  // the bytes in the row
  bool stream_is_id = false;                           // the 16 bytes of a UUID, not a name
};

// The current row of a query that selects entry_columns; valid until its next step.
[[nodiscard]] EntryRow entry_row(const RowQuery& query);

// The stream as people write it, put at the end of `text`.
void append_stream_name(std::string& text, const EntryRow& row);

// The leaf of the row; `stream` is the row's stream by name. Valid as long as both. Values that no entry can have may
// be converted: column_problem reports them.
[[nodiscard]] LeafParts parts_of(const EntryRow& row, std::string_view stream);

// The first thing that the ledger would never have written, as a sentence that begins with "its". The type is looked at
// by type_problem. `members`: as in json_problem.
[[nodiscard]] std::optional<std::string> column_problem(const RowQuery& query, const EntryRow& row,
                                                        std::vector<JsonMember>& members);
[[nodiscard]] std::optional<std::string> type_problem(std::string_view type);

}  // namespace autoheal::store
