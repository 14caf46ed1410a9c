// The operations on bearer tokens: make, list, end, and put another one in its place. Each change is recorded first:
// what the ledger does not know of is not valid, whatever the file says.
#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/access/token_entries.hpp"
#include "tools/autoheal/access/token_file.hpp"
#include "tools/autoheal/access/token_list.hpp"
#include "tools/autoheal/healer/operations.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"

namespace autoheal::cli {

using namespace workflows;

namespace {

constexpr Duration usual_life = std::chrono::hours(24 * 90);
constexpr Duration longest_life = std::chrono::hours(24 * 365);

Error no_such_token() {
  return {ErrorKind::not_found, "there is no valid token with this id", "`autoheal token list` shows them"};
}

std::string token_answer(const NewToken& made, const TokenRecord& record) {
  JsonWriter out;
  out.begin_object().field("id", made.id).field("token", made.text).field("principal", record.principal);
  out.field("role", name_of(record.role)).field("expires", format_timestamp(record.expires));
  return out.end_object().take();
}

// Who came with a token could otherwise outlive it.
Result<void> not_by_token(const Requester& who) {
  if (who.token.empty()) return {};
  return failure(ErrorKind::refused, "no token is made with a token",
                 "ask on the daemon's host, or with a client certificate");
}

}  // namespace

Result<TokenRecord> Operations::wanted_token(const OperationBody& body, const Requester& who) const {
  const auto configuration = healer_.in_force.configuration();
  TokenRecord wanted;
  wanted.principal = body.principal.empty() ? who.principal.name : body.principal;
  const Role own = configuration->settings.principals.role_of(wanted.principal);
  if (own == Role::none) {
    return failure(ErrorKind::not_found, fmt::format("\"{}\" is no principal", valid_utf8(wanted.principal)),
                   "list it with its role under `principals:` in " + configuration->settings.file);
  }
  const auto role = body.role.empty() ? std::optional(Role::observer) : parse_role(body.role);
  if (!role) return failure(ErrorKind::invalid, "\"role\" is none of admiral, captain and observer");
  wanted.role = *role;
  if (wanted.role > who.principal.role || wanted.role > own) {
    return failure(ErrorKind::refused,
                   fmt::format("the token would be {}: {} is {}, and you are {}", name_of(wanted.role),
                               wanted.principal, name_of(own), name_of(who.principal.role)),
                   "a token has at most the role of its principal and of who makes it");
  }
  for (const std::string& name : body.engines) {
    AUTOHEAL_TRY(engine(name));
    wanted.engines.push_back(name);
  }
  const Duration life = body.for_us ? Duration(*body.for_us) : usual_life;
  if (life <= Duration{0} || life > longest_life)
    return failure(ErrorKind::invalid, "a token is valid for a moment up to 365 days", "for example --expires 30d");
  wanted.creator = who.principal.name;
  wanted.created = healer_.parts.clock.now();
  wanted.expires = wanted.created + life;
  return wanted;
}

// Recorded and in the file; `instead_of` ends with it.
Operations::Answer Operations::add_token(TokenRecord record, Requester who, std::optional<TokenRecord> instead_of) {
  const std::string ledger = healer_.in_force.configuration()->settings.ledger;
  const auto before = valid_tokens(*healer_.parts.ledger, tokens_file_of(ledger));
  AUTOHEAL_CO_TRY(before);
  if (before->size() >= most_tokens)
    co_return failure(ErrorKind::failed, "there are 1,000 tokens already", "`autoheal token revoke` ends one");
  const NewToken made = new_token(healer_.parts.randomness);
  record.id = made.id;
  record.digest = made.digest;
  auto entry = token_created(record, who.by, record.created);
  AUTOHEAL_CO_TRY(co_await healer_.recording.record(std::move(entry)));
  if (instead_of) {
    auto ended = token_revoked(*instead_of, who.by, record.created);
    AUTOHEAL_CO_TRY(co_await healer_.recording.record(std::move(ended)));
  }
  AUTOHEAL_CO_TRY(renew_tokens({record}));
  co_return token_answer(made, record);
}

// The file without what is no longer valid, and with these; then those who were told of tokens are told again. Nothing
// else happens meanwhile.
Result<void> Operations::renew_tokens(const std::vector<TokenRecord>& added) {
  const std::string file = tokens_file_of(healer_.in_force.configuration()->settings.ledger);
  auto all = valid_tokens(*healer_.parts.ledger, file);
  AUTOHEAL_TRY(all);
  std::erase_if(*all, [now = healer_.parts.clock.now()](const TokenRecord& one) { return one.expires <= now; });
  all->insert(all->end(), added.begin(), added.end());
  const auto written = write_tokens(file, *all);
  if (hooks_.tokens_changed) hooks_.tokens_changed();  // the ledger says already what is revoked
  return written;
}

Operations::Answer Operations::create_token(OperationBody body, Requester who) {
  AUTOHEAL_CO_TRY(not_by_token(who));
  auto wanted = wanted_token(body, who);
  AUTOHEAL_CO_TRY(wanted);
  co_return co_await add_token(std::move(*wanted), std::move(who), std::nullopt);
}

Operations::Answer Operations::list_tokens(OperationBody, Requester) {
  auto all = token_list(*healer_.parts.ledger, healer_.in_force.configuration()->settings.ledger);
  co_return all;
}

Result<TokenRecord> Operations::token_named(const std::string& id) const {
  const auto known = tokens_in(*healer_.parts.ledger);
  AUTOHEAL_TRY(known);
  const auto found = std::ranges::find(*known, id, &TokenRecord::id);
  if (found == known->end()) return std::unexpected(no_such_token());
  return *found;
}

Operations::Answer Operations::revoke_token(OperationBody body, Requester who) {
  const auto found = token_named(body.token);
  AUTOHEAL_CO_TRY(found);
  auto entry = token_revoked(*found, who.by, healer_.parts.clock.now());
  AUTOHEAL_CO_TRY(co_await healer_.recording.record(std::move(entry)));
  AUTOHEAL_CO_TRY(renew_tokens({}));
  co_return said(fmt::format("token {} of {} is revoked", found->id, found->principal));
}

Operations::Answer Operations::rotate_token(OperationBody body, Requester who) {
  AUTOHEAL_CO_TRY(not_by_token(who));
  const auto found = token_named(body.token);
  AUTOHEAL_CO_TRY(found);
  OperationBody same;
  same.principal = found->principal;
  same.role = name_of(found->role);
  same.engines = found->engines;
  same.for_us = body.for_us.value_or((found->expires - found->created).count());
  auto wanted = wanted_token(same, who);
  AUTOHEAL_CO_TRY(wanted);
  co_return co_await add_token(std::move(*wanted), std::move(who), *found);
}

}  // namespace autoheal::cli
