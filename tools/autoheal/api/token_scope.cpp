#include "tools/autoheal/api/token_scope.hpp"

#include <algorithm>

#include "autoheal/store/audit/audit.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;

namespace {

Error outside_of_scope() {
  return {ErrorKind::refused, "this token is for other engines", "name one of the token's engines in the request"};
}

bool are_among(const std::vector<std::string>& names, const std::vector<std::string>& allowed) {
  return std::ranges::all_of(names,
                             [&](const std::string& one) { return std::ranges::find(allowed, one) != allowed.end(); });
}

Result<std::string> engine_of_heal(const store::LedgerReader& ledger, const std::string& written) {
  const auto heal = find_heal(ledger, written);
  AUTOHEAL_TRY(heal);
  store::EntryFilter filter;
  filter.stream = *heal;
  store::EntryWindow window;
  window.limit = 1;
  std::string engine;
  const auto read = store::Audit(ledger).entries(filter, window, [&](const engine::Entry& entry) {
    engine = entry.subject;
    return true;
  });
  AUTOHEAL_TRY(read);
  return engine;
}

// Blocks.
Result<void> heals_are_among(const std::string& path, const std::vector<std::string>& heals,
                             const std::vector<std::string>& allowed) {
  const auto ledger = store::LedgerReader::open(path);
  AUTOHEAL_TRY(ledger);
  for (const std::string& heal : heals) {
    const auto engine = engine_of_heal(**ledger, heal);
    AUTOHEAL_TRY(engine);
    if (!are_among({*engine}, allowed)) return std::unexpected(outside_of_scope());
  }
  return {};
}

}  // namespace

asio::awaitable<Result<void>> within_scope(ApiParts& parts, const Requester& who, const ApiRequest& request) {
  if (who.engines.empty() || request.operation->runs == Runs::here) co_return Result<void>();
  const auto engines = request.parameters.find("engine");
  if (engines != request.parameters.end()) {
    if (are_among(engines->second, who.engines)) co_return Result<void>();
    co_return std::unexpected(outside_of_scope());
  }
  std::vector<std::string> heals;
  for (const char* name : {"heal", "with"}) {
    const auto found = request.parameters.find(name);
    if (found != request.parameters.end()) heals.insert(heals.end(), found->second.begin(), found->second.end());
  }
  if (heals.empty()) co_return std::unexpected(outside_of_scope());
  auto job = [path = parts.healer.in_force.configuration()->settings.ledger, heals, allowed = who.engines] {
    return heals_are_among(path, heals, allowed);
  };
  co_return co_await parts.readers.run(std::move(job));
}

}  // namespace autoheal::cli
