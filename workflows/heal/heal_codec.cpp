// Heal entries as ledger text and back. The only place that knows the keys of heal.* data.

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/own_json.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"
#include "autoheal/workflows/heal/heal_machine.hpp"
#include "autoheal/workflows/plan/plan_codec.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::string_view entry_types[] = {"heal.triggered",
                                            "heal.trigger_joined",
                                            "heal.repair_started",
                                            "heal.plan_recorded",
                                            "heal.plan_certified",
                                            "heal.plan_refused",
                                            "heal.change_intended",
                                            "heal.change_applied",
                                            "heal.repair_finished",
                                            "heal.repair_failed",
                                            "heal.certification_started",
                                            "heal.certified",
                                            "heal.certification_refused",
                                            "heal.rollback_started",
                                            "heal.undo_intended",
                                            "heal.undo_applied",
                                            "heal.rolled_back",
                                            "heal.retry_scheduled",
                                            "heal.resumed",
                                            "heal.cancel_requested",
                                            "heal.completed",
                                            "heal.exhausted",
                                            "heal.images_kept"};
static_assert(std::size(entry_types) == std::variant_size_v<HealEntry>);

constexpr std::pair<EndReason, std::string_view> end_reasons[] = {
    {EndReason::attempts_exhausted, "attempts_exhausted"},
    {EndReason::cancelled, "cancelled"},
    {EndReason::disabled, "disabled"},
    {EndReason::engine_removed, "engine_removed"},
    {EndReason::dependency_failed, "dependency_failed"},
    {EndReason::flapping, "flapping"},
    {EndReason::crash_loop, "crash_loop"},
    {EndReason::rollback_incomplete, "rollback_incomplete"},
    {EndReason::held, "held"},
    {EndReason::defect, "defect"}};

Strategy read_strategy(const OwnJson& j) {
  const std::string_view word = j.text();
  for (const Strategy strategy : {Strategy::arie, Strategy::chimera, Strategy::cascade, Strategy::generic}) {
    if (name_of(strategy) == word) return strategy;
  }
  throw std::invalid_argument("\"" + std::string(word) + "\" is not a strategy");
}

EndReason read_end_reason(const OwnJson& j) {
  const auto reason = parse_end_reason(j.text());
  if (!reason) throw std::invalid_argument("\"" + j.get<std::string>() + "\" is not a reason to end");
  return *reason;
}

template <class T>
void write_each(JsonWriter& out, std::string_view key, const std::vector<T>& list) {
  out.key(key).begin_array();
  for (const T& item : list) write(out, item);
  out.end_array();
}

template <class T>
void read_each(const OwnJson& j, const char* key, std::vector<T>& list) {
  for (const OwnJson item : j.at(key)) read(item, list.emplace_back());
}

void write_last_lines(JsonWriter& out, const LastLines& lines) {
  if (lines.empty()) return;
  out.key("last_lines").begin_array();
  for (const std::string& line : lines) out.value(line);
  out.end_array();
}

void write_refusals(JsonWriter& out, const std::vector<Refusal>& refusals) {
  out.key("refusals").begin_array();
  for (const Refusal& refusal : refusals) {
    out.begin_object().field("criterion", refusal.criterion).field("reason", refusal.reason).end_object();
  }
  out.end_array();
}

void read_refusals(const OwnJson& j, std::vector<Refusal>& refusals) {
  for (const OwnJson item : j.at("refusals")) refusals.push_back({item.at("criterion"), item.at("reason")});
}

constexpr std::string_view workflow_family = "heal/";

std::string workflow_name(unsigned version) { return std::string(workflow_family) + std::to_string(version); }

// A heal that a later version decided is none of this program's: half by its rules and half by ours it would be
// neither.
struct LaterVersion {
  unsigned version;
};

unsigned read_version(const OwnJson& j) {
  const std::string_view name = j.text();
  const bool ours = name.starts_with(workflow_family);
  const unsigned version = ours ? parse_number<unsigned>(name.substr(workflow_family.size())).value_or(0) : 0;
  if (version == 0) throw std::invalid_argument("\"" + std::string(name) + "\" is no version of the heal workflow");
  if (version > Heal::version) throw LaterVersion{version};
  return version;
}

