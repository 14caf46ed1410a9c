#include "tools/autoheal/daemon/daemon_api.hpp"

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/access/token.hpp"
#include "tools/autoheal/api/api_request.hpp"
#include "tools/autoheal/api/api_v1.hpp"
#include "tools/autoheal/api/authentication.hpp"
#include "tools/autoheal/api/tiled_log.hpp"
#include "tools/autoheal/daemon/readiness.hpp"
#include "tools/autoheal/output/version.hpp"
#include "tools/autoheal/protocol/error_words.hpp"
#include "tools/autoheal/steward/exposition.hpp"

namespace autoheal::cli {

namespace {

constexpr std::string_view prefix = "/v1/";

http::Response response_to(const Error& error) {
  return http::error_response(http_status_of(error.kind), word_of(error.kind), error.message, error.hint);
}

// Everything, not only what concerns the engines of a token.
bool may_read_all(const Requester& who) {
  return allows(who.principal.role, workflows::Permission::read) && who.engines.empty();
}

// Counted and written on a reader's thread.
boost::asio::awaitable<http::Response> metrics(ApiParts& parts, const http::Request& request, const Requester& who) {
  if (request.method == "POST") co_return http::error_response(405, "method", "metrics are asked for with GET", {});
  if (!may_read_all(who)) {
    co_return response_to(Error{ErrorKind::refused, "metrics are for those whose role lets them read the ledger",
                                "an admiral can list this user under `principals:`"});
  }
  const auto standing = co_await standing_with_ledger(parts);
  if (!standing) co_return response_to(standing.error());
  const bool healing_is_on = parts.healer.in_force.configuration()->settings.healing.enabled;
  auto job = [steward = parts.steward, &own = parts.healer.parts.figures, healing_is_on]() -> Result<std::string> {
    const auto seen = steward->figures();
    AUTOHEAL_TRY(seen);
    return exposition(seen->figures, {version, seen->head, healing_is_on, own.seen(), seen->witnesses});
  };
  auto text = co_await parts.readers.run(std::move(job));
  if (!text) co_return response_to(text.error());
  co_return http::response_with(200, std::move(*text), exposition_type);
}

std::vector<ReadinessCheck> readiness_of(const StandingPtr& standing) {
  if (!standing) return {{"answers", "the daemon did not answer within two seconds"}};
  return {{"answers", ""},
          {"recovered", standing->recovering ? "heals of an earlier process are still being read" : ""},
          {"ledger_in_place", standing->ledger_elsewhere},
          {"ledger_writable", standing->not_recorded}};
}

// For everyone who reaches the socket; only those who may read the ledger learn why it is not ready.
boost::asio::awaitable<http::Response> readiness(ApiParts& parts, const http::Request& request) {
  bool verbose = request.target.ends_with("?verbose");
  if (verbose) {
    const auto who = co_await parts.authentication.identify(request);
    if (!who) co_return who.error();
    verbose = may_read_all(*who);
  }
  const auto standing = co_await parts.standing.get();
  const auto checks = readiness_of(standing);
  co_return http::response_with(is_ready(checks) ? 200 : 503, readiness_json(checks, verbose));
}

// With whatever query, so that nobody is asked for credentials there.
bool is_about_the_daemon(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return path == "/readyz" || path == "/healthz" || path == "/version";
}

// Facts about the process itself.
boost::asio::awaitable<http::Response> about_the_daemon(ApiParts& parts, const http::Request& request) {
  if (request.method == "POST") co_return http::error_response(405, "method", "this is asked for with GET", {});
  if (request.target.contains('?') && request.target != "/readyz?verbose")
    co_return http::error_response(404, "not_found", "there is nothing at this address", "GET /readyz?verbose");
  if (request.target.starts_with("/readyz")) {
    auto response = co_await readiness(parts, request);
    co_return response;
  }
  JsonWriter out;
  if (request.target == "/healthz") {
    co_return http::response_with(200, out.begin_object().field("status", "ok").end_object().take());
  }
  co_return http::response_with(200, out.begin_object().field("version", version).end_object().take());
}

// POST /v1/<operation> and GET /v1/status: for command lines from before the API.
boost::asio::awaitable<http::Response> operation(ApiParts& parts, http::Request request, Requester who) {
  std::string name = request.target.substr(prefix.size());
  const bool reads = name == "status";
  if (name.empty())
    co_return http::error_response(404, "not_found", "there is nothing at this address", "POST /v1/<operation>");
  if (reads != (request.method != "POST")) {
    co_return http::error_response(405, "method", reads ? "status is asked for with GET" : "operations take POST", {});
  }
  std::string body = reads ? "{}" : std::move(request.body);
  const auto answer = co_await perform_on_loop(parts, std::move(name), std::move(body), std::move(who));
  if (!answer) co_return response_to(answer.error());
  co_return http::response_with(200, *answer);
}

boost::asio::awaitable<http::Response> serve_one_who(ApiParts& parts, http::Request request, Requester who) {
  const std::string_view target = request.target;
  if (target.starts_with(api_prefix)) {
    auto response = co_await answer_api(parts, std::move(request), std::move(who));
    co_return response;
  }
  if (target == "/metrics") {
    auto response = co_await metrics(parts, request, who);
    co_return response;
  }
  if (target.starts_with("/tlog/")) {
    const auto role = may_read_all(who) ? who.principal.role : workflows::Role::none;  // entries of every engine
    auto response = co_await answer_tiled_log(parts, std::move(request), role);
    co_return response;
  }
  if (target.starts_with(prefix) && !request.remote) {
    auto response = co_await operation(parts, std::move(request), std::move(who));
    co_return response;
  }
  co_return http::error_response(404, "not_found", "there is nothing at this address", "POST /v1/<operation>");
}

boost::asio::awaitable<http::Response> serve(ApiParts& parts, http::Request request) {
  if (holds_token(request.target)) {
    co_return http::refusal_response(
        {400, "token_in_address", "a token does not belong into an address, where logs show it",
         "send it as Authorization: Bearer, and revoke this one"},
        request.target);
  }
  if (is_about_the_daemon(request.target)) {
    auto response = co_await about_the_daemon(parts, request);
    co_return response;
  }
  const bool is_public_log =
      request.target.starts_with("/tlog/") && parts.healer.in_force.configuration()->settings.published.tlog_public;
  if (is_public_log) {
    auto response = co_await answer_tiled_log(parts, std::move(request), workflows::Role::none);
    co_return response;
  }
  auto who = co_await parts.authentication.identify(request);
  if (!who) co_return who.error();
  Requester asks = *who;
  auto response = co_await serve_one_who(parts, std::move(request), std::move(asks));
  auto still = [&parts, asked = std::move(*who)] { return parts.authentication.still(asked); };
  co_return while_still(std::move(still), std::move(response));
}

}  // namespace

http::Handler api_handler(ApiParts& parts) {
  return [&parts](http::Request request) { return serve(parts, std::move(request)); };
}

}  // namespace autoheal::cli
