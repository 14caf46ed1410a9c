#include "tools/http/message.hpp"

#include <algorithm>

#include <boost/beast/http/status.hpp>

#include "autoheal/engine/base/quoted_text.hpp"

namespace autoheal::http {

namespace {

void append_member(std::string& out, std::string_view name, const std::string& value) {
  if (out.back() != '{') out += ',';
  append_quoted(out, name);
  out += ':';
  append_quoted(out, value);
}

Response with_headers_of(const Problem& problem, Response response) {
  response.status = problem.status;
  if (problem.status == 503) response.headers.push_back({"Retry-After", "1"});
  return response;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

Response response_with(unsigned status, std::string body, std::string content_type) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  response.content_type = std::move(content_type);
  return response;
}

Response error_response(const Problem& problem) {
  Response response;
  response.body = "{\"error\":{";
  append_member(response.body, "code", problem.code);
  append_member(response.body, "message", problem.message);
  append_member(response.body, "hint", problem.hint);
  response.body += "}}";
  return with_headers_of(problem, std::move(response));
}

Response error_response(unsigned status, const std::string& code, const std::string& message, const std::string& hint) {
  return error_response(Problem{status, code, message, hint});
}

Response problem_response(const Problem& problem) {
  const auto title = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(problem.status));
  Response response;
  response.content_type = "application/problem+json";
  response.body = "{";
  append_member(response.body, "type", "about:blank");
  append_member(response.body, "title", std::string(title));
  response.body += ",\"status\":" + std::to_string(problem.status);
  append_member(response.body, "detail", problem.message);
  append_member(response.body, "code", problem.code);
  if (!problem.hint.empty()) append_member(response.body, "hint", problem.hint);
  response.body += "}";
  return with_headers_of(problem, std::move(response));
}

Response refusal_response(const Problem& problem, std::string_view target) {
  const bool is_of_api = target.starts_with("/api/") || target.starts_with("/tlog/");
  return is_of_api ? problem_response(problem) : error_response(problem);
}

}  // namespace autoheal::http