// A heal that went over to later rules is out of reach of programs from before there was such a thing.
unsigned dataversion_of(const HealEntry& entry) {
  const auto* resumed = std::get_if<Resumed>(&entry);
  return resumed != nullptr && resumed->version != 0 ? 2 : 1;
}
unsigned newest_dataversion(std::string_view entry_type) { return entry_type == "heal.resumed" ? 2 : 1; }

struct EntryWriter {
  JsonWriter& out;

  void operator()(const Triggered& e) {
    out.field("workflow", workflow_name(e.version)).field("strategy", name_of(e.strategy));
    out.field("max_retries", e.max_retries).field("retry_delay_us", e.retry_delay);
    out.field("configuration", e.configuration).optional_field("error", e.error);
    if (e.waits) out.field("waits", true);
    if (!e.needs.empty()) {
      out.key("needs").begin_array();
      for (const std::string& name : e.needs) out.value(name);
      out.end_array();
    }
    out.field("at", format_timestamp(e.at));
    write_by(out, e.by);
  }
  void operator()(const TriggerJoined& e) {
    out.optional_field("error", e.error);
    write_by(out, e.by);
  }
  void operator()(const RepairStarted&) {}
  void operator()(const PlanRecorded& e) {
    out.key("observation");
    write(out, e.observation);
    out.key("plan");
    write(out, e.plan);
    if (e.may_change) out.field("may_change", *e.may_change);
    out.optional_field("adopted_baseline", e.adopted_baseline);
  }
  void operator()(const PlanCertified& e) { out.field("plan_digest", e.plan_digest); }
  void operator()(const PlanRefused& e) { write_refusals(out, e.refusals); }
  void operator()(const ChangeIntended& e) { out.field("number", e.number).optional_field("captured", e.captured); }
  void operator()(const ChangeApplied& e) { write_each(out, "changes", e.outcomes); }
  void operator()(const RepairFinished& e) {
    // The contract fixes these two keys and their order at the head of this entry.
    out.field("strategy", name_of(e.strategy)).field("action", action_of(e.strategy));
    write_each(out, "changes", e.outcomes);
  }
  void operator()(const RepairFailed& e) {
    out.field("cause", e.cause).field("message", e.message);
    write_each(out, "changes", e.outcomes);
    write_last_lines(out, e.last_lines);
    if (!e.observation) return;
    out.key("observation");
    write(out, *e.observation);
  }
  void operator()(const CertificationStarted&) {}
  void operator()(const Certified& e) {
    out.field("configuration", e.configuration).optional_field("adopted_baseline", e.adopted_baseline);
    out.field("plan_digest", e.plan_digest).field("autoheal_version", e.program_version);
    out.field("autoheal_sha256", e.program_sha256).key("evidence");
    write(out, e.evidence);
  }
  void operator()(const CertificationRefused& e) {
    write_refusals(out, e.refusals);
    out.key("evidence");
    write(out, e.evidence);
    out.optional_field("adopted_baseline", e.adopted_baseline);
    write_last_lines(out, e.last_lines);
  }
  void operator()(const RollbackStarted& e) {
    if (e.again) out.field("again", true);
    write_by(out, e.by);
  }
  void operator()(const UndoIntended& e) { out.field("number", e.number); }
  void operator()(const UndoApplied& e) { write_each(out, "changes", e.outcomes); }
  void operator()(const RolledBack& e) { write_each(out, "changes", e.outcomes); }
  void operator()(const RetryScheduled& e) {
    out.field("next_attempt", e.next_attempt).field("due", format_timestamp(e.due)).field("delay_us", e.delay);
  }
  void operator()(const Resumed& e) {
    out.field("resumption", e.resumption);
    if (e.version == 0) return;
    out.field("workflow_before", workflow_name(e.version_before)).field("workflow", workflow_name(e.version));
  }
  void operator()(const CancelRequested& e) {
    out.field("reason", name_of(e.reason));
    write_by(out, e.by);
  }
  void operator()(const Completed& e) { out.field("attempts", e.attempts).field("took_us", e.took); }
  void operator()(const Exhausted& e) {
    out.field("attempts", e.attempts).field("reason", name_of(e.reason));
    out.optional_field("message", e.message).field("took_us", e.took);
    write_last_lines(out, e.last_lines);
  }
  void operator()(const ImagesKept& e) {
    out.key("kept").begin_array();
    for (const std::string& one : e.kept) out.value(one);
    out.end_array();
  }
};

