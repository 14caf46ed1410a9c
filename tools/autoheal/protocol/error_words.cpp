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

}  // namespace

std::string word_of(ErrorKind kind) { return std::string(row_of(kind).word); }
unsigned http_status_of(ErrorKind kind) { return row_of(kind).status; }

Error read_error(unsigned status, const std::string& body) {
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  const auto text = [](const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!parsed.is_object() || !parsed.contains("error") || !parsed["error"].is_object())
    return {ErrorKind::unavailable, "the daemon answered with status " + std::to_string(status), {}};
  const auto& error = parsed["error"];
  const auto* row = std::ranges::find(rows, text(error, "code"), &Row::word);
  return {row == rows.end() ? ErrorKind::unavailable : row->kind, text(error, "message"), text(error, "hint")};
}

}  // namespace autoheal::cli
