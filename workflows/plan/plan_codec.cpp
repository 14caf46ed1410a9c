#include "autoheal/workflows/plan/plan_codec.hpp"

#include <array>
#include <stdexcept>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/named_values.hpp"
#include "autoheal/engine/base/own_json.hpp"

namespace autoheal::workflows {

namespace {

// Reading leans on the words that the name_of functions write, so that each enumeration is spelled once.
template <class Value>
Value by_name(const OwnJson& text, std::initializer_list<Value> values) {
  const std::string_view word = text.text();
  for (const Value value : values) {
    if (name_of(value) == word) return value;
  }
  throw std::invalid_argument("\"" + std::string(word) + "\" is not a word of this ledger format");
}

constexpr std::array probe_words = {
    NamedValue<ProbeVerdict>{ProbeVerdict::pass, "pass"}, NamedValue<ProbeVerdict>{ProbeVerdict::warning, "warning"},
    NamedValue<ProbeVerdict>{ProbeVerdict::fail, "fail"}, NamedValue<ProbeVerdict>{ProbeVerdict::unknown, "unknown"}};

TargetKind read_target_kind(const OwnJson& j) {
  return by_name(j, {TargetKind::absent, TargetKind::file, TargetKind::folder, TargetKind::link, TargetKind::other,
                     TargetKind::database});
}

std::string text(const OwnJson& j, const char* key) { return j.value(key, std::string()); }
Duration duration(const OwnJson& j, const char* key) { return Duration(j.value(key, std::int64_t{0})); }

void write_texts(JsonWriter& out, std::string_view key, const std::vector<std::string>& list) {
  if (list.empty()) return;
  out.key(key).begin_array();
  for (const std::string& item : list) out.value(item);
  out.end_array();
}

void read_texts(const OwnJson& j, const char* key, std::vector<std::string>& list) {
  if (j.contains(key)) list = j.at(key).get<std::vector<std::string>>();
}

void write(JsonWriter& out, const TargetFacts& facts) {
  out.begin_object().field("path", facts.path).field("kind", name_of(facts.kind));
  if (facts.kind != TargetKind::absent) {
    out.field("mode", facts.mode).field("uid", facts.uid).field("gid", facts.gid);
    out.field("device", facts.device).field("inode", facts.inode).field("size", facts.size).field("links", facts.links);
    out.field("mtime_ns", facts.mtime_ns).field("ctime_ns", facts.ctime_ns);
    out.optional_field("digest", facts.digest).optional_field("link_target", facts.link_target);
    if (facts.generation != 0) out.field("generation", facts.generation);
    out.optional_field("acl", facts.acl).optional_field("default_acl", facts.default_acl);
    out.optional_field("capability", facts.capability);
  }
  out.optional_field("cannot_change", facts.cannot_change).optional_field("cannot_replace", facts.cannot_replace);
  out.end_object();
}

void read(const OwnJson& j, TargetFacts& facts) {
  facts.path = j.at("path");
  facts.kind = read_target_kind(j.at("kind"));
  facts.cannot_change = text(j, "cannot_change");
  facts.cannot_replace = text(j, "cannot_replace");
  if (facts.kind == TargetKind::absent) return;
  facts.mode = j.at("mode");
  facts.uid = j.at("uid");
  facts.gid = j.at("gid");
  facts.device = j.at("device");
  facts.inode = j.at("inode");
  facts.size = j.at("size");
  facts.links = j.at("links");
  facts.mtime_ns = j.at("mtime_ns");
  facts.ctime_ns = j.at("ctime_ns");
  facts.digest = text(j, "digest");
  facts.link_target = text(j, "link_target");
  facts.generation = j.value("generation", std::uint64_t{0});
  facts.acl = text(j, "acl");
  facts.default_acl = text(j, "default_acl");
  facts.capability = text(j, "capability");
}

void write(JsonWriter& out, const ReleaseFacts& facts) {
  out.begin_object().field("name", facts.name).field("whole", facts.whole);
  out.optional_field("message", facts.message).optional_field("manifest_digest", facts.manifest_digest).end_object();
}
void read(const OwnJson& j, ReleaseFacts& facts) {
  facts.name = j.at("name");
  facts.whole = j.at("whole");
  facts.message = text(j, "message");
  facts.manifest_digest = text(j, "manifest_digest");
}

void write(JsonWriter& out, const SnapshotFacts& facts) {
  out.begin_object().field("name", facts.name).optional_field("problem", facts.problem);
  out.optional_field("content", facts.content).field("age_us", facts.age);
  out.field("page_size", facts.page_size).field("mode", facts.mode).end_object();
}
void read(const OwnJson& j, SnapshotFacts& facts) {
  facts.name = j.at("name");
  facts.problem = text(j, "problem");
  facts.content = text(j, "content");
  facts.age = duration(j, "age_us");
  facts.page_size = j.at("page_size");
  facts.mode = j.at("mode");
}

void write(JsonWriter& out, const Change& change) {
  out.begin_object().field("kind", name_of(change.kind)).key("before");
  write(out, change.before);
  const TargetAfter& after = change.after;
  out.key("after").begin_object().field("kind", name_of(after.kind));
  if (after.kind != TargetKind::absent) {
    out.optional_field("content", after.content).optional_field("link_target", after.link_target);
    out.field("mode", after.mode).field("uid", after.uid).field("gid", after.gid);
    out.optional_field("acl", after.acl).optional_field("default_acl", after.default_acl);
  }
  out.end_object();
  if (change.validate) {
    out.key("validate");
    write(out, *change.validate);
  }
  write_texts(out, "named", change.named);
  if (change.in_turn) out.field("in_turn", true);
  if (change.alone) out.field("alone", true);
  if (change.used_by_service) out.field("used_by_service", true);
  if (change.timeout != Duration{0}) out.field("timeout_us", change.timeout);
  out.end_object();
}

void read(const OwnJson& j, Change& change) {
  change.kind = by_name(j.at("kind"), {ChangeKind::files, ChangeKind::env, ChangeKind::settings, ChangeKind::policy,
                                       ChangeKind::links, ChangeKind::release, ChangeKind::state});
  read(j.at("before"), change.before);
  const OwnJson after = j.at("after");
  change.after.kind = read_target_kind(after.at("kind"));
  change.after.content = text(after, "content");
  change.after.link_target = text(after, "link_target");
  change.after.mode = after.value("mode", FileMode{0});
  change.after.uid = after.value("uid", std::uint32_t{0});
  change.after.gid = after.value("gid", std::uint32_t{0});
  change.after.acl = text(after, "acl");
  change.after.default_acl = text(after, "default_acl");
  if (j.contains("validate")) read(j.at("validate"), change.validate.emplace());
  read_texts(j, "named", change.named);
  change.in_turn = j.value("in_turn", false);
  change.alone = j.value("alone", false);
  change.used_by_service = j.value("used_by_service", false);
  change.timeout = duration(j, "timeout_us");
}

void write_map(JsonWriter& out, std::string_view key, const std::map<std::string, BlobName>& map) {
  if (map.empty()) return;
  out.key(key).begin_array();
  for (const auto& [name, blob] : map) out.begin_array().value(name).value(blob).end_array();
  out.end_array();
}

void read_map(const OwnJson& j, const char* key, std::map<std::string, BlobName>& map) {
  if (!j.contains(key)) return;
  for (const OwnJson pair : j.at(key)) map[pair.at(0).get<std::string>()] = pair.at(1).get<std::string>();
}

void write(JsonWriter& out, const HashFinding& finding) {
  out.begin_object().field("path", finding.path).field("digest", finding.digest).end_object();
}
void read(const OwnJson& j, HashFinding& finding) {
  finding.path = j.at("path");
  finding.digest = j.at("digest");
}

void write(JsonWriter& out, const ProbeResult& result) {
  out.begin_object().field("name", result.name).field("verdict", word_of<ProbeVerdict>(probe_words, result.verdict));
  if (!result.heal) out.field("heal", false);
  out.optional_field("message", result.message);
  if (!result.program_sha256.empty()) {
    out.field("exit", result.exit_code).field("program_sha256", result.program_sha256);
    out.optional_field("user", result.user).optional_field("output", result.output);
  }
  out.field("took_us", result.took).end_object();
}
void read(const OwnJson& j, ProbeResult& result) {
  result.name = j.at("name");
  result.verdict = value_of<ProbeVerdict>(probe_words, j.at("verdict").text());
  result.heal = j.value("heal", true);
  result.message = text(j, "message");
  result.exit_code = j.value("exit", 0);
  result.program_sha256 = text(j, "program_sha256");
  result.user = text(j, "user");
  result.output = text(j, "output");
  result.took = duration(j, "took_us");
}

void write(JsonWriter& out, const TestResult& result) {
  out.begin_object().field("name", result.name).field("passed", result.passed);
  out.optional_field("message", result.message).field("exit", result.exit_code);
  if (result.timed_out) out.field("timed_out", true);
  out.optional_field("program_sha256", result.program_sha256).optional_field("user", result.user);
  out.optional_field("output", result.output).field("took_us", result.took).end_object();
}
void read(const OwnJson& j, TestResult& result) {
  result.name = j.at("name");
  result.passed = j.at("passed");
  result.message = text(j, "message");
  result.exit_code = j.at("exit");
  result.timed_out = j.value("timed_out", false);
  result.program_sha256 = text(j, "program_sha256");
  result.user = text(j, "user");
  result.output = text(j, "output");
  result.took = duration(j, "took_us");
}

void write(JsonWriter& out, const SecurityFinding& finding) {
  out.begin_object().field("path", finding.path).field("rule", finding.rule);
  out.field("message", finding.message);
  if (finding.passing) out.field("passing", true);
  out.end_object();
}
void read(const OwnJson& j, SecurityFinding& finding) {
  finding.path = j.at("path");
  finding.rule = j.at("rule");
  finding.message = j.at("message");
  finding.passing = j.value("passing", false);
}

void write(JsonWriter& out, const DocumentFinding& finding) {
  out.begin_object().field("path", finding.path).optional_field("problem", finding.problem).end_object();
}
void read(const OwnJson& j, DocumentFinding& finding) {
  finding.path = j.at("path");
  finding.problem = text(j, "problem");
}

void write(JsonWriter& out, const PortFinding& finding) {
  out.begin_object().field("probe", finding.probe).optional_field("place", finding.place);
  out.field("holder", name_of(finding.holder));
  if (finding.process > 0) out.field("process", finding.process);
  out.optional_field("program", finding.program).optional_field("why", finding.why).end_object();
}
void read(const OwnJson& j, PortFinding& finding) {
  finding.probe = j.at("probe");
  finding.place = text(j, "place");
  finding.holder = port_holder_of(text(j, "holder"));
  finding.process = j.value("process", 0L);
  finding.program = text(j, "program");
  finding.why = text(j, "why");
}

void write(JsonWriter& out, const AuthorizedChange& change) {
  out.begin_object().field("number", change.number).field("principal", change.principal);
  out.field("role", change.role).field("allowed", change.allowed).end_object();
}
void read(const OwnJson& j, AuthorizedChange& change) {
  change.number = j.at("number");
  change.principal = j.at("principal");
  change.role = j.at("role");
  change.allowed = j.at("allowed");
}

template <class T>
void write_list(JsonWriter& out, std::string_view key, const std::vector<T>& list) {
  if (list.empty()) return;
  out.key(key).begin_array();
  for (const T& item : list) write(out, item);
  out.end_array();
}

template <class T>
void read_list(const OwnJson& j, const char* key, std::vector<T>& list) {
  if (!j.contains(key)) return;
  for (const OwnJson item : j.at(key)) read(item, list.emplace_back());
}

void write(JsonWriter& out, const ReleasesFacts& facts) {
  out.begin_object();
  write_texts(out, "names", facts.names);
  write_list(out, "checked", facts.checked);
  out.end_object();
}
void read(const OwnJson& j, ReleasesFacts& facts) {
  read_texts(j, "names", facts.names);
  read_list(j, "checked", facts.checked);
}

void write(JsonWriter& out, const StateFacts& facts) {
  out.begin_object().field("page_size", facts.page_size).optional_field("damage", facts.damage);
  write_list(out, "snapshots", facts.snapshots);
  out.end_object();
}
void read(const OwnJson& j, StateFacts& facts) {
  facts.page_size = j.at("page_size");
  facts.damage = text(j, "damage");
  read_list(j, "snapshots", facts.snapshots);
}

// An act says where it stands among the changes only if it is not after all of them.
void write(JsonWriter& out, const Act& act, std::size_t changes) {
  out.begin_object().field("kind", name_of(act.kind));
  if (act.call) {
    out.key("call");
    write(out, *act.call);
  } else {
    out.key("run");
    write(out, act.run);
  }
  if (act.undo_call) {
    out.key("undo_call");
    write(out, *act.undo_call);
  }
  if (act.undo) {
    out.key("undo");
    write(out, *act.undo);
  }
  if (act.capture) {
    out.key("capture");
    write(out, *act.capture);
  }
  if (act.stop_first) {
    out.key("stop_first");
    write(out, *act.stop_first);
  }
  if (act.repeatable) out.field("repeatable", true);
  if (act.may_fail) out.field("may_fail", true);
  if (act.after_changes != changes) out.field("after_changes", act.after_changes);
  out.optional_field("engine", act.engine).optional_field("sha256", act.sha256);
  write_texts(out, "outputs", act.outputs);
  write_list(out, "outputs_before", act.outputs_before);
  out.end_object();
}

void read(const OwnJson& j, Act& act, std::size_t changes) {
  act.kind = by_name(
      j.at("kind"), {ActKind::command, ActKind::build, ActKind::platform, ActKind::service_check,
                     ActKind::service_start, ActKind::service_restart, ActKind::service_reload, ActKind::service_stop});
  if (j.contains("run")) read(j.at("run"), act.run);
  if (j.contains("call")) read(j.at("call"), act.call.emplace());
  if (j.contains("undo_call")) read(j.at("undo_call"), act.undo_call.emplace());
  act.after_changes = j.value("after_changes", changes);
  act.engine = text(j, "engine");
  act.sha256 = text(j, "sha256");
  read_texts(j, "outputs", act.outputs);
  read_list(j, "outputs_before", act.outputs_before);
  if (j.contains("undo")) read(j.at("undo"), act.undo.emplace());
  if (j.contains("capture")) read(j.at("capture"), act.capture.emplace());
  if (j.contains("stop_first")) read(j.at("stop_first"), act.stop_first.emplace());
  act.repeatable = j.value("repeatable", false);
  act.may_fail = j.value("may_fail", false);
}

template <class T>
void write_named(JsonWriter& out, std::string_view key, const std::map<std::string, T>& map) {
  if (map.empty()) return;
  out.key(key).begin_array();
  for (const auto& [name, value] : map) {
    out.begin_array().value(name);
    write(out, value);
    out.end_array();
  }
  out.end_array();
}

template <class T>
void read_named(const OwnJson& j, const char* key, std::map<std::string, T>& map) {
  if (!j.contains(key)) return;
  for (const OwnJson pair : j.at(key)) read(pair.at(1), map[pair.at(0).get<std::string>()]);
}

}  // namespace

void write(JsonWriter& out, const ProgramRun& run) {
  out.begin_object().key("argv").begin_array();
  for (const auto& argument : run.argv) out.value(argument);
  out.end_array().optional_field("cwd", run.cwd).optional_field("user", run.user);
  if (!run.environment.empty()) {
    out.key("environment").begin_object();
    for (const auto& [name, value] : run.environment) out.field(name, value);
    out.end_object();
  }
  if (run.reproducible) out.field("reproducible", true);
  out.optional_field("unit", run.unit).field("timeout_us", run.timeout).end_object();
}

void write(JsonWriter& out, const HttpCall& call) {
  out.begin_object().field("url", call.url).field("method", call.method).optional_field("body", call.body);
  out.field("timeout_us", call.timeout).end_object();
}

void read(const OwnJson& j, HttpCall& call) {
  call.url = j.at("url");
  call.method = j.at("method");
  call.body = text(j, "body");
  call.timeout = duration(j, "timeout_us");
}

void read(const OwnJson& j, ProgramRun& run) {
  run.argv = j.at("argv").get<std::vector<std::string>>();
  run.cwd = text(j, "cwd");
  run.user = text(j, "user");
  if (j.contains("environment")) run.environment = j.at("environment").get<std::map<std::string, std::string>>();
  run.timeout = duration(j, "timeout_us");
  run.reproducible = j.value("reproducible", false);
  run.unit = text(j, "unit");
}

void write(JsonWriter& out, const Observation& observation) {
  out.begin_object();
  write_list(out, "targets", observation.targets);
  write_map(out, "contents", observation.contents);
  write_map(out, "secrets", observation.secrets);
  if (!observation.owners.empty()) {
    out.key("owners").begin_array();
    for (const auto& [name, ids] : observation.owners) {
      out.begin_array().value(name).value(ids.first).value(ids.second).end_array();
    }
    out.end_array();
  }
  write_map(out, "acls", observation.acls);
  write_named(out, "releases", observation.releases);
  write_named(out, "states", observation.states);
  if (!observation.outputs.empty()) {
    out.key("outputs").begin_array();
    for (const auto& outputs : observation.outputs) {
      out.begin_array();
      for (const TargetFacts& facts : outputs) write(out, facts);
      out.end_array();
    }
    out.end_array();
  }
  write_texts(out, "running", observation.running);
  if (!observation.services.empty()) {
    out.key("services").begin_object();
    for (const auto& [engine, state] : observation.services) out.field(engine, name_of(state));
    out.end_object();
  }
  out.field("service_running", observation.service_running).field("self_test_passes", observation.self_test_passes);
  if (observation.recovered) out.field("recovered", true);
  out.end_object();
}

void read(const OwnJson& j, Observation& observation) {
  read_list(j, "targets", observation.targets);
  read_map(j, "contents", observation.contents);
  read_map(j, "secrets", observation.secrets);
  read_map(j, "acls", observation.acls);
  if (j.contains("owners")) {
    for (const OwnJson owner : j.at("owners")) {
      observation.owners[owner.at(0).get<std::string>()] = {owner.at(1).get<std::uint32_t>(),
                                                            owner.at(2).get<std::uint32_t>()};
    }
  }
  read_named(j, "releases", observation.releases);
  read_named(j, "states", observation.states);
  if (j.contains("outputs")) {
    for (const OwnJson outputs : j.at("outputs")) {
      auto& list = observation.outputs.emplace_back();
      for (const OwnJson facts : outputs) read(facts, list.emplace_back());
    }
  }
  read_texts(j, "running", observation.running);
  if (j.contains("services")) {
    for (const auto& [engine, state] : j.at("services").get<std::map<std::string, std::string>>())
      observation.services[engine] = service_state_of(state);
  }
  observation.service_running = j.at("service_running");
  observation.self_test_passes = j.at("self_test_passes");
  observation.recovered = j.value("recovered", false);
}

void write(JsonWriter& out, const Plan& plan) {
  out.begin_object();
  write_list(out, "changes", plan.changes);
  if (!plan.acts.empty()) {
    out.key("acts").begin_array();
    for (const Act& act : plan.acts) write(out, act, plan.changes.size());
    out.end_array();
  }
  out.end_object();
}

void read(const OwnJson& j, Plan& plan) {
  read_list(j, "changes", plan.changes);
  if (!j.contains("acts")) return;
  for (const OwnJson act : j.at("acts")) read(act, plan.acts.emplace_back(), plan.changes.size());
}

void write(JsonWriter& out, const ChangeOutcome& outcome) {
  out.begin_object().field("number", outcome.number).field("status", name_of(outcome.status));
  out.optional_field("message", outcome.message).optional_field("role", outcome.role);
  if (!outcome.program_sha256.empty()) {
    out.field("exit", outcome.exit_code).field("took_us", outcome.took).field("program_sha256", outcome.program_sha256);
  }
  out.optional_field("output", outcome.output);
  if (!outcome.left.path.empty()) {
    out.key("left");
    write(out, outcome.left);
  }
  write_list(out, "built", outcome.built);
  out.end_object();
}

void read(const OwnJson& j, ChangeOutcome& outcome) {
  outcome.number = j.at("number");
  outcome.status = by_name(j.at("status"), {ChangeStatus::done, ChangeStatus::found_done, ChangeStatus::target_changed,
                                            ChangeStatus::refused, ChangeStatus::failed, ChangeStatus::unknown,
                                            ChangeStatus::skipped, ChangeStatus::not_started});
  outcome.message = text(j, "message");
  outcome.role = text(j, "role");
  outcome.exit_code = j.value("exit", 0);
  outcome.took = duration(j, "took_us");
  outcome.program_sha256 = text(j, "program_sha256");
  outcome.output = text(j, "output");
  if (j.contains("left")) read(j.at("left"), outcome.left);
  read_list(j, "built", outcome.built);
}

void write(JsonWriter& out, const UndoOutcome& outcome) {
  out.begin_object().field("number", outcome.number).field("status", name_of(outcome.status));
  out.optional_field("message", outcome.message).end_object();
}

void read(const OwnJson& j, UndoOutcome& outcome) {
  outcome.number = j.at("number");
  outcome.status = by_name(j.at("status"), {UndoStatus::restored, UndoStatus::undone, UndoStatus::irreversible,
                                            UndoStatus::foreign, UndoStatus::failed});
  outcome.message = text(j, "message");
}

void write(JsonWriter& out, const Evidence& evidence) {
  out.begin_object();
  write_list(out, "hashes", evidence.hashes);
  write_list(out, "probes", evidence.probes);
  write_list(out, "tests", evidence.tests);
  write_list(out, "findings", evidence.findings);
  write_texts(out, "scanned", evidence.scanned);
  write_list(out, "authorized", evidence.authorized);
  write_list(out, "targets", evidence.targets);
  write_named(out, "releases", evidence.releases);
  write_list(out, "documents", evidence.documents);
  write_list(out, "ports", evidence.ports);
  out.optional_field("problem", evidence.problem).end_object();
}

void read(const OwnJson& j, Evidence& evidence) {
  read_list(j, "hashes", evidence.hashes);
  read_list(j, "probes", evidence.probes);
  read_list(j, "tests", evidence.tests);
  read_list(j, "findings", evidence.findings);
  read_texts(j, "scanned", evidence.scanned);
  read_list(j, "authorized", evidence.authorized);
  read_list(j, "targets", evidence.targets);
  read_named(j, "releases", evidence.releases);
  read_list(j, "documents", evidence.documents);
  read_list(j, "ports", evidence.ports);
  evidence.problem = text(j, "problem");
}

std::string plan_digest(const Plan& plan) {
  JsonWriter out;
  write(out, plan);
  return sha256_name(out.take());
}

}  // namespace autoheal::workflows