Timestamp read_time(const OwnJson& j) {
  const auto time = parse_timestamp(j.text());
  if (!time) throw std::invalid_argument("not a time: " + j.get<std::string>());
  return *time;
}

struct EntryReader {
  const OwnJson& j;

  void operator()(Triggered& e) {
    e.version = read_version(j.at("workflow"));
    e.strategy = read_strategy(j.at("strategy"));
    e.max_retries = j.at("max_retries");
    e.retry_delay = Duration(j.at("retry_delay_us").get<std::int64_t>());
    e.configuration = j.at("configuration");
    e.error = j.value("error", std::string());
    e.waits = j.value("waits", false);
    e.needs = j.value("needs", std::vector<std::string>());
    e.at = read_time(j.at("at"));
    e.engine = j.at("engine");
    read_by(j, e.by);
  }
  void operator()(TriggerJoined& e) {
    e.error = j.value("error", std::string());
    read_by(j, e.by);
  }
  void operator()(RepairStarted& e) { e.attempt = j.at("attempt"); }
  void operator()(PlanRecorded& e) {
    read(j.at("observation"), e.observation);
    read(j.at("plan"), e.plan);
    if (j.contains("may_change")) e.may_change = j.at("may_change").get<bool>();
    e.adopted_baseline = j.value("adopted_baseline", std::string());
  }
  void operator()(PlanCertified& e) { e.plan_digest = j.at("plan_digest"); }
  void operator()(PlanRefused& e) { read_refusals(j, e.refusals); }
  void operator()(ChangeIntended& e) {
    e.number = j.at("number");
    e.captured = j.value("captured", std::string());
  }
  void operator()(ChangeApplied& e) { read_each(j, "changes", e.outcomes); }
  void operator()(RepairFinished& e) {
    e.strategy = read_strategy(j.at("strategy"));
    read_each(j, "changes", e.outcomes);
  }
  void operator()(RepairFailed& e) {
    e.cause = j.at("cause");
    e.message = j.at("message");
    read_each(j, "changes", e.outcomes);
    if (j.contains("observation")) read(j.at("observation"), e.observation.emplace());
    e.last_lines = j.value("last_lines", LastLines());
  }
  void operator()(CertificationStarted&) {}
  void operator()(Certified& e) {
    e.configuration = j.at("configuration");
    e.adopted_baseline = j.value("adopted_baseline", std::string());
    e.plan_digest = j.at("plan_digest");
    e.program_version = j.at("autoheal_version");
    e.program_sha256 = j.at("autoheal_sha256");
    read(j.at("evidence"), e.evidence);
  }
  void operator()(CertificationRefused& e) {
    read_refusals(j, e.refusals);
    read(j.at("evidence"), e.evidence);
    e.adopted_baseline = j.value("adopted_baseline", std::string());
    e.last_lines = j.value("last_lines", LastLines());
  }
  void operator()(RollbackStarted& e) {
    e.again = j.value("again", false);
    read_by(j, e.by);
  }
  void operator()(UndoIntended& e) { e.number = j.at("number"); }
  void operator()(UndoApplied& e) { read_each(j, "changes", e.outcomes); }
  void operator()(RolledBack& e) { read_each(j, "changes", e.outcomes); }
  void operator()(RetryScheduled& e) {
    e.next_attempt = j.at("next_attempt");
    e.due = read_time(j.at("due"));
    e.delay = Duration(j.at("delay_us").get<std::int64_t>());
  }
  void operator()(Resumed& e) {
    e.resumption = j.at("resumption");
    if (!j.contains("workflow")) return;
    e.version_before = read_version(j.at("workflow_before"));
    e.version = read_version(j.at("workflow"));
  }
  void operator()(CancelRequested& e) {
    e.reason = read_end_reason(j.at("reason"));
    read_by(j, e.by);
  }
  void operator()(Completed& e) {
    e.attempts = j.at("attempts");
    e.took = Duration(j.at("took_us").get<std::int64_t>());
  }
  void operator()(Exhausted& e) {
    e.attempts = j.at("attempts");
    e.reason = read_end_reason(j.at("reason"));
    e.message = j.value("message", std::string());
    e.took = Duration(j.at("took_us").get<std::int64_t>());
    e.last_lines = j.value("last_lines", LastLines());
  }
  void operator()(ImagesKept& e) { e.kept = j.at("kept").get<std::vector<std::string>>(); }
};

