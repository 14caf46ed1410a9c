// The operations that people ask of a process that may heal: one table of name, role and function. The daemon reaches
// it through its socket, a command in its own process where no daemon runs; so both do the same.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>

#include "tools/autoheal/access/token.hpp"
#include "tools/autoheal/healer/healer.hpp"
#include "tools/autoheal/protocol/operation_body.hpp"

namespace autoheal::cli {

// Who asks, as the kernel, a client certificate or a token says.
struct Requester {
  workflows::Principal principal;
  workflows::By by;                       // its reason comes from the request
  std::string idempotency_key = {};       // heal: committed with what begins
  std::string begun = {};                 // heal: the heal that this key began earlier, which is waited for instead
  std::string token = {};                 // its id; empty: none
  std::vector<std::string> engines = {};  // the token is for these alone; empty: all
};

// Hooks for the daemon; all optional.
struct OperationHooks {
  std::function<void(const std::string& engine)> was_reset;     // empty: all
  std::function<void(const std::string& engine)> hold_changed;  // taken or given back; empty: all
  std::function<void(const std::string& run)> self_test_began;  // its stream
  std::function<void()> tokens_changed;                         // others are valid now
  std::function<std::string()> status;                          // JSON; without it nobody can ask
};

// Used on the loop's thread only.
class Operations {
 public:
  // The services outlive the operations.
  explicit Operations(HealerServices& healer, OperationHooks hooks = {}) : healer_(healer), hooks_(std::move(hooks)) {}

  // The permission that an existing operation takes, and the same in words ("may not <...>").
  [[nodiscard]] static std::pair<workflows::Permission, std::string> permission_of(const std::string& name);

  // The operation's answer as JSON (operation_answer.hpp reads it). refused: the requester's role; recorded as
  // access.denied. not_found: no such operation, engine or heal. invalid: the body.
  boost::asio::awaitable<Result<std::string>> perform(std::string name, std::string body, Requester who);

 private:
  using Answer = boost::asio::awaitable<Result<std::string>>;
  struct Kind;
  static const std::map<std::string, Kind>& kinds();

  Answer heal(OperationBody body, Requester who);
  Answer begun_heal(std::string engine, std::string heal);
  Answer self_test(OperationBody body, Requester who);
  Answer cancel(OperationBody body, Requester who);
  Answer roll_back(OperationBody body, Requester who);
  Answer hold(OperationBody body, Requester who);
  Answer unhold(OperationBody body, Requester who);
  Answer reset(OperationBody body, Requester who);
  Answer adopt(OperationBody body, Requester who);
  Answer publish(OperationBody body, Requester who);
  Answer denied(OperationBody body, Requester who);
  Answer status(OperationBody body, Requester who);
  Answer sign_checkpoint(OperationBody body, Requester who);
  Answer accept_rollback(OperationBody body, Requester who);
  Answer rotate_key(OperationBody body, Requester who);
  Answer add_witness(OperationBody body, Requester who);
  Answer remove_witness(OperationBody body, Requester who);
  Answer cosign(OperationBody body, Requester who);
  Answer archive(OperationBody body, Requester who);
  Answer create_token(OperationBody body, Requester who);
  Answer list_tokens(OperationBody body, Requester who);
  Answer revoke_token(OperationBody body, Requester who);
  Answer rotate_token(OperationBody body, Requester who);

  [[nodiscard]] Result<TokenRecord> wanted_token(const OperationBody& body, const Requester& who) const;
  [[nodiscard]] Result<TokenRecord> token_named(const std::string& id) const;
  Answer add_token(TokenRecord record, Requester who, std::optional<TokenRecord> instead_of);
  Result<void> renew_tokens(const std::vector<TokenRecord>& added);

  Answer refuse(const std::string& what, const Requester& who);
  [[nodiscard]] Result<workflows::EngineToHeal> engine(const std::string& name) const;
  [[nodiscard]] Result<void> engine_or_all(const std::string& name) const;
  [[nodiscard]] Result<std::string> heal_named(const std::string& written) const;

  HealerServices& healer_;
  OperationHooks hooks_;
};

}  // namespace autoheal::cli
