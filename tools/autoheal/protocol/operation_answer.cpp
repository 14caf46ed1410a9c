#include "tools/autoheal/protocol/operation_answer.hpp"

#include <nlohmann/json.hpp>

#include "autoheal/engine/base/json_writer.hpp"

namespace autoheal::cli {

namespace {

using nlohmann::json;
using workflows::SelfTest;

// Throws are the reader's own: whatever is missing or of another type ends here.
template <class Read>
auto reading(const std::string& text, const Read& read) -> Result<decltype(read(json()))> {
  try {
    return read(json::parse(text));
  } catch (const std::exception& problem) {
    return failure(ErrorKind::corrupt, std::string("the answer cannot be read: ") + problem.what(),
                   "is the daemon of another version than this program?");
  }
}

void write_entry(JsonWriter& out, const workflows::SelfTestState& state, const workflows::SelfTestEntry& entry) {
  const engine::Encoded encoded = SelfTest::encode(state, entry);
  out.begin_object().field("type", encoded.type).key("data").raw(encoded.data).end_object();
}

}  // namespace

std::string heal_answer(const std::optional<workflows::HealResult>& result) {
  if (!result) return R"({"passes":true})";
  JsonWriter out;
  out.begin_object().field("result", to_json(*result, true));
  out.key("ended").raw(SelfTest::encode({}, workflows::EngineHealed{result->engine, outcome_of(*result)}).data);
  return out.end_object().take();
}

Result<std::optional<workflows::HealResult>> read_heal_answer(const std::string& text) {
  return reading(text, [](const json& j) -> std::optional<workflows::HealResult> {
    if (j.contains("passes")) return std::nullopt;
    const auto entry = SelfTest::decode("selftest.engine_healed", 1, j.at("ended").dump());
    if (!entry) throw std::runtime_error(entry.error().message);
    const auto& healed = std::get<workflows::EngineHealed>(*entry);
    return workflows::result_of(healed.engine, healed.outcome);
  });
}

std::string run_answer(const RunAnswer& answer) {
  JsonWriter out;
  out.begin_object().field("report", answer.report).optional_field("report_path", answer.report_path);
  out.optional_field("problem", answer.problem).key("entries").begin_array();
  write_entry(out, answer.run, answer.run.facts);
  for (const auto& [engine, tested] : answer.run.tested) write_entry(out, answer.run, tested);
  for (const auto& [engine, healed] : answer.run.healed)
    write_entry(out, answer.run, workflows::EngineHealed{engine, healed});
  if (answer.run.completed) write_entry(out, answer.run, *answer.run.completed);
  return out.end_array().end_object().take();
}

Result<RunAnswer> read_run_answer(const std::string& text) {
  return reading(text, [](const json& j) {
    RunAnswer answer;
    answer.report = j.at("report");
    answer.report_path = j.value("report_path", std::string());
    answer.problem = j.value("problem", std::string());
    for (const json& one : j.at("entries")) {
      const auto entry = SelfTest::decode(one.at("type").get<std::string>(), 1, one.at("data").dump());
      if (!entry) throw std::runtime_error(entry.error().message);
      answer.run = SelfTest::apply(std::move(answer.run), *entry);
    }
    if (!answer.run.completed) throw std::runtime_error("the run did not end");
    return answer;
  });
}

std::string undo_answer(const std::map<unsigned, workflows::UndoOutcome>& undone) {
  JsonWriter out;
  out.begin_object().key("undone").begin_array();
  for (const auto& [number, outcome] : undone) {
    out.begin_object().field("number", number).field("status", name_of(outcome.status));
    out.optional_field("message", outcome.message).end_object();
  }
  return out.end_array().end_object().take();
}

Result<std::vector<UndoLine>> read_undo_answer(const std::string& text) {
  return reading(text, [](const json& j) {
    std::vector<UndoLine> lines;
    for (const json& one : j.at("undone"))
      lines.push_back({one.at("number"), one.at("status"), one.value("message", std::string())});
    return lines;
  });
}

std::string table_answer(const Table& table) {
  JsonWriter out;
  const auto write = [&out](const std::vector<std::string>& cells) {
    out.begin_array();
    for (const std::string& cell : cells) out.value(cell);
    out.end_array();
  };
  out.begin_object().key("columns");
  write(table.columns);
  out.key("rows").begin_array();
  for (const auto& row : table.rows) write(row);
  return out.end_array().end_object().take();
}

Result<Table> read_table_answer(const std::string& text) {
  return reading(text, [](const json& j) {
    Table table;
    table.columns = j.at("columns").get<std::vector<std::string>>();
    table.rows = j.at("rows").get<std::vector<std::vector<std::string>>>();
    return table;
  });
}

std::string said(const std::string& sentence) {
  JsonWriter out;
  return out.begin_object().field("said", sentence).end_object().take();
}

Result<std::string> read_said(const std::string& text) {
  return reading(text, [](const json& j) { return j.at("said").get<std::string>(); });
}

}  // namespace autoheal::cli
