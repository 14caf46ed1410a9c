#include "tools/autoheal/protocol/api_answer.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "tools/autoheal/output/self_test_report.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"

namespace autoheal::cli {

namespace {

using nlohmann::ordered_json;

// An operation that answers with a table; in the API, with a list of objects. An empty list tells no columns.
struct TableOperation {
  std::string_view operation;
  const char* list;
  std::span<const char* const> columns;
};
constexpr std::array table_operations = {TableOperation{"adopt", "adopted", adopted_columns},
                                         TableOperation{"archive", "archived", archived_columns}};

const TableOperation* table_of_operation(std::string_view operation) {
  const auto* found = std::ranges::find(table_operations, operation, &TableOperation::operation);
  return found == table_operations.end() ? nullptr : found;
}

ordered_json parsed(const ordered_json& holder, const char* key) {
  const auto found = holder.find(key);
  if (found == holder.end() || !found->is_string()) return nullptr;
  return ordered_json::parse(found->get_ref<const std::string&>(), nullptr, false);
}

ordered_json healing_of(const ordered_json& answer) {
  if (answer.contains("passes")) return {{"passes", true}};
  return {{"passes", false}, {"healing", parsed(answer, "result")}, {"outcome", answer.at("ended")}};
}

ordered_json healing_back(const ordered_json& told) {
  if (told.at("passes").get<bool>()) return {{"passes", true}};
  return {{"result", told.at("healing").dump()}, {"ended", told.at("outcome")}};
}

ordered_json run_of(const ordered_json& answer) {
  ordered_json run = {{"report", parsed(answer, "report")}};
  for (const char* key : {"report_path", "problem"}) {
    if (answer.contains(key)) run[key] = answer[key];
  }
  run["entries"] = answer.at("entries");
  return run;
}

// The report's exact text follows from the entries.
Result<std::string> run_back(ordered_json told) {
  told["report"] = "";
  auto run = read_run_answer(told.dump());
  AUTOHEAL_TRY(run);
  run->report = report_of(run->run);
  return run_answer(*run);
}

ordered_json rows_of(const ordered_json& answer, const char* list) {
  ordered_json all = ordered_json::array();
  for (const ordered_json& row : answer.at("rows")) {
    ordered_json one = ordered_json::object();
    for (std::size_t index = 0; index < row.size(); ++index)
      one[answer.at("columns").at(index).get<std::string>()] = row[index];
    all.push_back(std::move(one));
  }
  return {{list, std::move(all)}};
}

std::string rows_back(const ordered_json& told, const TableOperation& operation) {
  Table table;
  table.columns.assign(operation.columns.begin(), operation.columns.end());
  for (const ordered_json& one : told.at(operation.list)) {
    std::vector<std::string> row;
    for (const std::string& column : table.columns) row.push_back(one.at(column).get<std::string>());
    table.rows.push_back(std::move(row));
  }
  return table_answer(table);
}

// Throws are the reader's own: whatever is missing or of another type ends here.
template <class Read>
Result<std::string> reading_answer(const Read& read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& problem) {
    return failure(ErrorKind::corrupt, std::string("the answer cannot be read: ") + problem.what(),
                   "is the daemon of another version than this program?");
  }
}

}  // namespace

Result<std::string> api_answer_of(std::string_view operation, const std::string& answer) {
  return reading_answer([&]() -> Result<std::string> {
    const auto told = ordered_json::parse(answer);
    if (operation == "heal" || operation == "cancel") return healing_of(told).dump();
    if (operation == "selftest") return run_of(told).dump();
    if (const auto* table = table_of_operation(operation)) return rows_of(told, table->list).dump();
    return answer;
  });
}

Result<std::string> operation_answer_of(std::string_view operation, const std::string& answer) {
  return reading_answer([&]() -> Result<std::string> {
    auto told = ordered_json::parse(answer);
    if (operation == "heal" || operation == "cancel") return healing_back(told).dump();
    if (operation == "selftest") return run_back(std::move(told));
    if (const auto* table = table_of_operation(operation)) return rows_back(told, *table);
    return answer;
  });
}

}  // namespace autoheal::cli
