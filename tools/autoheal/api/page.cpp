#include "tools/autoheal/api/page.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/json_writer.hpp"

namespace autoheal::cli {

namespace {

using nlohmann::ordered_json;

constexpr std::size_t seal_digits = 16;

// Names the list: a cursor of another one does not fit.
std::string seal_of(const ApiRequest& request, const std::string& ledger_id, const std::string& place) {
  JsonWriter out;
  out.begin_array().value(ledger_id).value(request.operation->id).value(place);
  for (const auto& [name, values] : request.parameters) {
    out.value(name);
    for (const std::string& value : values) out.value(value);
  }
  return to_hex(sha256(out.end_array().take())).substr(0, seal_digits);
}

// The command line prints the cells of a table as texts.
void take_types(ordered_json& item, const std::vector<std::string_view>& names) {
  for (const std::string_view name : names) {
    const auto found = item.find(std::string(name));
    if (found == item.end() || !found->is_string()) continue;
    auto value = ordered_json::parse(found->get_ref<const std::string&>(), nullptr, false);
    if (value.is_number_unsigned() || value.is_object()) *found = std::move(value);
  }
}

std::string text_of(const ordered_json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

}  // namespace

Result<std::string> place_of_cursor(const ApiRequest& request, const std::string& ledger_id) {
  const std::string& cursor = request.cursor;
  if (cursor.empty()) return std::string();
  const auto point = cursor.find('.');
  std::string place = point == std::string::npos ? std::string() : cursor.substr(point + 1);
  const bool fits = !place.empty() && cursor.substr(0, point) == seal_of(request, ledger_id, place);
  if (fits) return place;
  return failure(ErrorKind::invalid, "\"cursor\" is not of this list",
                 "take the `next` of its last page, with the same filters, or begin without a cursor");
}

Result<std::string> items_of_rows(const ApiOperation& operation, const std::string& rows) {
  auto items = ordered_json::parse(rows, nullptr, false);
  if (!items.is_array()) return failure(ErrorKind::corrupt, "the list cannot be read");
  for (ordered_json& item : items) take_types(item, operation.typed);
  return ordered_json{{"items", std::move(items)}}.dump();
}

Result<std::string> page_of_rows(const ApiRequest& request, const std::string& ledger_id, const std::string& rows) {
  auto items = ordered_json::parse(rows, nullptr, false);
  if (!items.is_array()) return failure(ErrorKind::corrupt, "the list cannot be read");
  const Paging& paging = request.operation->paging;
  if (paging.newest_first) std::ranges::reverse(items.get_ref<ordered_json::array_t&>());
  const bool goes_on = items.size() > *request.limit;
  while (items.size() > *request.limit) items.erase(items.size() - 1);
  for (ordered_json& item : items) take_types(item, request.operation->typed);
  const std::string place = goes_on ? text_of(items.back().value(std::string(paging.field), ordered_json(""))) : "";
  ordered_json page = {{"items", std::move(items)}};
  if (goes_on) page["next"] = seal_of(request, ledger_id, place) + "." + place;
  return page.dump();
}

}  // namespace autoheal::cli
