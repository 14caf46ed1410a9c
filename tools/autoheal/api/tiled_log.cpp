#include "tools/autoheal/api/tiled_log.hpp"

#include <fmt/core.h>

#include "autoheal/store/tlog/tlog_answer.hpp"

namespace autoheal::cli {

namespace {

std::string cache_control_of(const store::TlogAnswer& answer, bool is_public) {
  return fmt::format("{}, max-age={}{}", is_public ? "public" : "private", answer.fresh_for.count(),
                     answer.is_immutable ? ", immutable" : "");
}

}  // namespace

boost::asio::awaitable<http::Response> answer_tiled_log(ApiParts& parts, http::Request request, workflows::Role role) {
  if (request.method == "POST") {
    auto refused = http::problem_response({405, "method_not_allowed", "this address serves GET, HEAD only", ""});
    refused.headers.push_back({"Allow", "GET, HEAD"});
    co_return refused;
  }
  const ConfigurationPtr configuration = parts.healer.in_force.configuration();
  const bool is_public = configuration->settings.published.tlog_public;
  if (!is_public && !allows(role, workflows::Permission::read)) {
    const Error refused{ErrorKind::refused, "the tiles are for those whose role lets them read the ledger",
                        "an admiral can list this user under `principals:`, or set `tlog: public`"};
    co_return http::problem_response(problem_of(refused));
  }
  const auto standing = co_await standing_with_ledger(parts);
  if (!standing) co_return http::problem_response(problem_of(standing.error()));
  auto job = [ledger = configuration->settings.ledger, path = request.target]() -> Result<store::TlogAnswer> {
    const auto reader = store::LedgerReader::open(ledger);
    AUTOHEAL_TRY(reader);
    return store::tlog_answer(**reader, path);
  };
  auto answer = co_await parts.readers.run(std::move(job));
  if (!answer) co_return http::problem_response(problem_of(answer.error()));
  auto response = http::response_with(200, std::move(answer->body), answer->content_type);
  response.cache_control = cache_control_of(*answer, is_public);
  co_return response;
}

}  // namespace autoheal::cli
