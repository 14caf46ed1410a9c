#include "tools/autoheal/api/api_parts.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tools/autoheal/protocol/error_words.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

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

asio::awaitable<Result<std::string>> perform_on_loop(ApiParts& parts, std::string operation, std::string body,
                                                     Requester who) {
  auto task = [&operations = parts.operations, operation = std::move(operation), body = std::move(body),
               who = std::move(who)]() mutable -> asio::awaitable<Result<std::string>> {
    auto answer = co_await operations.perform(std::move(operation), std::move(body), std::move(who));
    co_return answer;
  };
  const auto loop = parts.healer.parts.loop.get_executor();
  co_return co_await asio::co_spawn(loop, std::move(task), asio::use_awaitable);
}

http::Problem problem_of(const Error& error) {
  return {http_status_of(error.kind), word_of(error.kind), error.message, error.hint};
}

http::Response refusal(const Error& error) { return http::problem_response(problem_of(error)); }

asio::awaitable<Result<StandingPtr>> standing_with_ledger(ApiParts& parts) {
  const StandingPtr standing = co_await parts.standing.get();
  if (!standing) co_return failure(ErrorKind::unavailable, "the daemon is busy", "try again in a second");
  if (!standing->ledger_elsewhere.empty()) {
    co_return failure(ErrorKind::unavailable, "the ledger cannot be read: " + standing->ledger_elsewhere,
                      "put it back as it was, or stop the daemon and start it on what lies there now");
  }
  co_return standing;
}

}  // namespace autoheal::cli
