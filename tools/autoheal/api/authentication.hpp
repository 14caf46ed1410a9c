// Finds out who asks: on the Unix socket the user that the kernel names, on TCP a token's or a client certificate's
// principal. All others are refused, and none of them learns why.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <expected>
#include <functional>
#include <mutex>

#include "autoheal/engine/ports.hpp"
#include "tools/autoheal/access/failed_authentications.hpp"
#include "tools/autoheal/access/request_rates.hpp"
#include "tools/autoheal/access/token_table.hpp"
#include "tools/autoheal/healer/operations.hpp"
#include "tools/http/message.hpp"

namespace autoheal::cli {

class Authentication {
 public:
  // `report` gets the account of failures, a second after the first one and then once a minute as long as there are
  // some; on the server's executor, like identify(). All outlive the server.
  Authentication(boost::asio::any_io_executor server, const ConfigurationInForce& in_force, const engine::Clock& clock,
                 std::function<void(const FailedSummary&)> report)
      : server_(std::move(server)), in_force_(in_force), clock_(clock), report_(std::move(report)) {}

  // Else the answer: 401, the same for every reason, later for an address that fails often; 429 for credentials that
  // ask too often on TCP.
  [[nodiscard]] boost::asio::awaitable<std::expected<Requester, http::Response>> identify(const http::Request& request);

  // Whether who was identified still is who it was, with the same role: for streams, which ask again as they go on.
  // Any thread.
  [[nodiscard]] bool still(const Requester& who) const;
  // The tokens that are valid from now on. Any thread.
  void set_tokens(TokenTablePtr tokens);

 private:
  [[nodiscard]] std::optional<Requester> by_token(std::string_view header) const;
  [[nodiscard]] std::optional<Requester> by_certificate(const http::ClientCertificate& certificate) const;
  [[nodiscard]] TokenTablePtr tokens() const;
  boost::asio::awaitable<void> report_failures();

  boost::asio::any_io_executor server_;
  const ConfigurationInForce& in_force_;
  const engine::Clock& clock_;
  std::function<void(const FailedSummary&)> report_;
  FailedAuthentications failed_;
  RequestRates rates_;
  bool reports_ = false;  // a summary is due
  mutable std::mutex mutex_;
  TokenTablePtr tokens_ = std::make_shared<const TokenTable>();
};

// Ends a stream at the next piece after `still` says no: who asked for it is no longer who it was.
[[nodiscard]] http::Response while_still(std::function<bool()> still, http::Response response);

}  // namespace autoheal::cli
