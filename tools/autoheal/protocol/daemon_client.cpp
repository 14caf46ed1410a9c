#include "tools/autoheal/protocol/daemon_client.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "autoheal/engine/system_ports.hpp"
#include "autoheal/workflows/supervision/pause_text.hpp"
#include "tools/autoheal/protocol/api_answer.hpp"
#include "tools/autoheal/protocol/api_call.hpp"
#include "tools/autoheal/protocol/error_words.hpp"
#include "tools/http/claimed_name.hpp"
#include "tools/http/http_client.hpp"

namespace autoheal::cli {

namespace {

constexpr Duration soon = std::chrono::seconds(5);
constexpr Duration metrics_within = std::chrono::seconds(30);  // the daemon may have many entries to count

std::string text_in(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Empty: no daemon runs.
std::optional<Result<std::string>> answer_of(const std::string& ledger, const Result<http::Answer>& answer) {
  if (!answer && answer.error().kind == ErrorKind::not_found) {
    auto elsewhere = daemon_without_ledger(ledger);
    return elsewhere ? std::optional(Result<std::string>(std::unexpected(std::move(*elsewhere)))) : std::nullopt;
  }
  if (!answer) return Result<std::string>(std::unexpected(answer.error()));
  if (answer->status != 200) return Result<std::string>(std::unexpected(read_error(answer->status, answer->body)));
  return Result<std::string>(answer->body);
}

// Asks by the API; a daemon from before it, by /v1, as its own command line did.
std::optional<Result<std::string>> answer_on(const std::string& ledger, const std::string& operation,
                                             const OperationBody& body, Duration timeout = {}) {
  const std::string socket = socket_of(ledger);
  const auto call = api_call_of(operation, body);
  if (!call) {
    auto runs = answer_of(ledger, http::ask(socket, "GET", "/healthz", {}, soon));
    return runs && *runs ? std::optional(Result<std::string>(std::unexpected(call.error()))) : runs;
  }
  const auto answer = http::ask(socket, call->method, call->target, call->body, timeout);
  if (answer && has_no_api(answer->status, answer->body)) {
    const bool reads = operation == "status";
    const std::string sent = reads ? std::string() : to_json(body);
    return answer_of(ledger, http::ask(socket, reads ? "GET" : "POST", "/v1/" + operation, sent, timeout));
  }
  auto told = answer_of(ledger, answer);
  if (!told || !*told) return told;
  return operation_answer_of(operation, **told);
}

// An object. Empty: no daemon runs.
std::optional<Result<nlohmann::json>> answer_on_status(const LoadedConfiguration& configuration) {
  using Status = Result<nlohmann::json>;
  const std::string& ledger = configuration.settings.ledger;
  const auto status = answer_on(ledger, "status", {}, soon);
  if (!status) return std::nullopt;
  if (!*status) return Status(std::unexpected(status->error()));
  auto parsed = nlohmann::json::parse(**status, nullptr, false);
  if (!parsed.is_object()) return Status(failure(ErrorKind::corrupt, "what it says is no status"));
  return Status(std::move(parsed));
}

// For those to whom a daemon that does not answer is as good as none.
std::optional<nlohmann::json> status_of(const LoadedConfiguration& configuration) {
  auto status = answer_on_status(configuration);
  if (!status || !*status) return std::nullopt;
  return std::move(**status);
}

}  // namespace

std::string socket_of(const std::string& ledger) { return ledger + ".sock"; }

std::optional<Error> daemon_without_ledger(const std::string& ledger) {
  const auto claim = http::claim_of(ledger);
  if (!claim || claim->sentence.empty()) return std::nullopt;
  const std::string process = fmt::format("process {}", claim->process);
  return Error{ErrorKind::unavailable,
               fmt::format("the daemon of this ledger ({}) heals and records nothing: {}", process, claim->sentence),
               fmt::format("put it back as it was, or end {} and start the daemon on what lies there now", process)};
}

std::optional<Result<std::string>> ask_daemon(const LoadedConfiguration& configuration, const std::string& operation,
                                              const OperationBody& body) {
  return answer_on(configuration.settings.ledger, operation, body);
}

std::optional<Result<std::string>> metrics_of_daemon(const LoadedConfiguration& configuration) {
  const std::string& ledger = configuration.settings.ledger;
  return answer_of(ledger, http::ask(socket_of(ledger), "GET", "/metrics", {}, metrics_within));
}

std::vector<std::string> environment_that_differs(const LoadedConfiguration& configuration) {
  if (configuration.environment.empty()) return {};
  const auto status = status_of(configuration);
  if (!status) return {};
  std::vector<std::string> names;
  const auto theirs = status->value("environment", nlohmann::json::object());
  for (const auto& [name, value] : configuration.environment) {
    if (!theirs.is_object() || !theirs.contains(name) || theirs[name] != value) names.push_back(name);
  }
  return names;
}

std::optional<DaemonSign> sign_of_daemon(const LoadedConfiguration& configuration) {
  const auto status = answer_on_status(configuration);
  if (!status) return std::nullopt;
  DaemonSign sign;
  if (!*status) {
    sign.problem = status->error().message;
    return sign;
  }
  const nlohmann::json& parsed = **status;
  const auto number = [&parsed](const char* key) {
    const auto found = parsed.find(key);
    return found != parsed.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
  };
  sign.recovering = parsed.contains("recovering") && parsed["recovering"] == true;
  if (const auto why = parsed.find("not_recorded"); why != parsed.end() && why->is_string()) sign.not_recorded = *why;
  sign.stalls = static_cast<std::uint64_t>(number("stalls"));
  sign.longest_stall_us = number("longest_stall_us");
  for (const auto& engine : parsed.value("engines", nlohmann::json::array())) {
    if (engine.is_object() && engine.contains("late") && engine["late"] == true && engine["engine"].is_string())
      sign.late.push_back(engine["engine"].get<std::string>());
  }
  return sign;
}

std::map<std::string, std::string> standings(const LoadedConfiguration& configuration) {
  const auto status = status_of(configuration);
  if (!status || !status->contains("engines") || !(*status)["engines"].is_array()) return {};
  std::map<std::string, std::string> all;
  const Timestamp now = engine::SystemClock().now();
  for (const auto& engine : (*status)["engines"]) {
    if (!engine.is_object()) continue;
    const auto text = [&engine](const char* key) { return text_in(engine, key); };
    std::string& standing = all[text("engine")];
    standing = text("outcome").empty() ? "not tested yet" : text("outcome");
    if (engine.contains("healing") && engine["healing"] == true) standing += ", healing";
    if (engine.contains("late") && engine["late"] == true) standing += ", late";
    if (status->contains("ledger_elsewhere")) standing += ", not healed: the ledger is elsewhere";
    if (!text("skipped").empty() && text("skipped") != "held") {
      standing += ", " + text("skipped");
      if (const auto until = parse_timestamp(text("until"))) standing += " " + workflows::until_text(*until, now);
    }
    if (!text("snapshot_problem").empty()) standing += ", no snapshot";
  }
  return all;
}

std::map<std::string, AskedWitness> asked_witnesses(const LoadedConfiguration& configuration) {
  const auto status = status_of(configuration);
  if (!status || !status->contains("witnesses") || !(*status)["witnesses"].is_array()) return {};
  std::map<std::string, AskedWitness> all;
  for (const auto& one : (*status)["witnesses"]) {
    if (one.is_object()) all[text_in(one, "key")] = {parse_timestamp(text_in(one, "asked")), text_in(one, "said")};
  }
  return all;
}

}  // namespace autoheal::cli
