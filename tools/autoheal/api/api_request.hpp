// A request of the API, matched with the table of operations: pure, and strict. Parameters that no row declares are
// refused, never ignored.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/autoheal/protocol/api_operation.hpp"
#include "tools/http/message.hpp"

namespace autoheal::cli {

inline constexpr std::size_t most_values = 20;  // of one parameter

struct ApiRequest {
  const ApiOperation* operation = nullptr;
  std::map<std::string, std::vector<std::string>, std::less<>> parameters;  // decoded, of path and query
  std::optional<std::uint64_t> limit;                                       // of a page
  std::string cursor;                                                       // of a page; not checked yet

  // Empty where it was not given.
  [[nodiscard]] std::string value(std::string_view name) const;
};

struct Mismatch {
  http::Problem problem;
  std::string allow;  // with 405: the methods that are served there
};

// `target` as it came, with its query. 404: no such path; 405; 400: a parameter, named.
[[nodiscard]] std::expected<ApiRequest, Mismatch> match_api(std::string_view method, std::string_view target);

// Percent-decoded (RFC 3986; "+" is a plus). Empty: not well-formed, not UTF-8, or with control characters.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace autoheal::cli
