#include "tools/autoheal/protocol/error_words.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

namespace autoheal::cli {

namespace {

struct Row {
  ErrorKind kind;
  std::string_view word;
  unsigned status;
};
constexpr std::array rows = {
    Row{ErrorKind::invalid, "invalid", 400},     Row{ErrorKind::not_found, "not_found", 404},
    Row{ErrorKind::refused, "refused", 403},     Row{ErrorKind::busy, "busy", 409},
    Row{ErrorKind::changed, "changed", 409},     Row{ErrorKind::failed, "failed", 422},
    Row{ErrorKind::timed_out, "timed_out", 504}, Row{ErrorKind::unavailable, "unavailable", 503},
    Row{ErrorKind::corrupt, "corrupt", 500},     Row{ErrorKind::fatal, "fatal", 500}};

const Row& row_of(ErrorKind kind) { return *std::ranges::find(rows, kind, &Row::kind); }

bool is_earlier_error(const nlohmann::json& body) {
  return body.is_object() && body.contains("error") && body["error"].is_object();
}

}  // namespace

std::string word_of(ErrorKind kind) { return std::string(row_of(kind).word); }
unsigned http_status_of(ErrorKind kind) { return row_of(kind).status; }

bool has_no_api(unsigned status, const std::string& body) {
  return status == 404 && is_earlier_error(nlohmann::json::parse(body, nullptr, false));
}

Error read_error(unsigned status, const std::string& body) {
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  const auto text = [](const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const bool is_earlier = is_earlier_error(parsed);
  if (!is_earlier && (!parsed.is_object() || text(parsed, "code").empty() || text(parsed, "detail").empty()))
    return {ErrorKind::unavailable, "the daemon answered with status " + std::to_string(status), {}};
  const auto& error = is_earlier ? parsed["error"] : parsed;
  const auto* row = std::ranges::find(rows, text(error, "code"), &Row::word);
  return {row == rows.end() ? ErrorKind::unavailable : row->kind, text(error, is_earlier ? "message" : "detail"),
          text(error, "hint")};
}

}  // namespace autoheal::cli
