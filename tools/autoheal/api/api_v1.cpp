#include "tools/autoheal/api/api_v1.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>

#include "autoheal/workflows/steward/heal_trace.hpp"
#include "tools/autoheal/access/token_list.hpp"
#include "tools/autoheal/api/act_body.hpp"
#include "tools/autoheal/api/api_jobs.hpp"
#include "tools/autoheal/api/api_request.hpp"
#include "tools/autoheal/api/authentication.hpp"
#include "tools/autoheal/api/caught_command.hpp"
#include "tools/autoheal/api/heal_files.hpp"
#include "tools/autoheal/api/idempotency.hpp"
#include "tools/autoheal/api/ledger_lines.hpp"
#include "tools/autoheal/api/openapi.hpp"
#include "tools/autoheal/api/page.hpp"
#include "tools/autoheal/api/token_scope.hpp"
#include "tools/autoheal/api/validator.hpp"
#include "tools/autoheal/protocol/api_answer.hpp"
#include "tools/autoheal/protocol/operation_body.hpp"

namespace autoheal::cli {

namespace {

namespace asio = boost::asio;
using Body = Result<std::string>;

constexpr std::size_t most_topics = 20;

// "selftest.autoheal.*,selftest.run.start"
Result<std::vector<std::string>> topics_in(std::string_view list) {
  std::vector<std::string> topics;
  while (!list.empty()) {
    const auto comma = list.find(',');
    topics.emplace_back(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (topics.back().empty() || topics.size() > most_topics) {
      return failure(ErrorKind::invalid, "\"topics\" is not a list of topics",
                     fmt::format("expected at most {}, with commas between them", most_topics));
    }
  }
  return topics;
}

// An answer of this one operation, for one client.
class Answer {
 public:
  // A `traceparent` that is not valid is ignored, as W3C Trace Context says.
  Answer(ApiParts& parts, ApiRequest request, http::Request sent, Requester who)
      : parts_(parts), request_(std::move(request)), sent_(std::move(sent)), who_(std::move(who)) {
    const bool takes_it = request_.operation->id == "healEngine" || request_.operation->id == "runSelfTest";
    const std::string_view traceparent = sent_.header("traceparent");
    if (takes_it && workflows::is_traceparent(traceparent)) who_.by.traceparent = traceparent;
  }

  asio::awaitable<Body> body() {
    switch (request_.operation->runs) {
      case Runs::here:
        co_return std::string(openapi_document());
      case Runs::standing:
        co_return co_await standing();
      case Runs::command:
      case Runs::reader:
        co_return co_await on_reader();
      case Runs::act:
        co_return co_await act();
      case Runs::job:
      case Runs::stream:
        break;  // answered elsewhere
    }
    co_return failure(ErrorKind::fatal, "this is not answered as a whole");
  }

  // The validator of the body, where it is known before; or empty.
  [[nodiscard]] const std::string& validator() const { return validator_; }

  asio::awaitable<Result<http::BodySource>> stream(std::string_view last_event_id) {
    const auto standing = co_await standing_with_ledger(parts_);
    AUTOHEAL_CO_TRY(standing);
    if (request_.operation->id == "followBus") co_return co_await bus(last_event_id);
    const std::string first = request_.value("since_seq");
    co_return co_await ledger_lines(parts_.readers, configuration_->settings.ledger,
                                    first.empty() ? 0 : std::stoull(first));
  }

 private:
  asio::awaitable<Result<http::BodySource>> bus(std::string_view last_event_id) {
    FollowerWish wish;
    wish.engine = request_.value("engine");
    const auto topics = topics_in(request_.value("topics"));
    AUTOHEAL_CO_TRY(topics);
    wish.topics = *topics;
    const std::string from = last_event_id.empty() ? request_.value("from") : std::string(last_event_id);
    const auto after = from.empty() ? Result<EventId>(EventId{}) : event_id_of(from);
    AUTOHEAL_CO_TRY(after);
    wish.after = *after;
    auto may_go_on = [&authentication = parts_.authentication, who = who_] { return authentication.still(who); };
    co_return co_await parts_.bus->follow(std::move(wish), from.empty(), std::move(may_go_on));
  }

  asio::awaitable<Body> standing() {
    std::string asks = who_.principal.name;
    const auto standing = co_await parts_.standing.get_for(std::move(asks));
    if (!standing) co_return failure(ErrorKind::unavailable, "the daemon is busy", "try again in a second");
    const std::string name = request_.value("engine");
    if (name.empty()) {
      const EngineList& list = parts_.standing.list_of(standing);
      validator_ = list.validator;
      co_return list.json;
    }
    for (const StandingOfEngine& one : standing->engines) {
      if (one.engine == name) co_return one.json;
    }
    co_return failure(ErrorKind::not_found, "there is no such engine", "GET /api/v1/engines lists them");
  }

  asio::awaitable<Body> on_reader() {
    const auto standing = co_await standing_with_ledger(parts_);
    AUTOHEAL_CO_TRY(standing);
    auto job = [this] { return request_.operation->runs == Runs::command ? command() : file(); };
    co_return co_await parts_.readers.run(std::move(job));
  }

  Body command() const {
    const bool is_page = !request_.operation->paging.option.empty();
    const auto id = is_page ? ledger_id() : Body(std::string());
    AUTOHEAL_TRY(id);
    const auto after = place_of_cursor(request_, *id);
    AUTOHEAL_TRY(after);
    auto words = words_of(request_, *after);
    auto caught = caught_output(*configuration_, who_.principal, std::move(words));
    AUTOHEAL_TRY(caught);
    if (request_.operation->is_list) return items_of_rows(*request_.operation, *caught);
    return is_page ? page_of_rows(request_, *id, *caught) : caught;
  }

  Body ledger_id() const {
    const auto reader = store::LedgerReader::open(configuration_->settings.ledger);
    AUTOHEAL_TRY(reader);
    return (*reader)->id();
  }

  Body file() const {
    const std::string_view id = request_.operation->id;
    if (id == "getHealPage") return page_of_heal(*configuration_, request_.value("heal"));
    if (id == "getHealEvidence") return evidence_of_heal(*configuration_, request_.value("heal"));
    if (id == "listTokens") return tokens();
    if (id == "listReports") return list_of_reports(*configuration_);
    return report_named(*configuration_, request_.value("report"));
  }

  Body tokens() const {
    const auto reader = store::LedgerReader::open(configuration_->settings.ledger);
    AUTOHEAL_TRY(reader);
    return token_list(**reader, configuration_->settings.ledger);
  }

  asio::awaitable<Body> act() {
    const std::string operation(request_.operation->words.front());
    const auto body = operation_body_of(request_, sent_.body);
    AUTOHEAL_CO_TRY(body);
    AUTOHEAL_CO_TRY(allowed_from_here(*body));
    std::string name = operation, text = to_json(*body);
    const std::string principal = who_.principal.name;
    const auto answer = co_await perform_on_loop(parts_, std::move(name), std::move(text), std::move(who_));
    if (request_.operation->method == "POST") parts_.standing.changed_by(principal);  // who changed it sees it changed
    AUTOHEAL_CO_TRY(answer);
    co_return api_answer_of(operation, *answer);
  }

  // Paths of this host, and refusals by commands on it, are for those on its socket. A role is judged later, so that
  // its refusal is recorded.
  Result<void> allowed_from_here(const OperationBody& body) const {
    if (!sent_.remote) return {};
    if (request_.operation->id == "recordRefusal") {
      return failure(ErrorKind::refused, "refusals are told on the daemon's socket only",
                     "what is asked for over TCP is judged, and recorded, by the daemon itself");
    }
    const bool may = allows(who_.principal.role, Operations::permission_of("archive").first);
    if (body.file.empty() || !may) return {};
    return failure(ErrorKind::refused, "\"file\" is taken on the daemon's socket only",
                   "without it, the archive is beside the ledger");
  }

  ApiParts& parts_;
  ApiRequest request_;
  http::Request sent_;
  Requester who_;
  std::string validator_;
  ConfigurationPtr configuration_ = parts_.healer.in_force.configuration();
};

// Recorded like every refusal of a role.
asio::awaitable<http::Response> refuse_role(ApiParts& parts, const ApiOperation& operation, Requester who) {
  const std::string name = who.principal.name;
  const bool has_none = who.principal.role == workflows::Role::none;
  OperationBody told;
  told.what = std::string(operation.what);
  std::string denied = "denied", body = to_json(told);
  const std::string role = has_none ? "has no role here" : "is only " + std::string(name_of(who.principal.role));
  const auto recorded = co_await perform_on_loop(parts, std::move(denied), std::move(body), std::move(who));
  (void)recorded;  // a refusal stands even where it cannot be recorded
  const auto configuration = parts.healer.in_force.configuration();
  co_return refusal({ErrorKind::refused, fmt::format("{} may not {}: {} {}", name, operation.what, name, role),
                     "roles stand under `principals:` in " + configuration->settings.file});
}

asio::awaitable<http::Response> answer_stream(Answer& answer, const ApiOperation& operation,
                                              std::string_view last_event_id) {
  auto source = co_await answer.stream(last_event_id);
  if (!source) co_return refusal(source.error());
  http::Response response = http::response_with(200, "", std::string(operation.content));
  response.more = std::move(*source);
  if (operation.content == "text/event-stream") response.headers.push_back({"X-Accel-Buffering", "no"});
  co_return response;
}

}  // namespace

asio::awaitable<http::Response> answer_api(ApiParts& parts, http::Request request, Requester who) {
  auto matched = match_api(request.method, request.target);
  if (!matched) {
    auto response = http::problem_response(matched.error().problem);
    if (!matched.error().allow.empty()) response.headers.push_back({"Allow", matched.error().allow});
    co_return response;
  }
  const ApiOperation& operation = *matched->operation;
  const auto concerned = co_await within_scope(parts, who, *matched);
  if (!concerned) co_return refusal(concerned.error());
  const bool is_judged_here = operation.runs != Runs::act && operation.runs != Runs::here;
  if (is_judged_here && !allows(who.principal.role, operation.permission))
    co_return co_await refuse_role(parts, operation, std::move(who));
  const auto key = co_await use_key(parts, *matched, request, who);
  if (!key) co_return http::problem_response(key.error());
  if (key->answer) co_return http::response_with(200, *key->answer);
  if (operation.runs == Runs::job) {
    auto response = answer_job(parts, *matched, request.body, who);
    if (operation.method != "GET" || response.status != 200) co_return response;
    std::string validator = validator_of(response.body);
    co_return with_validator(std::move(response), std::move(validator), request.header("if-none-match"));
  }
  const bool is_read = operation.method == "GET";
  const std::string last_event_id(request.header("last-event-id")), known(request.header("if-none-match"));
  Answer answer(parts, std::move(*matched), std::move(request), std::move(who));
  if (operation.runs == Runs::stream) co_return co_await answer_stream(answer, operation, last_event_id);
  auto body = co_await answer.body();
  if (!body) co_return refusal(body.error());
  auto response = http::response_with(200, std::move(*body), std::string(operation.content));
  if (key->claim) key->claim->keep(response.body);
  if (!is_read) co_return response;
  std::string validator = answer.validator().empty() ? validator_of(response.body) : answer.validator();
  co_return with_validator(std::move(response), std::move(validator), known);
}

}  // namespace autoheal::cli
