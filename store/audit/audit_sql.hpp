// Turns filters into SQL and chooses the index that answers the question. Pure. Only the store includes this header.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "autoheal/engine/base/ids.hpp"
#include "autoheal/store/audit/audit_filter.hpp"

namespace autoheal::store {

struct StreamName {
  std::string name;
};
using SqlValue = std::variant<std::int64_t, std::string, StreamName>;

// SQL with a value for each question mark, in order.
struct Question {
  std::string sql;
  std::vector<SqlValue> values;

  void add(const std::string& text) { sql += text; }
  void add(const std::string& text, SqlValue value) {
    sql += text;
    values.push_back(std::move(value));
  }
  void bind_value(std::int64_t value) { values.emplace_back(value); }
  // Without copying: the question must outlive the statement.
  void bind_to(SQLite::Statement& statement) const;
};

// Entries that name an engine, and failed heals if they are few, are found as a set of positions first; everything else
// is read page by page.
[[nodiscard]] bool is_found_by_set(const EntryFilter& filter, bool failures_are_few);
// Whole entries; its last question mark takes the page's size.
[[nodiscard]] Question page_question(const EntryFilter& filter, engine::Position after, engine::Position last,
                                     bool backwards);
// Positions only; its last question mark takes the limit, -1 for none.
[[nodiscard]] Question set_question(const EntryFilter& filter, engine::Position after, engine::Position last,
                                    bool backwards);
// The position of the engine's landmark `number` (from 0) within the range. No row: there are fewer.
[[nodiscard]] Question landmark_question(const std::string& engine, engine::Position after, engine::Position last,
                                         std::uint64_t number, bool backwards);

// A query on the view `audit_heals`. `sorts`: selects by the filter and sorts, instead of reading in order.
[[nodiscard]] Question newest_heals_question(const HealFilter& filter, bool sorts);
[[nodiscard]] Question heals_question(const HealFilter& filter, const std::string& from_start, std::int64_t limit,
                                      bool sorts);
// Streams of the engine's heals, the newest ones and every open one; `one_heal_sql` reads each of them.
[[nodiscard]] Question newest_streams_question(const HealFilter& filter);
[[nodiscard]] std::string one_heal_sql();
[[nodiscard]] Question figures_question(std::optional<Timestamp> since, std::optional<Timestamp> until);

// The first and the last id that begin with these digits; empty if no id can.
[[nodiscard]] std::optional<std::pair<Uuid, Uuid>> ids_beginning_with(const std::string& prefix);

}  // namespace autoheal::store
