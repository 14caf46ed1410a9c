// The rows of the table.
#include "tools/autoheal/protocol/api_operation.hpp"

namespace autoheal::cli {

namespace {

using workflows::Permission;
using Type = ParameterType;

constexpr std::string_view read_ledger = "read the ledger";

const ApiParameter engine_in_path{"engine", "", Type::text, true};
const ApiParameter heal_in_path{"heal", "", Type::text, true};

std::vector<ApiParameter> heal_filters(std::vector<ApiParameter> more = {}) {
  std::vector<ApiParameter> all = {
      {"engine", "--engine"}, {"state", "--state"}, {"since", "--since"}, {"until", "--until"}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

ApiOperation reading(std::string_view id, std::string_view path, Runs runs) {
  ApiOperation one;
  one.id = id;
  one.method = "GET";
  one.path = path;
  one.runs = runs;
  one.what = read_ledger;
  return one;
}

ApiOperation command(std::string_view id, std::string_view path, std::vector<std::string_view> words,
                     std::vector<ApiParameter> in_path = {}, std::vector<ApiParameter> in_query = {}) {
  ApiOperation one = reading(id, path, Runs::command);
  one.words = std::move(words);
  one.in_path = std::move(in_path);
  one.in_query = std::move(in_query);
  return one;
}

ApiOperation listing(ApiOperation one, Paging paging, std::vector<std::string_view> typed) {
  one.paging = paging;
  one.typed = std::move(typed);
  return one;
}

ApiOperation short_list(ApiOperation one, std::vector<std::string_view> typed) {
  one.is_list = true;
  one.typed = std::move(typed);
  return one;
}

ApiOperation answered_in(ApiOperation one, std::string_view content) {
  one.content = content;
  return one;
}

// Its permission and words are those of the operation of this name.
ApiOperation act(std::string_view id, std::string_view path, std::string_view operation,
                 std::vector<ApiParameter> in_path, std::vector<std::string_view> in_body) {
  ApiOperation one;
  one.id = id;
  one.method = "POST";
  one.path = path;
  one.runs = Runs::act;
  one.words = {operation};
  one.in_path = std::move(in_path);
  one.in_body = std::move(in_body);
  return one;
}

void add_engines(std::vector<ApiOperation>& all) {
  all.push_back(reading("listEngines", "/engines", Runs::standing));
  ApiOperation one = reading("getEngine", "/engines/{engine}", Runs::standing);
  one.in_path = {engine_in_path};
  all.push_back(one);
  all.push_back(act("healEngine", "/engines/{engine}/heal", "heal", {engine_in_path}, {"error", "reason"}));
  all.push_back(act("holdEngine", "/engines/{engine}/hold", "hold", {engine_in_path}, {"for_us", "reason"}));
  all.push_back(act("unholdEngine", "/engines/{engine}/unhold", "unhold", {engine_in_path}, {"reason"}));
  all.push_back(act("resetEngine", "/engines/{engine}/reset", "reset", {engine_in_path}, {"reason"}));
  all.push_back(act("adoptBaseline", "/engines/{engine}/adopt", "adopt", {engine_in_path}, {"reason"}));
  all.push_back(act("holdAllEngines", "/hold", "hold", {}, {"for_us", "reason"}));
  all.push_back(act("unholdAllEngines", "/unhold", "unhold", {}, {"reason"}));
  all.push_back(act("resetAllEngines", "/reset", "reset", {}, {"reason"}));
  all.push_back(act("runSelfTest", "/selftest", "selftest", {}, {"engines", "heals", "reason"}));
}

void add_heals(std::vector<ApiOperation>& all) {
  all.push_back(listing(command("listHeals", "/heals", {"heals"}, {}, heal_filters()),
                        {"--before", "heal", 100, 1'000, true}, {"attempts"}));
  all.push_back(command("getHeal", "/heals/{heal}", {"show"}, {heal_in_path}));
  all.push_back(command("getHealPlan", "/heals/{heal}/plan", {"show", "--plan"}, {heal_in_path}));
  ApiOperation page = reading("getHealPage", "/heals/{heal}/page", Runs::reader);
  page.in_path = {heal_in_path};
  all.push_back(answered_in(page, "text/html; charset=utf-8"));
  ApiOperation evidence = reading("getHealEvidence", "/heals/{heal}/evidence", Runs::reader);
  evidence.in_path = {heal_in_path};
  all.push_back(answered_in(evidence, "application/gzip"));
  all.push_back(command("replayHeal", "/heals/{heal}/replay", {"replay"}, {heal_in_path}, {{"at", "--at"}}));
  all.push_back(command("askWhatIf", "/heals/{heal}/what-if", {"replay"}, {heal_in_path},
                        {{"change", "--what-if", Type::text, true}}));
  all.push_back(
      command("compareHeals", "/heals/{heal}/diff", {"diff"}, {heal_in_path}, {{"with", "", Type::text, true}}));
  all.push_back(act("cancelHeal", "/heals/{heal}/cancel", "cancel", {heal_in_path}, {"reason"}));
  all.push_back(act("rollBackHeal", "/heals/{heal}/rollback", "rollback", {heal_in_path}, {"reason"}));
}

void add_audit(std::vector<ApiOperation>& all) {
  all.push_back(listing(
      command("listEntries", "/audit", {"audit"}, {},
              heal_filters({{"heal", "--heal"}, {"actor", "--actor"}, {"type", "--type"}, {"strategy", "--strategy"}})),
      {"--after", "seq", 100, 1'000, false}, {"seq", "data"}));
  all.push_back(command("summarizeHeals", "/audit/summary", {"audit", "summary"}, {},
                        {{"since", "--since"}, {"until", "--until"}, {"compare", "--compare"}}));
  all.push_back(command("showCoverage", "/audit/coverage", {"audit", "coverage"}, {},
                        {{"engine", "--engine"}, {"since", "--since"}, {"until", "--until"}}));
}

void add_ledger(std::vector<ApiOperation>& all) {
  all.push_back(command("getLedger", "/ledger", {"ledger", "stats"}));
  all.push_back(answered_in(command("getCheckpoint", "/ledger/checkpoint", {"ledger", "checkpoint"}),
                            "text/plain; charset=utf-8"));
  all.push_back(answered_in(command("getKey", "/ledger/key", {"ledger", "key"}), "text/plain; charset=utf-8"));
  all.push_back(command("proveEntry", "/ledger/entries/{seq}/proof", {"ledger", "prove", "--format=json"},
                        {{"seq", "--seq", Type::number, true}}));
  all.push_back(
      command("proveGrowth", "/ledger/growth", {"ledger", "prove"}, {}, {{"from", "--from", Type::number, true}}));
  ApiOperation entries = reading("exportLedger", "/ledger/export", Runs::stream);
  entries.in_query = {{"since_seq", "", Type::number}};
  all.push_back(answered_in(entries, "application/jsonl"));
  all.push_back(act("signCheckpoint", "/ledger/sign", "sign", {}, {"reason"}));
  all.push_back(act("acceptRollback", "/ledger/accept-rollback", "accept_rollback", {}, {"reason"}));
  all.push_back(act("rotateKey", "/ledger/rotate-key", "rotate_key", {}, {"reason"}));
  all.push_back(act("archiveEntries", "/ledger/archive", "archive", {}, {"before_us", "file", "reason"}));
  all.push_back(
      short_list(command("listWitnesses", "/ledger/witnesses", {"ledger", "witness", "list"}), {"saw_entries"}));
  all.push_back(act("addWitness", "/ledger/witnesses", "add_witness", {}, {"key", "reason"}));
  all.push_back(act("removeWitness", "/ledger/witnesses/remove", "remove_witness", {}, {"key", "reason"}));
  all.push_back(act("acceptCosignatures", "/ledger/cosignatures", "cosign", {}, {"note", "reason"}));
}

// It may take long: the answer is the job.
ApiOperation begun_job(std::string_view id, std::string_view path, std::vector<std::string_view> words,
                       std::vector<std::string_view> in_body) {
  ApiOperation one = reading(id, path, Runs::job);
  one.method = "POST";
  one.words = std::move(words);
  one.in_body = std::move(in_body);
  one.status = 202;
  return one;
}

void add_jobs(std::vector<ApiOperation>& all) {
  all.push_back(begun_job("verifyLedger", "/ledger/verify", {"ledger", "verify"}, {}));
  all.push_back(
      begun_job("testConfiguration", "/back-test", {"replay", "--all", "--with=-"}, {"configuration", "since"}));
  ApiOperation dry_run = begun_job("planHeal", "/engines/{engine}/dry-run", {"heal", "--dry-run"}, {"error"});
  dry_run.in_path = {engine_in_path};
  dry_run.permission = Permission::heal;
  dry_run.what = "heal";
  all.push_back(dry_run);
  all.push_back(reading("listJobs", "/jobs", Runs::job));
  ApiOperation one = reading("getJob", "/jobs/{job}", Runs::job);
  one.in_path = {{"job", "", Type::text, true}};
  all.push_back(one);
  one.id = "cancelJob";
  one.method = "POST";
  one.path = "/jobs/{job}/cancel";
  all.push_back(one);
}

void add_tokens(std::vector<ApiOperation>& all) {
  const ApiParameter token_in_path{"token", "", Type::text, true};
  ApiOperation list = reading("listTokens", "/tokens", Runs::reader);
  list.permission = Permission::administer;
  list.what = "list tokens";
  list.words = {"token_list"};
  all.push_back(list);
  all.push_back(
      act("createToken", "/tokens", "token_create", {}, {"principal", "role", "for_us", "engines", "reason"}));
  all.push_back(act("revokeToken", "/tokens/{token}/revoke", "token_revoke", {token_in_path}, {"reason"}));
  all.push_back(act("rotateToken", "/tokens/{token}/rotate", "token_rotate", {token_in_path}, {"for_us", "reason"}));
}

void add_rest(std::vector<ApiOperation>& all) {
  all.push_back(command("getConfiguration", "/configuration", {"config", "show"}));
  all.push_back(reading("listReports", "/reports", Runs::reader));
  ApiOperation report = reading("getReport", "/reports/{report}", Runs::reader);
  report.in_path = {{"report", "", Type::text, true}};
  all.push_back(report);
  ApiOperation bus = reading("followBus", "/bus", Runs::stream);
  bus.in_query = {{"topics", ""}, {"engine", ""}, {"from", ""}};
  all.push_back(answered_in(bus, "text/event-stream"));
  all.push_back(
      short_list(command("listWebhooks", "/webhooks", {"webhook", "list"}), {"place", "behind", "dead_letters"}));
  all.push_back(act("publishOnBus", "/bus", "publish", {}, {"topic", "payload", "reason"}));
  ApiOperation status = act("getStatus", "/status", "status", {}, {});
  status.method = "GET";
  all.push_back(status);
  all.push_back(act("recordRefusal", "/refusals", "denied", {}, {"what", "reason"}));
  all.push_back(reading("getOpenApi", "/openapi.json", Runs::here));
}

std::vector<ApiOperation> all_operations() {
  std::vector<ApiOperation> all;
  add_engines(all);
  add_heals(all);
  add_audit(all);
  add_ledger(all);
  add_jobs(all);
  add_tokens(all);
  add_rest(all);
  return all;
}

}  // namespace

std::span<const ApiOperation> api_operations() {
  static const std::vector<ApiOperation> all = all_operations();
  return all;
}

}  // namespace autoheal::cli
