#include "tools/autoheal/healer/operations.hpp"

#include <fmt/core.h>

#include <set>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"
#include "autoheal/workflows/supervision/adopted_baseline.hpp"
#include "autoheal/workflows/supervision/published_event.hpp"
#include "tools/autoheal/healer/adopt_baseline.hpp"
#include "tools/autoheal/healer/report.hpp"
#include "tools/autoheal/output/self_test_report.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"
#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {

namespace asio = boost::asio;
using namespace workflows;

namespace {

constexpr Duration longest_hold = std::chrono::hours(24 * 365);
constexpr std::size_t longest_text_of_denied_bytes = 500;  // nobody fills the ledger with what is refused
constexpr Duration usual_hold = std::chrono::hours(1);

Result<std::string> refused(Error error) { return std::unexpected(std::move(error)); }

// The engines asked for and all that they need; all of them where none was asked for.
Result<std::vector<EngineToTest>> engines_of_run(const LoadedConfiguration& configuration,
                                                 const std::vector<std::string>& asked) {
  const auto& engines = configuration.settings.engines;
  std::set<std::string> wanted;
  std::vector<std::string> todo = asked;
  for (const EngineSpec& spec : engines) {
    if (asked.empty()) todo.push_back(spec.name);
  }
  while (!todo.empty()) {
    const std::string name = todo.back();
    todo.pop_back();
    const EngineSpec* spec = configuration.find(name);
    if (spec == nullptr)
      return failure(ErrorKind::not_found, fmt::format("there is no engine \"{}\"", name),
                     "`autoheal engines` lists them");
    if (!wanted.insert(name).second) continue;
    todo.insert(todo.end(), spec->depends_on.begin(), spec->depends_on.end());
  }
  std::vector<EngineToTest> run;
  for (const EngineSpec& spec : engines) {
    if (wanted.contains(spec.name)) run.push_back({spec.name, spec.depends_on});
  }
  return run;
}

}  // namespace

struct Operations::Kind {
  Permission permission;
  std::string what;  // "may not <what>"
  std::vector<std::string_view> keys;
  Answer (Operations::*function)(OperationBody, Requester);
};

const std::map<std::string, Operations::Kind>& Operations::kinds() {
  static const std::map<std::string, Kind> all = {
      {"heal", {Permission::heal, "heal", {"engine", "error", "reason"}, &Operations::heal}},
      {"selftest",
       {Permission::run_self_test, "run self-tests", {"engines", "heals", "reason"}, &Operations::self_test}},
      {"cancel", {Permission::heal, "cancel heals", {"heal", "reason"}, &Operations::cancel}},
      {"rollback", {Permission::heal, "roll back heals", {"heal", "reason"}, &Operations::roll_back}},
      {"hold", {Permission::hold, "hold engines", {"engine", "for_us", "reason"}, &Operations::hold}},
      {"unhold", {Permission::hold, "give engines back", {"engine", "reason"}, &Operations::unhold}},
      {"reset", {Permission::heal, "reset brakes", {"engine", "reason"}, &Operations::reset}},
      {"adopt", {Permission::administer, "adopt baselines", {"engine", "reason"}, &Operations::adopt}},
      {"publish",
       {Permission::run_self_test, "publish on the bus", {"topic", "payload", "reason"}, &Operations::publish}},
      {"sign", {Permission::run_self_test, "sign checkpoints", {"reason"}, &Operations::sign_checkpoint}},
      {"accept_rollback",
       {Permission::administer, "accept a restored ledger", {"reason"}, &Operations::accept_rollback}},
      {"rotate_key", {Permission::administer, "change the signing key", {"reason"}, &Operations::rotate_key}},
      {"add_witness",
       {Permission::administer, "say who is a witness of the ledger", {"key", "reason"}, &Operations::add_witness}},
      {"remove_witness",
       {Permission::administer, "say who is a witness of the ledger", {"key", "reason"}, &Operations::remove_witness}},
      {"cosign", {Permission::run_self_test, "hand in cosignatures", {"note", "reason"}, &Operations::cosign}},
      {"archive", {Permission::administer, "archive entries", {"before_us", "file", "reason"}, &Operations::archive}},
      {"token_create",
       {Permission::administer,
        "make tokens",
        {"principal", "role", "for_us", "engines", "reason"},
        &Operations::create_token}},
      {"token_list", {Permission::administer, "list tokens", {"reason"}, &Operations::list_tokens}},
      {"token_revoke", {Permission::administer, "revoke tokens", {"token", "reason"}, &Operations::revoke_token}},
      {"token_rotate",
       {Permission::administer, "replace tokens", {"token", "for_us", "reason"}, &Operations::rotate_token}},
      {"status", {Permission::read, "read how engines stand", {}, &Operations::status}},
  };
  return all;
}

