#include "tools/autoheal/api/authentication.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tools/autoheal/api/api_parts.hpp"
#include "tools/http/tcp_listener.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;
using namespace workflows;

namespace {

constexpr std::string_view scheme = "bearer ";
constexpr std::chrono::seconds before_first_summary{1}, between_summaries{60};

bool has_scheme(std::string_view header) {
  return header.size() > scheme.size() && std::ranges::equal(header.substr(0, scheme.size()), scheme, {}, [](char one) {
           return one >= 'A' && one <= 'Z' ? static_cast<char>(one - 'A' + 'a') : one;
         });
}

Requester requester(const std::string& name, Role role, std::string_view via) {
  Requester who;
  who.principal = {name, role, name};
  who.by.principal = name;
  who.by.role = name_of(role);
  who.by.uid = static_cast<std::uint32_t>(-1);  // no user of this host
  who.by.via = via;
  return who;
}

// Never why: neither which ids there are, nor which tokens were valid once.
http::Response nobody(std::string_view target) {
  auto response = http::refusal_response({401, "unauthenticated", "this request proves nobody's identity",
                                          "send Authorization: Bearer with a token that is valid"},
                                         target);
  response.headers.push_back({"WWW-Authenticate", "Bearer"});
  return response;
}

// A name of its own for each token, and for all certificates of a principal.
std::string name_for_rates(const Requester& who) {
  return who.token.empty() ? "certificate " + who.principal.name : "token " + who.token;
}

http::Response too_often(std::string_view target, unsigned per_second) {
  auto response = http::refusal_response(
      {429, "too_many_requests", "these credentials ask too often",
       fmt::format("at most {} requests a second, {} at once", per_second, seconds_at_once * per_second)},
      target);
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

asio::awaitable<void> pause(asio::any_io_executor executor, asio::steady_timer::duration time) {
  asio::steady_timer timer(executor, time);
  boost::system::error_code woken;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

Role role_by_token(const TokenRecord& token, const LoadedConfiguration& configuration) {
  return std::min(token.role, configuration.settings.principals.role_of(token.principal));
}

}  // namespace

asio::awaitable<std::expected<Requester, http::Response>> Authentication::identify(const http::Request& request) {
  if (!request.remote) co_return requester_of(request.peer, *in_force_.configuration());
  const auto header = request.header("authorization");
  std::optional<Requester> who;
  if (!header.empty()) {
    who = by_token(header);
  } else if (request.remote->certificate) {
    who = by_certificate(*request.remote->certificate);
  }
  const unsigned per_second = in_force_.configuration()->settings.api.requests_per_second;
  if (who && !rates_.take(name_for_rates(*who), per_second, clock_.since_boot()))
    co_return std::unexpected(too_often(request.target, per_second));
  if (who) co_return std::move(*who);
  const Duration wait = failed_.note(http::quota_name_of(request.remote->address), clock_.since_boot());
  if (!std::exchange(reports_, true)) asio::co_spawn(server_, report_failures(), asio::detached);
  if (wait > Duration{0}) co_await pause(server_, wait);
  co_return std::unexpected(nobody(request.target));
}

std::optional<Requester> Authentication::by_token(std::string_view header) const {
  const TokenTablePtr known = tokens();
  const auto text = has_scheme(header) ? header.substr(scheme.size()) : std::string_view();
  const TokenRecord* token = known->find(text, clock_.now());
  if (token == nullptr) return std::nullopt;
  Requester who = requester(token->principal, role_by_token(*token, *in_force_.configuration()), "token");
  who.token = token->id;
  who.engines = token->engines;
  return who;
}

std::optional<Requester> Authentication::by_certificate(const http::ClientCertificate& certificate) const {
  const auto configuration = in_force_.configuration();
  if (certificate.until <= clock_.now()) return std::nullopt;  // since the handshake
  const Principal* found = nullptr;
  for (const Principal& one : configuration->settings.principals.listed) {
    if (one.certificate.empty() || std::ranges::find(certificate.names, one.certificate) == certificate.names.end())
      continue;
    if (found != nullptr) return std::nullopt;  // it has the names of two
    found = &one;
  }
  if (found == nullptr) return std::nullopt;
  return requester(found->name, found->role, "certificate");
}

bool Authentication::still(const Requester& who) const {
  const auto configuration = in_force_.configuration();
  if (who.token.empty()) return configuration->settings.principals.role_of(who.principal.name) == who.principal.role;
  const TokenTablePtr known = tokens();
  const TokenRecord* token = known->still(who.token, clock_.now());
  return token != nullptr && role_by_token(*token, *configuration) == who.principal.role;
}

void Authentication::set_tokens(TokenTablePtr now_valid) {
  const std::lock_guard lock(mutex_);
  tokens_ = std::move(now_valid);
}

TokenTablePtr Authentication::tokens() const {
  const std::lock_guard lock(mutex_);
  return tokens_;
}

asio::awaitable<void> Authentication::report_failures() {
  co_await pause(server_, before_first_summary);
  while (const auto summary = failed_.take_summary()) {
    report_(*summary);
    co_await pause(server_, between_summaries);
  }
  reports_ = false;
}

http::Response while_still(std::function<bool()> still, http::Response response) {
  if (!response.more) return response;
  response.more = [still = std::move(still),
                   more = std::move(response.more)]() -> asio::awaitable<Result<std::optional<std::string>>> {
    auto piece = co_await more();
    if (!still()) co_return failure(ErrorKind::refused, "who asked may no longer");
    co_return piece;
  };
  return response;
}

}  // namespace autoheal::cli
