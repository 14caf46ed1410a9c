#include "tools/autoheal/api/act_body.hpp"

#include <nlohmann/json.hpp>

#include "tools/autoheal/protocol/operation_body.hpp"

namespace autoheal::cli {

namespace {

using nlohmann::ordered_json;

ordered_json parsed(const ordered_json& holder, const char* key) {
  const auto found = holder.find(key);
  if (found == holder.end() || !found->is_string()) return nullptr;
  return ordered_json::parse(found->get_ref<const std::string&>(), nullptr, false);
}

ordered_json healing_of(const ordered_json& answer) {
  if (answer.contains("passes")) return {{"passes", true}};
  return {{"passes", false}, {"healing", parsed(answer, "result")}};
}

ordered_json run_of(const ordered_json& answer) {
  ordered_json run = {{"report", parsed(answer, "report")}};
  for (const char* key : {"report_path", "problem"}) {
    if (answer.contains(key)) run[key] = answer[key];
  }
  return run;
}

ordered_json rows_of(const ordered_json& answer, const char* name) {
  ordered_json all = ordered_json::array();
  for (const ordered_json& row : answer.at("rows")) {
    ordered_json one = ordered_json::object();
    for (std::size_t index = 0; index < row.size(); ++index)
      one[answer.at("columns").at(index).get<std::string>()] = row[index];
    all.push_back(std::move(one));
  }
  return {{name, std::move(all)}};
}

}  // namespace

Result<std::string> operation_body_of(const ApiRequest& request, const std::string& sent) {
  const ApiOperation& operation = *request.operation;
  auto body = read_operation_body(sent.empty() ? "{}" : sent, operation.in_body);
  AUTOHEAL_TRY(body);
  if (request.parameters.contains("engine")) body->engine = request.value("engine");
  if (request.parameters.contains("token")) body->token = request.value("token");
  if (request.parameters.contains("heal")) body->heal = request.value("heal");
  return to_json(*body);
}

Result<std::string> act_answer_of(std::string_view operation, const std::string& answer) {
  try {
    const auto told = ordered_json::parse(answer);
    if (operation == "heal" || operation == "cancel") return healing_of(told).dump();
    if (operation == "selftest") return run_of(told).dump();
    if (operation == "adopt") return rows_of(told, "adopted").dump();
    if (operation == "archive") return rows_of(told, "archived").dump();
    return answer;
  } catch (const nlohmann::json::exception& problem) {
    return failure(ErrorKind::corrupt, std::string("the answer cannot be read: ") + problem.what());
  }
}

}  // namespace autoheal::cli