std::pair<Permission, std::string> Operations::permission_of(const std::string& name) {
  const Kind& kind = kinds().at(name);
  return {kind.permission, kind.what};
}

asio::awaitable<Result<std::string>> Operations::perform(std::string name, std::string body, Requester who) {
  if (name == "denied") {
    static constexpr std::string_view keys[] = {"what", "reason"};
    auto told = read_operation_body(body, keys);
    AUTOHEAL_CO_TRY(told);
    co_return co_await denied(std::move(*told), std::move(who));
  }
  const auto kind = kinds().find(name);
  if (kind == kinds().end()) co_return failure(ErrorKind::not_found, "there is no operation of this name");
  auto read = read_operation_body(body, kind->second.keys);
  if (!allows(who.principal.role, kind->second.permission)) {
    if (read) who.by.reason = healer_.parts.secrets.mask(read->reason);
    co_return co_await refuse(kind->second.what, who);
  }
  AUTOHEAL_CO_TRY(read);
  who.by.reason = healer_.parts.secrets.mask(read->reason);
  // Nobody would find what is recorded now.
  healer_.recording.look_at_place();
  if (const std::string& elsewhere = healer_.recording.ledger_elsewhere(); !elsewhere.empty() && name != "status") {
    co_return failure(ErrorKind::unavailable, "nothing is healed or recorded: " + elsewhere,
                      "put it back as it was, or stop the daemon and start it on what lies there now");
  }
  // How things stand can be said at any time; whatever else is asked may concern a heal that is not read yet.
  if (name != "status") co_await healer_.recovery->until_recovered();
  co_return co_await (this->*kind->second.function)(std::move(*read), std::move(who));
}

Operations::Answer Operations::refuse(const std::string& what, const Requester& who) {
  OperationBody told;
  told.what = what;
  (void)co_await denied(std::move(told), who);  // a refusal stands even where it cannot be recorded
  const std::string role =
      who.principal.role == Role::none ? "has no role here" : "is only " + std::string(name_of(who.principal.role));
  co_return failure(ErrorKind::refused,
                    fmt::format("{} may not {}: {} {}", who.principal.name, what, who.principal.name, role),
                    "roles stand under `principals:` in " + healer_.in_force.configuration()->settings.file);
}

Operations::Answer Operations::denied(OperationBody body, Requester who) {
  engine::NewEntry entry;
  entry.type = "access.denied";
  entry.time = healer_.parts.clock.now();
  entry.actor = who.principal.name;
  JsonWriter data;
  std::string wanted = healer_.parts.secrets.mask(body.what);
  if (wanted.size() > longest_text_of_denied_bytes) wanted.resize(longest_text_of_denied_bytes);
  data.begin_object().field("wanted", wanted);
  data.field("role", name_of(who.principal.role)).field("uid", who.by.uid).field("via", who.by.via);
  if (!body.reason.empty()) who.by.reason = healer_.parts.secrets.mask(body.reason);
  if (who.by.reason.size() > longest_text_of_denied_bytes) who.by.reason.resize(longest_text_of_denied_bytes);
  write_by(data, who.by);
  entry.data = data.end_object().take();
  const auto recorded = co_await healer_.recording.record(std::move(entry));
  AUTOHEAL_CO_TRY(recorded);
  co_return said("recorded");
}

Result<EngineToHeal> Operations::engine(const std::string& name) const {
  if (auto found = healer_.in_force.find_engine(name)) return std::move(*found);
  const auto configuration = healer_.in_force.configuration();
  std::vector<std::string> names;
  for (const EngineSpec& spec : configuration->settings.engines) names.push_back(spec.name);
  const std::string meant = config::did_you_mean(name, names);
  return failure(ErrorKind::not_found,
                 fmt::format("there is no engine \"{}\" in {}", valid_utf8(name), configuration->settings.file),
                 meant.empty() ? "`autoheal engines` lists them" : meant);
}

Result<void> Operations::engine_or_all(const std::string& name) const {
  if (name.empty()) return {};
  AUTOHEAL_TRY(engine(name));
  return {};
}

