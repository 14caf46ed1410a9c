#include "tools/autoheal/api/api_jobs.hpp"

#include <fmt/core.h>

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/api/caught_command.hpp"
#include "tools/autoheal/configuration/time_argument.hpp"

namespace autoheal::cli {

namespace {

http::Response queue_is_full(const Error& error) {
  auto response = http::problem_response({429, "too_many_jobs", error.message, error.hint});
  response.headers.push_back({"Retry-After", "10"});
  return response;
}

// The command line's words for what stands in path and body.
Result<JobWish> wish_of(ApiParts& parts, const ApiRequest& request, const std::string& sent, const Requester& who) {
  const ApiOperation& operation = *request.operation;
  auto body = read_operation_body(sent.empty() ? "{}" : sent, operation.in_body);
  AUTOHEAL_TRY(body);
  const auto engine = request.value("engine");
  if (!engine.empty() && parts.healer.in_force.configuration()->find(engine) == nullptr)
    return failure(ErrorKind::not_found, "there is no such engine", "GET /api/v1/engines lists them");
  if (operation.id == "testConfiguration" && body->configuration.empty())
    return failure(ErrorKind::invalid, "\"configuration\" is missing", "expected the text of a configuration");
  if (!body->since.empty() && !parse_time_argument(body->since, parts.healer.parts.clock.now())) {
    return failure(ErrorKind::invalid, "\"since\" is not a time",
                   "expected RFC 3339, a date such as 2026-11-23, or an age such as 24h");
  }
  JobWish wish{std::string(operation.id), who.principal.name, words_of(request, {}), std::move(body->configuration)};
  const auto behind_name = wish.words.begin() + static_cast<std::ptrdiff_t>(operation.words.size());
  if (!body->since.empty()) wish.words.insert(behind_name, "--since=" + body->since);
  if (body->error) wish.words.insert(behind_name, "--error=" + *body->error);
  return wish;
}

http::Response begin(ApiParts& parts, const ApiRequest& request, const std::string& sent, const Requester& who) {
  auto wish = wish_of(parts, request, sent, who);
  if (!wish) return refusal(wish.error());
  const auto job = parts.jobs.take(to_string(parts.healer.parts.ids.next()), std::move(*wish));
  if (!job) return queue_is_full(job.error());
  auto response = http::response_with(request.operation->status, to_json(*job, false));
  response.headers.push_back({"Location", fmt::format("{}/jobs/{}", api_prefix, job->id)});
  return response;
}

http::Response list(ApiParts& parts) {
  JsonWriter out;
  out.begin_object().key("items").begin_array();
  for (const Job& job : parts.jobs.list().all(parts.healer.parts.clock.now())) out.raw(to_json(job, false));
  return http::response_with(200, out.end_array().end_object().take());
}

http::Response cancel(ApiParts& parts, const std::string& sent, const Job& job, const Requester& who) {
  if (auto body = read_operation_body(sent.empty() ? "{}" : sent, {}); !body) return refusal(body.error());
  if (job.wish.principal != who.principal.name && !allows(who.principal.role, workflows::Permission::administer)) {
    return refusal({ErrorKind::refused,
                    fmt::format("the job is {}'s: {} may not cancel it", job.wish.principal, who.principal.name),
                    "an admiral may"});
  }
  const auto cancelled = parts.jobs.list().cancel(job.id, parts.healer.parts.clock.now());
  return cancelled ? http::response_with(200, to_json(*cancelled, false)) : refusal(cancelled.error());
}

}  // namespace

http::Response answer_job(ApiParts& parts, const ApiRequest& request, const std::string& sent, const Requester& who) {
  const std::string_view id = request.operation->id;
  if (!request.operation->words.empty()) return begin(parts, request, sent, who);
  if (id == "listJobs") return list(parts);
  const auto job = parts.jobs.list().find(request.value("job"), parts.healer.parts.clock.now());
  if (!job) return refusal({ErrorKind::not_found, "there is no such job", "GET /api/v1/jobs lists them"});
  if (id == "cancelJob") return cancel(parts, sent, *job, who);
  return http::response_with(200, to_json(*job, true));
}

}  // namespace autoheal::cli
