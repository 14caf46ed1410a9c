#include "workflows/own_json.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace autoheal::workflows {

namespace {

constexpr int deepest_own_json = 256;

void refuse_what_is_not_ours(const nlohmann::json& value, int depth) {
  if (value.is_number_float()) throw std::invalid_argument("it holds a number that is not a whole one of 64 bits");
  if (!value.is_structured()) return;
  if (depth == deepest_own_json) throw std::invalid_argument("it is nested too deep");
  for (const nlohmann::json& item : value) refuse_what_is_not_ours(item, depth + 1);
}

}  // namespace

nlohmann::json parse_own_json(std::string_view text) {
  nlohmann::json parsed = nlohmann::json::parse(text);
  refuse_what_is_not_ours(parsed, 0);
  return parsed;
}

}  // namespace autoheal::workflows
