#include "tools/autoheal/api/validator.hpp"

#include "autoheal/engine/base/digest.hpp"

namespace autoheal::cli {

namespace {

constexpr std::size_t validator_digits = 32;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_listed(std::string_view if_none_match, std::string_view validator) {
  while (!if_none_match.empty()) {
    const auto comma = if_none_match.find(',');
    auto one = trimmed(if_none_match.substr(0, comma));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == validator) return true;
    if_none_match = comma == std::string_view::npos ? std::string_view() : if_none_match.substr(comma + 1);
  }
  return false;
}

}  // namespace

std::string validator_of(std::string_view body) { return '"' + to_hex(sha256(body)).substr(0, validator_digits) + '"'; }

http::Response with_validator(http::Response response, std::string validator, std::string_view if_none_match) {
  const bool is_known = is_listed(if_none_match, validator);
  response.headers.push_back({"ETag", std::move(validator)});
  response.cache_control = "private, no-cache";
  if (!is_known) return response;
  response.status = 304;
  response.body.clear();
  return response;
}

}  // namespace autoheal::cli
