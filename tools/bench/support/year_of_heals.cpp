#include "tools/bench/support/year_of_heals.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/workflows/supervision/holds.hpp"
#include "autoheal/workflows/supervision/self_test.hpp"

namespace autoheal::bench {

namespace {

using workflows::By;
using workflows::SelfTest;
using namespace std::chrono_literals;

constexpr std::array strategies = {"arie", "chimera", "cascade", "generic"};
constexpr const char* digest = "sha256:c3194403fbedc3194403fbedc3194403fbedc3194403fbedc3194403fbedc319";
constexpr const char* boot_id = "6f1c2a3e-4b5d-4c6e-8f90-a1b2c3d4e5f6";
constexpr Duration year = std::chrono::hours(24) * 365;
constexpr const char* failure = "config: etc/app.conf differs from its baseline baseline/app.conf";

By by(const std::string& principal, const std::string& role, const std::string& via) {
  By who;
  who.principal = principal;
  who.role = role;
  who.via = via;
  return who;
}

engine::NewEntry as_entry(engine::Encoded encoded, Timestamp now) {
  return {std::move(encoded.type),  encoded.dataversion,        now,
          std::move(encoded.actor), std::move(encoded.subject), std::move(encoded.data)};
}

engine::NewEntry tested(const std::string& engine, Timestamp now) {
  SelfTest::State state;
  state.facts.by.principal = "autoheal";
  return as_entry(
      SelfTest::encode(state, workflows::EngineTested{engine, workflows::TestOutcome::failed, failure, 4ms, {}}), now);
}

engine::NewEntry skipped(const std::string& engine, Timestamp now) {
  engine::NewEntry entry;
  entry.type = "heal.skipped";
  entry.time = now;
  entry.actor = "autoheal";
  entry.subject = engine;
  JsonWriter data;
  entry.data = data.begin_object().field("reason", "cooldown").field("error", failure).end_object().take();
  return entry;
}

// As a daemon writes them (tools/autoheal/daemon/daemon_entries).
engine::NewEntry of_node(const char* type, JsonWriter& data, Timestamp now) {
  engine::NewEntry entry;
  entry.type = type;
  entry.time = now;
  entry.actor = "autoheal";
  entry.data = data.field("boot_id", boot_id).end_object().take();
  return entry;
}

engine::NewEntry started(Timestamp now) {
  JsonWriter data;
  data.begin_object().field("version", "bench").field("program_sha256", digest).field("configuration", digest);
  data.field("healing", true).field("uid", 0).field("recovered", 0);
  return of_node("node.started", data, now);
}

engine::NewEntry stopped(Timestamp now) {
  JsonWriter data;
  data.begin_object().field("cause", "SIGTERM");
  return of_node("node.stopped", data, now);
}

engine::NewEntry heartbeat(std::uint64_t tests_run, std::uint64_t tests_failed, Timestamp now) {
  JsonWriter data;
  data.begin_object().field("healing", true).field("observes_only", false).field("tests_run", tests_run);
  data.field("tests_failed", tests_failed).field("configuration", digest);
  return of_node("node.heartbeat", data, now);
}

engine::NewEntry denied(Timestamp now) {
  engine::NewEntry entry;
  entry.type = "access.denied";
  entry.time = now;
  entry.actor = "guest";
  JsonWriter data;
  data.begin_object().field("wanted", "heal an engine").field("role", "observer").field("uid", 1009);
  entry.data = data.field("via", "socket").end_object().take();
  return entry;
}

// The stream is still open where the ledger ends. Entries that were decided together stay together.
void cut_off(engine::StreamAppend& append, std::size_t size) {
  while (size > 0 && append.entries[size].time == append.entries[size - 1].time) --size;
  append.entries.resize(size);
  append.life = engine::StreamLife::goes_on;
}

}  // namespace

Uuid YearIds::next() {
  const auto milliseconds =
      static_cast<std::uint64_t>(std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count());
  const std::uint64_t random = random_();
  ++count_;
  Uuid id;
  for (unsigned byte = 0; byte < 6; ++byte)
    id.bytes[byte] = static_cast<std::uint8_t>(milliseconds >> (8 * (5 - byte)));
  // Version, a count that keeps ids of one moment in order, variant, and what nobody can guess.
  id.bytes[6] = static_cast<std::uint8_t>(0x70U | (count_ >> 8U & 0x0FU));
  id.bytes[7] = static_cast<std::uint8_t>(count_);
  for (unsigned byte = 8; byte < 16; ++byte) id.bytes[byte] = static_cast<std::uint8_t>(random >> (8 * (byte - 8)));
  id.bytes[8] = static_cast<std::uint8_t>(0x80U | (id.bytes[8] & 0x3FU));
  return id;
}

YearOfHeals::YearOfHeals(std::vector<HealRecording> recordings, std::uint64_t entries, std::uint64_t seed,
                         Timestamp begin)
    : recordings_(std::move(recordings)), entries_(entries), begin_(begin), now_(begin), random_(seed), ids_(seed + 1) {
  constexpr std::array kinds = {"EnvRecon", "nginx", "billing-db", "auth-api", "search", "queue", "mailer", "Firewall"};
  for (std::size_t index = 0; index < engines; ++index)
    names_.push_back(std::string(kinds[index % kinds.size()]) + "-" + std::to_string(index));
  for (const HealRecording& recording : recordings_) by_strategy_[recording.strategy].push_back(&recording);
}

// A few engines fail much more often than most.
std::size_t YearOfHeals::some_engine() {
  const std::uint64_t draw = below(engines);
  return static_cast<std::size_t>(draw * draw / engines);
}

const HealRecording& YearOfHeals::some_course(std::size_t engine) {
  using Course = HealRecording::Course;
  const std::uint64_t draw = below(100);
  const Course course = draw < 86   ? Course::at_once
                        : draw < 94 ? Course::retried
                        : draw < 98 ? Course::exhausted
                                    : Course::never_began;
  const auto& all = by_strategy_.at(strategies[engine % strategies.size()]);
  std::vector<const HealRecording*> fitting;
  std::ranges::copy_if(all, std::back_inserter(fitting), [&](const auto* one) { return one->course == course; });
  return *fitting.at(below(fitting.size()));
}

YearOfHeals::Who YearOfHeals::somebody() {
  const std::uint64_t draw = below(1000);
  if (draw < 940) return {"autoheal", "admiral", "daemon"};
  if (draw < 970) return {"ops", "admiral", "socket"};
  if (draw < 990) return {"alice", "admiral", "cli"};
  return {"deploy", "admiral", "cli"};
}

// Half of them less, few of them much more.
Duration YearOfHeals::some_time(Duration median) {
  const double part = (static_cast<double>(below(1'000'000)) + 1) / 1'000'001;
  const double factor = std::exp(1.1 * std::log(part / (1 - part)) / 1.7);
  return Duration(static_cast<std::int64_t>(static_cast<double>(median.count()) * factor) + 1);
}

void YearOfHeals::keep_to_the_calendar() {
  const auto due =
      begin_ + Duration(static_cast<std::int64_t>(static_cast<double>(year.count()) * static_cast<double>(written_) /
                                                  static_cast<double>(std::max<std::uint64_t>(entries_, 1))));
  now_ = std::max(now_, due);
  if (!set_back_ && written_ > entries_ / 2) {
    set_back_ = true;
    now_ -= 1h;
    begin_ -= 1h;
  }
  ids_.now = now_;
}

engine::Batch YearOfHeals::next(std::uint64_t most_entries) {
  keep_to_the_calendar();
  engine::Batch batch;
  incident(batch);
  std::uint64_t left = most_entries;
  for (engine::StreamAppend& append : batch.streams) {
    if (append.entries.size() > left) cut_off(append, left);
    left -= append.entries.size();
    if (append.stream == "ledger") ledger_version_ += append.entries.size();
    written_ += append.entries.size();
  }
  std::erase_if(batch.streams, [](const engine::StreamAppend& append) { return append.entries.empty(); });
  return batch;
}

void YearOfHeals::incident(engine::Batch& batch) {
  Entries said;
  what_the_daemon_says(said);
  what_people_do(said);
  struct Failing {
    std::size_t engine;
    Who who;
  };
  std::vector<Failing> failing;
  const std::uint64_t count = 1 + below(one_in(8) ? 60 : 20);
  for (std::uint64_t index = 0; index < count; ++index) failing.push_back({some_engine(), somebody()});
  for (const auto& [engine, who] : failing) {
    if (who.via == "daemon") said.push_back(tested(names_[engine], now_ += 3ms));
    if (one_in(25)) said.push_back(skipped(names_[engine], now_ += 1ms));
  }
  if (!said.empty())
    batch.streams.push_back({"ledger", ledger_version_, std::move(said), engine::StreamLife::ends, {}});
  for (const auto& [engine, who] : failing) heal(batch, engine, who);
  if (one_in(3)) self_test_run(batch);
}

void YearOfHeals::heal(engine::Batch& batch, std::size_t engine, const Who& who) {
  const HealRecording& recording = some_course(engine);
  const Duration took = recording.entries.size() < 3 ? Duration(200) : some_time(800ms);
  const Timestamp began = now_;
  Filling filling{names_[engine], who.principal, who.via, format_timestamp(began), {}, std::to_string(took.count())};
  ids_.now = now_;
  engine::StreamAppend append{to_string(ids_.next()), 0, {}, engine::StreamLife::ends, {}};
  const unsigned last = std::max(1U, recording.entries.back().commit);
  for (const RecordedEntry& recorded : recording.entries) {
    now_ = began + took * recorded.commit / last;
    filling.due = format_timestamp(now_);  // no attempt waits for the next
    engine::NewEntry entry{recorded.type, recorded.dataversion, now_, who.principal, names_[engine], {}};
    recorded.text.append_to(entry.data, filling, [&] { return std::to_string(some_time(5ms).count()); });
    append.entries.push_back(std::move(entry));
  }
  batch.streams.push_back(std::move(append));
}

void YearOfHeals::self_test_run(engine::Batch& batch) {
  SelfTest::State state;
  state.facts.by = by("ops", "captain", "cli");
  state.facts.test_id = "bridge_selftest_" + std::to_string(ids_.now.time_since_epoch().count());
  for (unsigned index = 0; index < 4; ++index) state.facts.engines.push_back({names_[below(engines)], {}});
  state.facts.heals = false;
  state.facts.at = now_;
  ids_.now = now_;
  engine::StreamAppend append{"selftest/" + to_string(ids_.next()), 0, {}, engine::StreamLife::ends, {}};
  const auto add = [&](const workflows::SelfTestEntry& entry) {
    append.entries.push_back(as_entry(SelfTest::encode(state, entry), now_ += some_time(5ms)));
  };
  add(state.facts);
  for (const auto& engine : state.facts.engines)
    add(workflows::EngineTested{engine.name, workflows::TestOutcome::passed, {}, some_time(5ms), {}});
  add(workflows::SelfTestCompleted{"Stable", 4, 4, 0, now_ - state.facts.at});
  batch.streams.push_back(std::move(append));
}

void YearOfHeals::what_the_daemon_says(Entries& entries) {
  if (written_ == 0 || one_in(300)) {
    if (written_ != 0) entries.push_back(stopped(now_ += 1ms));
    entries.push_back(started(now_ += 2ms));
  }
  for (int count = 0; count < 2; ++count) {
    now_ += 1ms;
    entries.push_back(heartbeat(40 + below(5), below(3), now_));
  }
}

void YearOfHeals::what_people_do(Entries& entries) {
  const std::string& engine = names_[below(engines)];
  const By ops = by("ops", "captain", "socket");
  if (one_in(20)) entries.push_back(workflows::engine_held(engine, now_ + 1h, ops, now_ += 1ms));
  if (one_in(25)) entries.push_back(workflows::engine_unheld(engine, ops, now_ += 1ms));
  if (one_in(60)) entries.push_back(workflows::engine_reset(engine, ops, now_ += 1ms));
  if (one_in(80)) entries.push_back(denied(now_ += 1ms));
}

}  // namespace autoheal::bench
