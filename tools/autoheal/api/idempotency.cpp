#include "tools/autoheal/api/idempotency.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"
#include "tools/autoheal/api/act_body.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

constexpr std::string_view key_header = "idempotency-key";
constexpr std::size_t longest_key_bytes = 255;
constexpr std::size_t key_digest_digits = 32;

std::string short_digest(const std::string& text) { return to_hex(sha256(text)).substr(0, key_digest_digits); }

http::Problem used_elsewhere() {
  return {422, "key_used", "this Idempotency-Key was used for another request", "choose a new key for a new request"};
}

struct EarlierStart {
  std::string digest, heal;
};

// "api/<scope>/<digest>/<ms>": the newest start, where it is new enough.
Result<std::optional<EarlierStart>> earlier_start(const std::string& ledger, const std::string& prefix,
                                                  std::int64_t now_ms) {
  const auto reader = store::LedgerReader::open(ledger);
  AUTOHEAL_TRY(reader);
  const auto keys = (*reader)->keys_below(prefix);
  AUTOHEAL_TRY(keys);
  constexpr auto kept_ms = std::chrono::duration_cast<std::chrono::milliseconds>(KeptAnswers::kept_for).count();
  std::optional<EarlierStart> newest;
  std::int64_t newest_ms = now_ms - kept_ms;
  for (const auto& [key, stream] : *keys) {
    const std::string_view rest = std::string_view(key).substr(prefix.size());
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) continue;
    const auto at_ms = parse_number<std::int64_t>(rest.substr(slash + 1));
    if (!at_ms || *at_ms <= newest_ms) continue;
    newest_ms = *at_ms;
    newest = EarlierStart{std::string(rest.substr(0, slash)), stream};
  }
  return newest;
}

std::optional<http::Problem> problem_of_key(const ApiOperation& operation, std::string_view key) {
  if (operation.id != "healEngine") {
    return http::Problem{400, "invalid", fmt::format("Idempotency-Key is not taken by {}", operation.id),
                         "only a heal takes one; send this request without it"};
  }
  if (key.size() > longest_key_bytes)
    return http::Problem{400, "invalid", "the Idempotency-Key is longer than 255 bytes", ""};
  return std::nullopt;
}

}  // namespace

asio::awaitable<std::expected<KeyUsed, http::Problem>> use_key(ApiParts& parts, const ApiRequest& api_request,
                                                               const http::Request& request, Requester& who) {
  const std::string_view key = request.header(key_header);
  if (key.empty() || api_request.operation->method != "POST") co_return KeyUsed{};
  if (auto problem = problem_of_key(*api_request.operation, key)) co_return std::unexpected(std::move(*problem));
  // A refusal is not remembered: it is recorded each time.
  if (!allows(who.principal.role, workflows::Permission::heal)) co_return KeyUsed{};
  const auto body = operation_body_of(api_request, request.body);
  if (!body) co_return std::unexpected(problem_of(body.error()));
  const auto now = parts.healer.parts.clock.now();
  const std::string scope = short_digest(fmt::format("{}\n{}\n{}", who.principal.name, api_request.operation->id, key));
  const std::string digest = short_digest(to_json(*body));
  auto found = parts.kept_answers->look(scope, digest, now);
  if (found.is_other) co_return std::unexpected(used_elsewhere());
  if (found.is_under_way) {
    co_return std::unexpected(http::Problem{409, "busy", "the request with this Idempotency-Key is under way",
                                            "ask again when it has ended"});
  }
  KeyUsed used{std::move(found.claim), std::move(found.answer)};
  if (used.answer) co_return used;
  const std::string prefix = fmt::format("api/{}/", scope);
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  auto look = [ledger = parts.healer.in_force.configuration()->settings.ledger, prefix, now_ms] {
    return earlier_start(ledger, prefix, now_ms);
  };
  const auto earlier = co_await parts.readers.run(std::move(look));
  if (!earlier) co_return std::unexpected(problem_of(earlier.error()));
  if (*earlier && (*earlier)->digest != digest) co_return std::unexpected(used_elsewhere());
  if (*earlier) who.begun = (*earlier)->heal;
  who.idempotency_key = fmt::format("{}{}/{}", prefix, digest, now_ms);
  co_return used;
}

}  // namespace autoheal::cli