Operations::Answer Operations::heal(OperationBody body, Requester who) {
  if (!who.begun.empty()) co_return co_await begun_heal(std::move(body.engine), std::move(who.begun));
  const auto found = engine(body.engine);
  if (!found) co_return refused(found.error());
  HealResult result;
  result.engine = body.engine;
  if (!body.error) {
    EngineToHeal tested = *found;
    const TestReport report = co_await healer_.workflows->trigger().hooks.test(std::move(tested));
    if (report.tested.outcome == TestOutcome::passed) co_return heal_answer(std::nullopt);
    if (report.tested.outcome == TestOutcome::unknown) {
      result.error = fmt::format("the self-test of {} could not be made: {}", body.engine, report.tested.error);
      co_return heal_answer(result);
    }
    body.error = report.tested.error;
  }
  TestFailure failure;  // named: g++ 12 destroys braced temporaries of a co_await twice
  failure.error = healer_.parts.secrets.mask(*body.error);
  failure.asked_for = true;
  failure.idempotency_key = std::move(who.idempotency_key);
  result =
      co_await healer_.workflows->trigger().heal_engine(std::move(body.engine), std::move(failure), std::move(who.by));
  if (result.heal.empty() && result.reason == not_recorded)
    co_return refused({ErrorKind::unavailable, result.error, "autoheal doctor"});
  co_return heal_answer(result);
}

// The same answer as it gave, or would have given, to who began it.
Operations::Answer Operations::begun_heal(std::string engine, std::string heal) {
  const auto& open = healer_.workflows->trigger().open_heals();
  if (const auto found = open.find(engine); found != open.end() && found->second == heal) {
    const HealResult result = co_await healer_.workflows->trigger().wait_for(std::move(engine), std::move(heal));
    co_return heal_answer(result);
  }
  const auto result = healer_.recovery->result_of_ended(heal);
  if (!result)
    co_return failure(ErrorKind::unavailable, fmt::format("what became of heal {} cannot be read", heal),
                      "autoheal ledger verify");
  co_return heal_answer(result);
}

Operations::Answer Operations::self_test(OperationBody body, Requester who) {
  if (body.heals.value_or(false) && !allows(who.principal.role, Permission::heal))
    co_return co_await refuse(kinds().at("heal").what, who);
  const auto configuration = healer_.in_force.configuration();
  auto engines = engines_of_run(*configuration, body.engines);
  if (!engines) co_return refused(engines.error());
  SelfTestStarted facts;
  facts.test_id = report_id(configuration->settings.reports, healer_.parts.clock.now());
  facts.engines = std::move(*engines);
  facts.heals = body.heals.value_or(allows(who.principal.role, Permission::heal));
  facts.by = who.by;
  SelfTestInput begin = BeginSelfTest{std::move(facts)};
  const auto stream = co_await healer_.parts.runtime->start<SelfTest>(std::move(begin));
  if (!stream) co_return refused(stream.error());
  if (hooks_.self_test_began) hooks_.self_test_began(*stream);
  std::string name = *stream;
  const auto run = co_await healer_.parts.runtime->finished<SelfTest>(std::move(name));
  if (!run) co_return refused(run.error());
  if (!run->completed)
    co_return refused(
        {ErrorKind::failed, "the run did not end: Autoheal itself is at fault", "see what it said before"});
  RunAnswer answer;
  answer.run = *run;
  answer.report = report_of(*run);
  const auto report = write_report(configuration->settings.reports, run->facts.test_id, answer.report);
  if (report) answer.report_path = report->string();
  if (!report) answer.problem = report.error().message;
  co_return run_answer(answer);
}

Result<std::string> Operations::heal_named(const std::string& written) const {
  const auto reader = store::LedgerReader::open(healer_.in_force.configuration()->settings.ledger);
  AUTOHEAL_TRY(reader);
  return find_heal(**reader, written);
}

Operations::Answer Operations::cancel(OperationBody body, Requester who) {
  const auto heal = heal_named(body.heal);
  if (!heal) co_return refused(heal.error());
  const auto* state = healer_.parts.runtime->runner().state<Heal>(*heal);
  if (state == nullptr) {
    co_return failure(ErrorKind::failed, fmt::format("heal {} has ended: there is nothing to cancel", *heal),
                      "autoheal show " + *heal);
  }
  std::string engine = state->request->engine;
  healer_.parts.runtime->runner().submit<Heal>(*heal, Cancel{EndReason::cancelled, who.by});
  std::string id = *heal;
  const HealResult result = co_await healer_.workflows->trigger().wait_for(std::move(engine), std::move(id));
  co_return heal_answer(result);
}