// Every entry of an attempt names it; kept at the end of the data, behind what the entry itself is about.
template <class E>
concept OfAttempt = requires(E e) { e.attempt; };

template <std::size_t Index = 0>
HealEntry empty_entry(std::size_t index) {
  if constexpr (Index + 1 < std::variant_size_v<HealEntry>) {
    if (index != Index) return empty_entry<Index + 1>(index);
  }
  return HealEntry(std::in_place_index<Index>);
}

}  // namespace

std::string_view type_of(const HealEntry& entry) { return entry_types[entry.index()]; }

std::string_view name_of(EndReason reason) {
  for (const auto& [known, word] : end_reasons) {
    if (known == reason) return word;
  }
  return "unknown";
}

std::optional<EndReason> parse_end_reason(std::string_view text) {
  for (const auto& [reason, word] : end_reasons) {
    if (word == text) return reason;
  }
  return std::nullopt;
}

engine::Envelope Heal::envelope(const State& state, const Entry& entry) {
  return {type_of(entry), dataversion_of(entry), state.by.principal, state.engine};
}

engine::Encoded Heal::encode(const State& state, const Entry& entry) {
  JsonWriter out;
  out.begin_object();
  std::visit(EntryWriter{out}, entry);
  std::visit(
      [&out]<class E>(const E& one) {
        if constexpr (OfAttempt<E>) out.field("attempt", one.attempt);
        if constexpr (std::same_as<E, Triggered>) out.field("engine", one.engine);
      },
      entry);
  out.end_object();
  const engine::Envelope around = envelope(state, entry);
  return {std::string(around.type), around.dataversion, std::string(around.actor), std::string(around.subject),
          out.take()};
}

Result<HealEntry> Heal::decode(std::string_view entry_type, unsigned dataversion, std::string_view data) {
  const auto* known = std::ranges::find(entry_types, entry_type);
  if (known == std::end(entry_types)) {
    return failure(ErrorKind::invalid, "entries of type " + std::string(entry_type) + " are not known to this version");
  }
  if (const unsigned newest = newest_dataversion(entry_type); dataversion > newest) {
    return failure(ErrorKind::invalid, std::string(entry_type) + " has data version " + std::to_string(dataversion) +
                                           ", this version reads up to " + std::to_string(newest));
  }
  try {
    const OwnJsonDocument document(data);
    const OwnJson parsed = document.root();
    HealEntry entry = empty_entry(static_cast<std::size_t>(known - std::begin(entry_types)));
    std::visit(EntryReader{parsed}, entry);
    std::visit(
        [&parsed]<class E>(E& one) {
          if constexpr (OfAttempt<E>) one.attempt = parsed.at("attempt").template get<unsigned>();
        },
        entry);
    return entry;
  } catch (const LaterVersion& later) {
    return failure(ErrorKind::invalid,
                   std::string(entry_type) + ": this heal is decided by version " + std::to_string(later.version) +
                       " of the heal workflow, this program knows up to " + std::to_string(Heal::version),
                   "go on with the later version of autoheal that began it");
  } catch (const std::exception& problem) {
    return failure(ErrorKind::corrupt, std::string(entry_type) + ": its data cannot be read: " + problem.what());
  }
}

}  // namespace autoheal::workflows
