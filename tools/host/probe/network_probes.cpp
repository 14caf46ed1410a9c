#include "tools/host/probe/network_probes.hpp"

#include <fmt/core.h>

#include "tools/host/probe/http_exchange.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

// A place that does not answer fails its probe; a question that cannot be asked leaves it unknown.
Verdict verdict_of(const Error& error) {
  return error.kind == ErrorKind::unavailable ? fails(error.message) : unknown(error.message);
}

}  // namespace

Verdict probe_tcp(const workflows::TcpProbe& probe, Duration timeout) {
  const auto connected = connect_to(probe.host, probe.port, timeout);
  return connected ? Verdict{} : verdict_of(connected.error());
}

Verdict probe_http(const workflows::HttpProbe& probe, Duration timeout) {
  HttpRequest request;
  request.url = probe.url;
  request.headers = probe.headers;
  request.body_only_of = probe.status;
  if (probe.contains.empty()) request.body_limit = 0;
  const auto answer = send_request(request, timeout);
  if (!answer) return verdict_of(answer.error());
  if (answer->status != probe.status) return fails(fmt::format("status {}, expected {}", answer->status, probe.status));
  if (answer->body.find(probe.contains) == std::string::npos)
    return fails("the answer does not contain the declared text");
  return {};
}

workflows::CallOutcome call_http(const workflows::HttpCall& call, const std::string& key) {
  HttpRequest request;
  request.method = call.method;
  request.url = call.url;
  request.headers = {{"Idempotency-Key", key}};
  if (!call.body.empty()) {
    const bool json = call.body.front() == '{' || call.body.front() == '[';
    request.headers["Content-Type"] = json ? "application/json" : "text/plain; charset=utf-8";
  }
  request.body = call.body;
  request.body_limit = 64U << 10U;
  const Duration began = since_boot();
  const auto answer = send_request(request, call.timeout);
  workflows::CallOutcome outcome;
  outcome.took = since_boot() - began;
  outcome.answered = answer.has_value();
  if (!answer) {
    outcome.message = answer.error().message;
    return outcome;
  }
  outcome.status = answer->status;
  outcome.body = answer->body;
  return outcome;
}

}  // namespace autoheal::host