Operations::Answer Operations::roll_back(OperationBody body, Requester who) {
  const auto heal = heal_named(body.heal);
  if (!heal) co_return refused(heal.error());
  std::string id = *heal;
  const auto state = co_await healer_.recovery->roll_back_again(std::move(id), std::move(who.by));
  if (!state) co_return refused(state.error());
  co_return undo_answer(state->attempt ? state->attempt->undone : std::map<unsigned, UndoOutcome>());
}

Operations::Answer Operations::hold(OperationBody body, Requester who) {
  if (auto known = engine_or_all(body.engine); !known) co_return refused(known.error());
  const Duration time = body.for_us ? Duration(*body.for_us) : usual_hold;
  if (time <= Duration{0} || time > longest_hold) {
    co_return failure(ErrorKind::invalid, "an engine is held for a moment up to 365 days",
                      "for example: autoheal hold NAME --for 2h --reason 'new certificate'");
  }
  const Timestamp now = healer_.parts.clock.now();
  auto entry = engine_held(body.engine, now + time, who.by, now);
  const auto recorded = co_await healer_.recording.record(std::move(entry));
  if (!recorded) co_return refused(recorded.error());
  if (hooks_.hold_changed) hooks_.hold_changed(body.engine);
  co_return said(fmt::format("{} held until {}: tested, not healed",
                             body.engine.empty() ? "all engines are" : body.engine + " is",
                             format_timestamp_ms(now + time)));
}

Operations::Answer Operations::unhold(OperationBody body, Requester who) {
  if (auto known = engine_or_all(body.engine); !known) co_return refused(known.error());
  auto entry = engine_unheld(body.engine, who.by, healer_.parts.clock.now());
  const auto recorded = co_await healer_.recording.record(std::move(entry));
  if (!recorded) co_return refused(recorded.error());
  if (hooks_.hold_changed) hooks_.hold_changed(body.engine);
  const auto still = body.engine.empty() ? std::nullopt : healer_.in_force.hold_on(body.engine);
  if (still) {
    co_return said(fmt::format("{} is still held with all engines until {} (autoheal unhold --all)", body.engine,
                               format_timestamp_ms(still->until)));
  }
  co_return said((body.engine.empty() ? "all engines are" : body.engine + " is") + " healed again when it fails");
}

Operations::Answer Operations::reset(OperationBody body, Requester who) {
  if (auto known = engine_or_all(body.engine); !known) co_return refused(known.error());
  auto entry = engine_reset(body.engine, who.by, healer_.parts.clock.now());
  const auto recorded = co_await healer_.recording.record(std::move(entry));
  if (!recorded) co_return refused(recorded.error());
  if (hooks_.was_reset) hooks_.was_reset(body.engine);
  co_return said((body.engine.empty() ? "all engines:" : body.engine + ":") +
                 " pauses after failed heals are over, counting begins anew");
}

Operations::Answer Operations::adopt(OperationBody body, Requester who) {
  const auto found = engine(body.engine);
  if (!found) co_return refused(found.error());
  const auto job = [this, spec = found->spec] { return baseline_as_it_is(*healer_.parts.host, *spec); };
  const auto now = co_await healer_.jobs.on_pool(job);
  if (!now) co_return refused(now.error());
  auto entry = baseline_adopted(body.engine, *now, who.by, healer_.parts.clock.now());
  const auto recorded = co_await healer_.recording.record(std::move(entry));
  if (!recorded) co_return refused(recorded.error());
  co_return table_answer(table_of(*now));
}

Operations::Answer Operations::publish(OperationBody body, Requester who) {
  const auto& secrets = healer_.parts.secrets;
  const std::string payload = body.payload.empty() ? "{}" : secrets.mask(body.payload);
  auto entry = bus_published(secrets.mask(body.topic), payload, who.by, healer_.parts.clock.now());
  if (!entry) co_return refused(entry.error());
  const auto recorded = co_await healer_.recording.record(std::move(*entry));
  if (!recorded) co_return refused(recorded.error());
  co_return said(fmt::format("published: {}", body.topic));
}

Operations::Answer Operations::status(OperationBody, Requester) {
  if (!hooks_.status) co_return failure(ErrorKind::not_found, "no daemon runs here");
  co_return hooks_.status();
}

}  // namespace autoheal::cli
