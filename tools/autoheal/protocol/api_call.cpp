#include "tools/autoheal/protocol/api_call.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/quoted_text.hpp"
#include "tools/autoheal/protocol/api_operation.hpp"

namespace autoheal::cli {

namespace {

constexpr std::string_view beginning_of_tokens = "ahl_";

// Where a body holds what this parameter of a path names. Null: nowhere.
std::string* named_in(OperationBody& body, std::string_view parameter) {
  if (parameter == "engine") return &body.engine;
  if (parameter == "heal") return &body.heal;
  if (parameter == "token") return &body.token;
  return nullptr;
}

// The same as the operation itself says, but for the configuration's file.
Error nothing_named(std::string_view parameter, const std::string& name) {
  if (parameter == "heal")
    return {ErrorKind::not_found, "there is no heal " + valid_utf8(name), "`autoheal heals` lists them"};
  if (parameter == "token")
    return {ErrorKind::not_found, "there is no valid token with this id", "`autoheal token list` shows them"};
  return {ErrorKind::not_found, fmt::format("there is no engine \"{}\"", valid_utf8(name)),
          "`autoheal engines` lists them"};
}

bool fits_into_path(std::string_view parameter, const std::string& name) {
  const bool is_plain =
      std::ranges::none_of(name, [](char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == '\x7f'; });
  // A whole token instead of its id does not belong into an address.
  const bool is_secret = parameter == "token" && name.contains(beginning_of_tokens);
  return is_plain && !is_secret && !name.empty() && name.size() <= longest_parameter_bytes;
}

bool is_row_of(const ApiOperation& row, std::string_view operation) {
  const bool is_of_operation = row.runs == Runs::act || row.runs == Runs::reader;
  return is_of_operation && !row.words.empty() && row.words.front() == operation;
}

bool is_named(const ApiOperation& row, OperationBody& body) {
  return std::ranges::all_of(row.in_path, [&body](const ApiParameter& one) {
    const std::string* name = named_in(body, one.name);
    return name != nullptr && !name->empty();
  });
}

// The row whose path takes most of the names that there are; else one that lacks a name.
const ApiOperation* row_for(std::string_view operation, OperationBody& body) {
  const ApiOperation* named = nullptr;
  const ApiOperation* other = nullptr;
  for (const ApiOperation& row : api_operations()) {
    if (!is_row_of(row, operation)) continue;
    if (!is_named(row, body)) {
      other = &row;
    } else if (named == nullptr || row.in_path.size() > named->in_path.size()) {
      named = &row;
    }
  }
  return named != nullptr ? named : other;
}

}  // namespace

Result<ApiCall> api_call_of(std::string_view operation, OperationBody body) {
  const ApiOperation* row = row_for(operation, body);
  if (row == nullptr) return failure(ErrorKind::fatal, fmt::format("the API has no operation \"{}\"", operation));
  std::string path(row->path);
  for (const ApiParameter& one : row->in_path) {
    std::string& name = *named_in(body, one.name);
    name = valid_utf8(name);
    if (!fits_into_path(one.name, name)) return std::unexpected(nothing_named(one.name, name));
    const std::string place = fmt::format("{{{}}}", one.name);
    path.replace(path.find(place), place.size(), percent_encoded(name));
    name.clear();
  }
  const bool is_read = row->method == "GET";
  return ApiCall{std::string(row->method), std::string(api_prefix) + path, is_read ? std::string() : to_json(body)};
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    // The daemon refuses addresses that seem to hold a token; a name may look so, such as "Stahl_1".
    const bool seems_token = text.substr(at).starts_with(beginning_of_tokens);
    const bool is_plain = ascii::is_letter_or_digit(byte) || std::string_view("-._~").contains(byte);
    if (is_plain && !seems_token) {
      out += byte;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
    }
  }
  return out;
}

}  // namespace autoheal::cli
