#include "tools/autoheal/daemon/daemon_api.hpp"

#include "tools/autoheal/protocol/error_words.hpp"

namespace autoheal::cli {

namespace {

constexpr std::string_view prefix = "/v1/";

Requester requester_of(const socket::Peer& peer, const LoadedConfiguration& configuration) {
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

boost::asio::awaitable<socket::Response> serve(Operations& operations, const HealerServices& healer,
                                               socket::Request request) {
  const bool known = request.target.starts_with(prefix);
  std::string name = known ? request.target.substr(prefix.size()) : std::string();
  const bool reads = name == "status";
  if (!known || name.empty())
    co_return socket::error_response(404, "not_found", "there is nothing at this address", "POST /v1/<operation>");
  if (reads != (request.method == "GET")) {
    co_return socket::error_response(405, "method", reads ? "status is asked for with GET" : "operations take POST",
                                     {});
  }
  Requester who = requester_of(request.peer, *healer.in_force.configuration());
  std::string body = reads ? "{}" : std::move(request.body);
  const auto answer = co_await operations.perform(std::move(name), std::move(body), std::move(who));
  if (!answer) {
    const Error& error = answer.error();
    co_return socket::error_response(http_status_of(error.kind), word_of(error.kind), error.message, error.hint);
  }
  socket::Response response;
  response.body = *answer;
  co_return response;
}

}  // namespace

socket::Handler api_handler(Operations& operations, const HealerServices& healer) {
  return [&operations, &healer](socket::Request request) { return serve(operations, healer, std::move(request)); };
}

}  // namespace autoheal::cli
