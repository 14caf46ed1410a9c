#include "tools/autoheal/api/api_request.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/quoted_text.hpp"
#include "tools/config/problem.hpp"

namespace autoheal::cli {

namespace {

using Values = std::map<std::string, std::vector<std::string>, std::less<>>;

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::unexpected<Mismatch> invalid(std::string message, std::string hint = {}) {
  return std::unexpected(Mismatch{{400, "invalid", std::move(message), std::move(hint)}, {}});
}

int hex_digit(char one) {
  if (one >= '0' && one <= '9') return one - '0';
  if (one >= 'a' && one <= 'f') return one - 'a' + 10;
  if (one >= 'A' && one <= 'F') return one - 'A' + 10;
  return -1;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

// How well a pattern fits: -1 not at all; else the number of segments that are no parameters, so that
// /audit/summary is found before a /audit/{entry} would be.
int fit_of(std::string_view pattern, const std::vector<std::string_view>& segments) {
  const auto wanted = split(pattern, '/');
  if (wanted.size() != segments.size()) return -1;
  int literal = 0;
  for (std::size_t index = 0; index < wanted.size(); ++index) {
    if (is_parameter(wanted[index])) continue;
    if (wanted[index] != segments[index]) return -1;
    ++literal;
  }
  return literal;
}

struct Found {
  const ApiOperation* operation = nullptr;
  bool is_path = false;  // the path is known, whatever the method
  std::string allow;
};

Found find(std::string_view method, const std::vector<std::string_view>& segments) {
  int best = -1;
  for (const ApiOperation& one : api_operations()) best = std::max(best, fit_of(one.path, segments));
  Found found;
  found.is_path = best >= 0;
  const std::string_view as = method == "HEAD" ? "GET" : method;
  for (const ApiOperation& one : api_operations()) {
    if (best < 0 || fit_of(one.path, segments) != best) continue;
    if (one.method == as) found.operation = &one;
    const std::string methods = one.method == "GET" ? "GET, HEAD" : std::string(one.method);
    found.allow += found.allow.empty() ? methods : ", " + methods;
  }
  return found;
}

std::expected<std::string, Mismatch> checked(const ApiParameter& declared, std::string_view written) {
  if (written.size() > 3 * longest_parameter_bytes) return invalid(fmt::format("\"{}\" is too long", declared.name));
  auto value = percent_decoded(written);
  if (!value)
    return invalid(fmt::format("\"{}\" is not percent-encoded UTF-8 without control characters", declared.name));
  if (value->empty()) return invalid(fmt::format("\"{}\" is empty", declared.name));
  if (value->size() > longest_parameter_bytes)
    return invalid(fmt::format("\"{}\" is longer than {} bytes", declared.name, longest_parameter_bytes));
  if (declared.type == ParameterType::number) {
    const auto number = parse_number<std::uint64_t>(*value);
    const std::uint64_t most = declared.most > 0 ? declared.most : std::uint64_t{INT64_MAX};
    if (!number || *number > most)
      return invalid(fmt::format("\"{}\" is not a whole number from 0 to {}", declared.name, most));
  }
  if (declared.type == ParameterType::flag && *value != "true" && *value != "false")
    return invalid(fmt::format("\"{}\" is neither true nor false", declared.name));
  return *value;
}

std::expected<void, Mismatch> take_path(ApiRequest& request, const std::vector<std::string_view>& segments) {
  const auto wanted = split(request.operation->path, '/');
  for (std::size_t index = 0; index < wanted.size(); ++index) {
    if (!is_parameter(wanted[index])) continue;
    const std::string_view name = wanted[index].substr(1, wanted[index].size() - 2);
    const auto declared = std::ranges::find(request.operation->in_path, name, &ApiParameter::name);
    auto value = checked(*declared, segments[index]);
    if (!value) return std::unexpected(value.error());
    request.parameters[std::string(name)] = {std::move(*value)};
  }
  return {};
}

std::vector<ApiParameter> query_of(const ApiOperation& operation) {
  std::vector<ApiParameter> all = operation.in_query;
  if (operation.paging.option.empty()) return all;
  all.push_back({"limit", "", ParameterType::number, false, operation.paging.most});
  all.push_back({"cursor", "", ParameterType::text});
  return all;
}

std::expected<void, Mismatch> take_pair(ApiRequest& request, const std::vector<ApiParameter>& declared,
                                        std::string_view pair) {
  const auto equals = pair.find('=');
  const auto name = percent_decoded(pair.substr(0, equals));
  const auto found = name ? std::ranges::find(declared, *name, &ApiParameter::name) : declared.end();
  if (found == declared.end()) {
    std::vector<std::string> known;
    for (const ApiParameter& one : declared) known.emplace_back(one.name);
    const std::string written = valid_utf8(name.value_or("?").substr(0, 100));
    return invalid(fmt::format("there is no parameter \"{}\" here", written), config::did_you_mean(written, known));
  }
  auto value = checked(*found, equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
  if (!value) return std::unexpected(value.error());
  auto& values = request.parameters[*name];
  const bool may_repeat = found->name == "change";
  if (!values.empty() && !may_repeat) return invalid(fmt::format("\"{}\" is given twice", found->name));
  if (values.size() >= most_values) return invalid(fmt::format("\"{}\" is given too often", found->name));
  values.push_back(std::move(*value));
  return {};
}

std::expected<void, Mismatch> take_page(ApiRequest& request) {
  request.cursor = request.value("cursor");
  request.parameters.erase("cursor");
  const std::string limit = request.value("limit");
  request.parameters.erase("limit");
  if (request.operation->paging.option.empty()) return {};
  request.limit = limit.empty() ? request.operation->paging.usual : parse_number<std::uint64_t>(limit).value_or(0);
  if (*request.limit == 0) return invalid(fmt::format("\"limit\" is not 1 to {}", request.operation->paging.most));
  return {};
}

std::expected<void, Mismatch> take_query(ApiRequest& request, std::string_view query) {
  const auto declared = query_of(*request.operation);
  if (!query.empty()) {
    for (const std::string_view pair : split(query, '&')) {
      if (auto taken = take_pair(request, declared, pair); !taken) return taken;
    }
  }
  for (const ApiParameter& one : declared) {
    if (one.required && !request.parameters.contains(one.name))
      return invalid(fmt::format("\"{}\" is missing", one.name));
  }
  return take_page(request);
}

}  // namespace

std::string ApiRequest::value(std::string_view name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() || found->second.empty() ? std::string() : found->second.front();
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char one = text[at];
    if (one == '%') {
      const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
      const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      one = static_cast<char>(high * 16 + low);
      at += 2;
    }
    if (static_cast<unsigned char>(one) < 0x20 || one == '\x7f') return std::nullopt;
    out += one;
  }
  if (valid_utf8(out) != out) return std::nullopt;
  return out;
}

std::expected<ApiRequest, Mismatch> match_api(std::string_view method, std::string_view target) {
  const auto question = target.find('?');
  const std::string_view path = target.substr(0, question);
  const std::string_view below = path.starts_with(api_prefix) ? path.substr(api_prefix.size()) : std::string_view();
  const auto segments = split(below, '/');
  const Found found = find(method, segments);
  if (!found.is_path) {
    return std::unexpected(Mismatch{
        {404, "not_found", "there is nothing at this address", "GET /api/v1/openapi.json describes what there is"},
        {}});
  }
  if (found.operation == nullptr) {
    return std::unexpected(Mismatch{
        {405, "method_not_allowed", fmt::format("this address serves {} only", found.allow), ""}, found.allow});
  }
  ApiRequest request;
  request.operation = found.operation;
  if (auto taken = take_path(request, segments); !taken) return std::unexpected(taken.error());
  const std::string_view query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  if (auto taken = take_query(request, query); !taken) return std::unexpected(taken.error());
  return request;
}

}  // namespace autoheal::cli
