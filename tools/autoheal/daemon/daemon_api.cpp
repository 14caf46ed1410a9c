#include "tools/autoheal/daemon/daemon_api.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/store/tlog/tlog_answer.hpp"
#include "autoheal/store/tlog/tlog_path.hpp"
#include "tools/autoheal/daemon/readiness.hpp"
#include "tools/autoheal/output/version.hpp"
#include "tools/autoheal/protocol/error_words.hpp"
#include "tools/autoheal/steward/exposition.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

constexpr std::string_view prefix = "/v1/";

Requester requester_of(const http::Peer& peer, const LoadedConfiguration& configuration) {
  Caller caller;
  caller.uid = peer.uid;
  caller.loginuid = peer.loginuid;
  caller.os_user = os_user_name(peer.uid);
  Requester who;
  who.principal = configuration.settings.principals.of_os_user(caller.os_user);
  who.by = by(caller, who.principal, {});
  who.by.via = "socket";
  return who;
}

http::Response response_to(const Error& error) {
  return http::error_response(http_status_of(error.kind), word_of(error.kind), error.message, error.hint);
}

// Counted and written on the pool, never on the loop.
boost::asio::awaitable<http::Response> metrics(HealerServices& healer, const std::shared_ptr<LedgerSteward>& steward,
                                               const http::Request& request) {
  if (request.method != "GET") co_return http::error_response(405, "method", "metrics are asked for with GET", {});
  const ConfigurationPtr configuration = healer.in_force.configuration();
  const Requester who = requester_of(request.peer, *configuration);
  if (!allows(who.principal.role, workflows::Permission::read)) {
    co_return response_to(Error{ErrorKind::refused, "metrics are for those whose role lets them read the ledger",
                                "an admiral can list this user under `principals:`"});
  }
  if (const std::string& elsewhere = healer.recording.ledger_elsewhere(); !elsewhere.empty()) {
    co_return response_to(Error{ErrorKind::unavailable, "the ledger cannot be counted: " + elsewhere,
                                "put it back as it was, or stop the daemon and start it on what lies there now"});
  }
  const auto job = [steward, healing_is_on = configuration->settings.healing.enabled]() -> Result<std::string> {
    const auto seen = steward->figures();
    AUTOHEAL_TRY(seen);
    return exposition(seen->figures, {version, seen->head.value, healing_is_on});
  };
  auto text = co_await healer.jobs.on_pool(job);
  if (!text) co_return response_to(text.error());
  http::Response response;
  response.body = std::move(*text);
  response.content_type = exposition_type;
  co_return response;
}

// One request after the other, so that those who read the ledger's past take one thread of the pool from heals at most.
using InTurn = asio::strand<asio::io_context::executor_type>;

// As `metrics`, on the pool. Who reads what is public needs no role.
asio::awaitable<http::Response> tlog(HealerServices& healer, const InTurn& in_turn, const http::Request& request) {
  if (request.method != "GET") co_return http::error_response(405, "method", "a tiled log is read with GET", {});
  const ConfigurationPtr configuration = healer.in_force.configuration();
  const bool is_public = configuration->settings.published.tlog_public;
  if (!is_public && !allows(requester_of(request.peer, *configuration).principal.role, workflows::Permission::read)) {
    co_return response_to(Error{ErrorKind::refused, "the tiles are for those whose role lets them read the ledger",
                                "an admiral can list this user under `principals:`, or set `tlog: public`"});
  }
  if (const std::string& elsewhere = healer.recording.ledger_elsewhere(); !elsewhere.empty()) {
    co_return response_to(Error{ErrorKind::unavailable, "the ledger cannot be read: " + elsewhere,
                                "put it back as it was, or stop the daemon and start it on what lies there now"});
  }
  auto job = [ledger = configuration->settings.ledger,
              path = request.target]() -> asio::awaitable<Result<store::TlogAnswer>> {
    const auto reader = store::LedgerReader::open(ledger);
    AUTOHEAL_CO_TRY(reader);
    co_return store::tlog_answer(**reader, path);
  };
  auto answer = co_await asio::co_spawn(in_turn, std::move(job), asio::use_awaitable);
  if (!answer) co_return response_to(answer.error());
  http::Response response;
  response.body = std::move(answer->body);
  response.content_type = std::move(answer->content_type);
  co_return response;
}

std::vector<ReadinessCheck> readiness_of(const HealerServices& healer) {
  return {{"recovered", healer.recovery->is_under_way() ? "heals of an earlier process are still being read" : ""},
          {"ledger_in_place", healer.recording.ledger_elsewhere()},
          {"ledger_writable", healer.recording.not_recorded_because()}};
}

// For everyone who reaches the socket; only those who may read the ledger learn why it is not ready.
http::Response readiness(const HealerServices& healer, const http::Request& request) {
  const bool may_read =
      allows(requester_of(request.peer, *healer.in_force.configuration()).principal.role, workflows::Permission::read);
  const auto checks = readiness_of(healer);
  http::Response response;
  response.status = is_ready(checks) ? 200 : 503;
  response.body = readiness_json(checks, may_read && request.target.ends_with("?verbose"));
  return response;
}

// Facts about the process itself; empty: the request is for something else.
std::optional<http::Response> about_the_daemon(const HealerServices& healer, const http::Request& request) {
  const std::string& target = request.target;
  const bool is_readiness = target == "/readyz" || target == "/readyz?verbose";
  if (!is_readiness && target != "/healthz" && target != "/version") return std::nullopt;
  if (request.method != "GET") return http::error_response(405, "method", "this is asked for with GET", {});
  if (is_readiness) return readiness(healer, request);
  http::Response response;
  JsonWriter out;
  if (target == "/healthz") {
    response.body = out.begin_object().field("status", "ok").end_object().take();
  } else {
    response.body = out.begin_object().field("version", version).end_object().take();
  }
  return response;
}

boost::asio::awaitable<http::Response> serve(Operations& operations, HealerServices& healer,
                                             std::shared_ptr<LedgerSteward> steward, InTurn in_turn,
                                             http::Request request) {
  if (auto response = about_the_daemon(healer, request)) co_return std::move(*response);
  if (request.target == "/metrics") {
    auto response = co_await metrics(healer, steward, request);
    co_return response;
  }
  if (request.target.starts_with(store::tlog_prefix)) {
    auto response = co_await tlog(healer, in_turn, request);
    co_return response;
  }
  const bool known = request.target.starts_with(prefix);
  std::string name = known ? request.target.substr(prefix.size()) : std::string();
  const bool reads = name == "status";
  if (!known || name.empty())
    co_return http::error_response(404, "not_found", "there is nothing at this address", "POST /v1/<operation>");
  if (reads != (request.method == "GET")) {
    co_return http::error_response(405, "method", reads ? "status is asked for with GET" : "operations take POST", {});
  }
  Requester who = requester_of(request.peer, *healer.in_force.configuration());
  std::string body = reads ? "{}" : std::move(request.body);
  const auto answer = co_await operations.perform(std::move(name), std::move(body), std::move(who));
  if (!answer) co_return response_to(answer.error());
  http::Response response;
  response.body = *answer;
  co_return response;
}

}  // namespace

http::Handler api_handler(Operations& operations, HealerServices& healer, std::shared_ptr<LedgerSteward> steward) {
  const InTurn in_turn(healer.parts.pool->executor());
  return [&operations, &healer, steward = std::move(steward), in_turn](http::Request request) {
    return serve(operations, healer, steward, in_turn, std::move(request));
  };
}

}  // namespace autoheal::cli
