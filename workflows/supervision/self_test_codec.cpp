// Self-test entries as ledger text and back. The only place that knows the keys of selftest.* data.
#include <algorithm>
#include <array>

#include "autoheal/engine/base/named_values.hpp"
#include "autoheal/engine/base/own_json.hpp"
#include "autoheal/workflows/heal/by_codec.hpp"
#include "autoheal/workflows/supervision/self_test.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::array<std::string_view, 4> test_entry_types = {"selftest.started", "selftest.engine_tested",
                                                              "selftest.engine_healed", "selftest.completed"};
static_assert(test_entry_types.size() == std::variant_size_v<SelfTestEntry>);

constexpr std::array outcome_words = {NamedValue<TestOutcome>{TestOutcome::passed, "passed"},
                                      NamedValue<TestOutcome>{TestOutcome::failed, "failed"},
                                      NamedValue<TestOutcome>{TestOutcome::unknown, "unknown"}};

struct TestWriter {
  JsonWriter& out;

  void operator()(const SelfTestStarted& e) {
    out.field("workflow", "selftest/1").field("test_id", e.test_id).key("engines").begin_array();
    for (const EngineToTest& engine : e.engines) {
      out.begin_object().field("name", engine.name);
      if (!engine.depends_on.empty()) {
        out.key("depends_on").begin_array();
        for (const auto& needed : engine.depends_on) out.value(needed);
        out.end_array();
      }
      out.end_object();
    }
    out.end_array().field("heals", e.heals).field("at", format_timestamp(e.at));
    write_by(out, e.by);
  }
  void operator()(const EngineTested& e) {
    out.field("engine", e.engine).field("outcome", word_of<TestOutcome>(outcome_words, e.outcome));
    out.optional_field("error", e.error).field("took_us", e.took).optional_field("reported", e.reported);
  }
  void operator()(const EngineHealed& e) {
    const HealOutcome& heal = e.outcome;
    out.field("engine", e.engine).optional_field("heal", heal.heal).field("certified", heal.certified);
    out.optional_field("strategy", heal.strategy).field("attempts", heal.attempts).field("took_us", heal.took);
    out.optional_field("skipped", heal.skipped).optional_field("error", heal.error);
    out.optional_field("reason", heal.reason).optional_field("problem", heal.problem);
  }
  void operator()(const SelfTestCompleted& e) {
    out.field("status", e.status).field("engines_total", e.engines_total);
    out.field("engines_verified", e.engines_verified).field("autoheal_invocations", e.autoheal_invocations);
    out.field("runtime_us", e.runtime);
  }
};

SelfTestEntry read_started(const OwnJson& j) {
  if (j.at("workflow").text() != "selftest/1")
    throw std::invalid_argument("written by a later version of the self-test");
  SelfTestStarted e;
  e.test_id = j.at("test_id");
  for (const OwnJson engine : j.at("engines")) {
    e.engines.push_back({engine.at("name"), engine.value("depends_on", std::vector<std::string>())});
  }
  e.heals = j.at("heals");
  e.at = parse_timestamp(j.at("at").text()).value();
  read_by(j, e.by);
  return e;
}

SelfTestEntry read_tested(const OwnJson& j) {
  return EngineTested{j.at("engine"), value_of<TestOutcome>(outcome_words, j.at("outcome").text()),
                      j.value("error", std::string()), Duration(j.at("took_us").get<std::int64_t>()),
                      j.value("reported", std::string())};
}

SelfTestEntry read_healed(const OwnJson& j) {
  HealOutcome heal;
  heal.heal = j.value("heal", std::string());
  heal.certified = j.at("certified");
  heal.strategy = j.value("strategy", std::string());
  heal.attempts = j.at("attempts");
  heal.took = Duration(j.at("took_us").get<std::int64_t>());
  heal.skipped = j.value("skipped", std::string());
  heal.error = j.value("error", std::string());
  heal.reason = j.value("reason", std::string());
  heal.problem = j.value("problem", std::string());
  return EngineHealed{j.at("engine"), std::move(heal)};
}

SelfTestEntry read_completed(const OwnJson& j) {
  return SelfTestCompleted{j.at("status"), j.at("engines_total"), j.at("engines_verified"),
                           j.at("autoheal_invocations"), Duration(j.at("runtime_us").get<std::int64_t>())};
}

}  // namespace

std::string_view name_of(TestOutcome outcome) { return word_of<TestOutcome>(outcome_words, outcome); }

engine::Encoded SelfTest::encode(const State& state, const Entry& entry) {
  JsonWriter out;
  out.begin_object();
  std::visit(TestWriter{out}, entry);
  out.end_object();
  std::string subject;
  if (const auto* tested = std::get_if<EngineTested>(&entry)) subject = tested->engine;
  if (const auto* healed = std::get_if<EngineHealed>(&entry)) subject = healed->engine;
  return {std::string(test_entry_types[entry.index()]), 1, state.facts.by.principal, std::move(subject), out.take()};
}

Result<SelfTestEntry> SelfTest::decode(std::string_view entry_type, unsigned dataversion, std::string_view data) {
  constexpr std::array readers = {read_started, read_tested, read_healed, read_completed};
  const auto* known = std::ranges::find(test_entry_types, entry_type);
  if (known == test_entry_types.end() || dataversion != 1) {
    return failure(ErrorKind::invalid, "entries of type " + std::string(entry_type) + ", data version " +
                                           std::to_string(dataversion) + ", are not known to this version");
  }
  try {
    const OwnJsonDocument document(data);
    return readers[static_cast<std::size_t>(known - test_entry_types.begin())](document.root());
  } catch (const std::exception& problem) {
    return failure(ErrorKind::corrupt, std::string(entry_type) + ": its data cannot be read: " + problem.what());
  }
}

}  // namespace autoheal::workflows
