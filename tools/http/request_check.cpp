#include "tools/http/request_check.hpp"

#include <algorithm>
#include <string>

#include <boost/beast/core/string.hpp>

#include "autoheal/engine/base/ascii.hpp"

namespace autoheal::http {

namespace {

namespace beast = boost::beast;
namespace beast_http = beast::http;

using Refusal = std::optional<Problem>;

std::string_view value_of(const RequestHeader& header, beast_http::field name) {
  const auto value = header[name];
  return {value.data(), value.size()};
}

bool reads(beast_http::verb method) { return method == beast_http::verb::get || method == beast_http::verb::head; }

// Where the body ends must not be a matter of opinion.
Refusal ambiguous_length(const RequestHeader& header) {
  const auto lengths = header.count(beast_http::field::content_length);
  const auto codings = header.count(beast_http::field::transfer_encoding);
  if (lengths > 1) return bad_request("there is more than one Content-Length");
  if (lengths == 1 && !ascii::are_digits(value_of(header, beast_http::field::content_length))) {
    return bad_request("Content-Length is not one number");
  }
  if (lengths == 1 && codings > 0) return bad_request("Content-Length stands beside Transfer-Encoding");
  if (codings > 1) return bad_request("there is more than one Transfer-Encoding");
  if (codings == 1 &&
      (header.version() != 11 || !beast::iequals(header[beast_http::field::transfer_encoding], "chunked"))) {
    return bad_request("Transfer-Encoding is something else than chunked");
  }
  return std::nullopt;
}

Refusal bad_target(const RequestHeader& header) {
  const auto target = header.target();
  const auto is_visible = [](char one) { return one > ' ' && one < '\x7f'; };
  if (target.starts_with('/') && std::ranges::all_of(target, is_visible)) return std::nullopt;
  return bad_request("the target is not a path of visible ASCII");
}

bool is_among(std::string_view value, const std::vector<std::string>& allowed) {
  return std::ranges::find(allowed, value) != allowed.end();
}

// A browser that was led here, under whatever name, sends one of these.
Refusal foreign(const RequestHeader& header, const Authority& authority) {
  if (header.count(beast_http::field::host) != 1) return bad_request("there is not exactly one Host");
  if (!is_among(value_of(header, beast_http::field::host), authority.hosts)) {
    return Problem{403, "foreign_host", "Host is not a name of this daemon", authority.hint};
  }
  const auto origins = header.count(beast_http::field::origin);
  const bool is_own = origins == 1 && is_among(value_of(header, beast_http::field::origin), authority.origins);
  if (origins != 0 && !is_own) {
    return Problem{403, "foreign_origin", "requests of web pages are not served", "send no Origin"};
  }
  return std::nullopt;
}

// Two of them would leave it open what is asked for. Two credentials are none: the handler says so, as of any other.
Refusal said_twice(const RequestHeader& header) {
  for (const std::string_view name : headers_for_handlers) {
    if (name == "authorization") continue;
    if (header.count(beast::string_view(name.data(), name.size())) > 1)
      return bad_request("there is more than one " + std::string(name));
  }
  return std::nullopt;
}

bool is_json(std::string_view type) {
  const auto parameters = type.find(';');
  auto name = type.substr(0, parameters);
  while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
  return beast::iequals(beast::string_view(name.data(), name.size()), "application/json");
}

Refusal bad_content(const RequestHeader& header, bool has_body) {
  if (reads(header.method())) return has_body ? Refusal(bad_request("a GET has a body")) : std::nullopt;
  const bool is_plain = header.count(beast_http::field::content_encoding) == 0;
  if (is_plain && header.count(beast_http::field::content_type) == 1 &&
      is_json(value_of(header, beast_http::field::content_type)))
    return std::nullopt;
  return Problem{415, "unsupported_media_type", "a POST must be plain JSON",
                 "send Content-Type: application/json and no Content-Encoding"};
}

Refusal bad_expectation(const RequestHeader& header) {
  const auto expected = header[beast_http::field::expect];
  if (expected.empty() || beast::iequals(expected, "100-continue")) return std::nullopt;
  return Problem{417, "expectation_failed", "what the request expects is not known here", "send no Expect"};
}

}  // namespace

HeadScan::State HeadScan::look(std::string_view received) {
  for (; bytes_ < received.size(); ++bytes_) {
    const char one = received[bytes_];
    const auto before = received.substr(0, bytes_);
    const bool begins_line = before.ends_with("\r\n");
    if (one == '\0' || (one == '\n' && !before.ends_with('\r'))) return State::malformed;
    if (begins_line && (one == ' ' || one == '\t')) return State::malformed;
    if (one == '\n' && before.ends_with("\r\n\r")) {
      ++bytes_;
      return State::complete;
    }
  }
  return State::incomplete;
}

Problem bad_request(std::string_view why) {
  return {400, "bad_request", "the request is not plain HTTP/1.1: " + std::string(why), ""};
}

const Authority& authority_of_unix_socket() {
  static const Authority all = {{"autoheal", "localhost"}, {}, "send Host: autoheal"};
  return all;
}

Authority authority_of_tcp(const TcpAddress& local, const std::vector<std::string>& names, bool is_encrypted) {
  Authority all;
  all.hosts.push_back(text_of(local));
  for (const std::string& name : names) {
    all.hosts.push_back(name);
    all.hosts.push_back(name + ":" + std::to_string(local.port));
  }
  const std::string scheme = is_encrypted ? "https://" : "http://";
  for (const std::string& host : all.hosts) all.origins.push_back(scheme + host);
  all.hint = "send Host: " + all.hosts.front() + ", or list the name under `api.names`";
  return all;
}

std::optional<Problem> refusal_of(const RequestHeader& header, bool has_body, const Authority& authority) {
  if (auto refusal = ambiguous_length(header)) return refusal;
  if (!reads(header.method()) && header.method() != beast_http::verb::post) {
    return Problem{405, "method_not_allowed", "only GET, HEAD and POST are served", ""};
  }
  if (auto refusal = bad_target(header)) return refusal;
  if (auto refusal = foreign(header, authority)) return refusal;
  if (auto refusal = said_twice(header)) return refusal;
  if (auto refusal = bad_content(header, has_body)) return refusal;
  return bad_expectation(header);
}

}  // namespace autoheal::http
