// The auditors' questions over a real file: whatever index answers them, the answer is that of reading everything.
#include "autoheal/store/audit/audit.hpp"

#include <gmock/gmock.h>

#include <random>

#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::testing {
namespace {

using engine::Entry;
using engine::NewEntry;
using engine::StreamLife;
using store::Audit;
using store::AuditedHeal;
using store::EntryFilter;
using store::EntryWindow;
using store::HealFilter;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

class AuditTest : public LedgerFixture {
 protected:
  static constexpr const char* hostile = "' OR 1=1 --";

  // A few engines, actors and courses, and a clock that is set back now and then.
  void fill() {
    auto ledger = open();
    std::uint64_t of_ledger = 0;
    for (int round = 0; round < 120; ++round) {
      now_ += below(10) == 0 ? Duration(-90min) : Duration(below(600) * 1'000'000);
      engine::Batch batch;
      batch.streams.push_back(a_heal(round));
      if (below(2) == 0) {
        std::vector<NewEntry> said = {made("selftest.engine_tested", some(engines_), "autoheal")};
        if (below(4) == 0) said.push_back(made("engine.held", some(engines_), some(actors_)));
        if (below(9) == 0) said.push_back(made("node.heartbeat", "", "autoheal"));
        const std::uint64_t before = std::exchange(of_ledger, of_ledger + said.size());
        batch.streams.push_back({"ledger", before, std::move(said), StreamLife::ends, {}});
      }
      ASSERT_EQ(ledger->append(batch).status, engine::AppendStatus::ok);
    }
    all_ = ledger->read_all({}, 10'000)->entries;
    reader_ = reader();
  }

  engine::StreamAppend a_heal(int round) {
    const std::string id = "0193" + std::to_string(1000 + round) + "-0000-7000-8000-0000000000aa";
    const std::string engine = some(engines_), actor = some(actors_);
    std::vector<std::string> types = {"heal.triggered"};
    const bool has_begun = below(8) != 0;
    if (has_begun) {
      for (const char* step :
           {"repair_started", "plan_recorded", "plan_certified", "repair_finished", "certification_started"})
        types.push_back(std::string("heal.") + step);
    }
    const bool fails = !has_begun || below(4) == 0, is_open = below(15) == 0;
    if (!is_open && fails) types.push_back("heal.exhausted");
    if (!is_open && !fails) types.insert(types.end(), {"heal.certified", "heal.completed"});
    if (!is_open && fails && below(3) == 0) types.insert(types.end(), {"heal.rollback_started", "heal.rolled_back"});
    engine::StreamAppend append{id, 0, {}, is_open ? StreamLife::goes_on : StreamLife::ends, {}};
    for (const std::string& type : types) append.entries.push_back(made(type, engine, actor));
    return append;
  }

  NewEntry made(const std::string& type, const std::string& engine, const std::string& actor) {
    NewEntry one;
    one.type = type;
    one.time = now_ += Duration(below(2'000'000));
    one.subject = engine;
    one.actor = actor;
    one.data = R"({"strategy":"arie","attempts":1,"attempt":1,"took_us":5})";
    return one;
  }

  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(end));
  }
  const std::string& some(const std::vector<std::string>& of) {
    return of[static_cast<std::size_t>(below(static_cast<std::int64_t>(of.size())))];
  }

  bool holds(const EntryFilter& filter, const Entry& entry) const {
    const auto stream_has = [&](const std::string& type) {
      return std::ranges::any_of(all_, [&](const Entry& e) { return e.stream == entry.stream && e.type == type; });
    };
    const bool type =
        filter.type_begins_so ? entry.type.starts_with(filter.type) : filter.type.empty() || entry.type == filter.type;
    const bool is_open = !stream_has("heal.completed") && !stream_has("heal.exhausted") && entry.stream != "ledger";
    return type && (filter.stream.empty() || entry.stream == filter.stream) &&
           (filter.subject.empty() || entry.subject == filter.subject) &&
           (filter.actor.empty() || entry.actor == filter.actor) && (!filter.since || entry.time >= *filter.since) &&
           (!filter.until || entry.time < *filter.until) &&
           (filter.stream_has.empty() || stream_has(filter.stream_has)) && (!filter.stream_is_open || is_open);
  }

  EntryFilter some_filter() {
    EntryFilter filter;
    if (below(3) == 0) filter.subject = some(engines_);
    if (below(3) == 0) filter.actor = some(actors_);
    if (below(3) == 0) filter.type = some(types_);
    if (below(8) == 0) {
      filter.type = below(2) == 0 ? "heal." : "engine.";
      filter.type_begins_so = true;
    }
    if (below(8) == 0) filter.stream = some(std::vector<std::string>{all_[30].stream, "ledger", "nowhere"});
    if (below(3) == 0) filter.since = all_[static_cast<std::size_t>(below(400))].time;
    if (below(3) == 0) filter.until = all_[static_cast<std::size_t>(below(400))].time;
    if (below(6) == 0) filter.stream_has = below(2) == 0 ? "heal.exhausted" : "heal.completed";
    if (below(8) == 0) filter.stream_is_open = true;
    return filter;
  }

  std::vector<std::uint64_t> asked(const EntryFilter& filter, const EntryWindow& window = {}) const {
    std::vector<std::uint64_t> found;
    const auto given = Audit(*reader_).entries(filter, window, [&](const Entry& entry) {
      found.push_back(entry.position.value);
      return true;
    });
    EXPECT_TRUE(given) << given.error().message;
    EXPECT_EQ(given.value_or(0), found.size());
    return found;
  }
  std::vector<std::uint64_t> read_and_filtered(const EntryFilter& filter, std::uint64_t after = 0) const {
    std::vector<std::uint64_t> found;
    for (const Entry& entry : all_) {
      if (entry.position.value > after && holds(filter, entry)) found.push_back(entry.position.value);
    }
    return found;
  }
  std::vector<std::string> heals(const HealFilter& filter) const {
    std::vector<std::string> found;
    const auto done = Audit(*reader_).heals(filter, [&](const AuditedHeal& heal) {
      found.push_back(heal.heal + " " + heal.engine + " " + heal.state);
      return true;
    });
    EXPECT_TRUE(done) << done.error().message;
    return found;
  }

  const std::vector<std::string> engines_ = {"EnvRecon", "nginx", "EnvRecon2", hostile};
  const std::vector<std::string> actors_ = {"autoheal", "autoheal", "ops", "al%ce", hostile};
  const std::vector<std::string> types_ = {"heal.triggered",         "heal.exhausted", "heal.certified", "engine.held",
                                           "selftest.engine_tested", "node.heartbeat", "heal.%"};
  std::mt19937_64 random_{7};
  Timestamp now_ = *parse_timestamp("2026-01-01T00:00:00Z");
  std::vector<Entry> all_;
  std::unique_ptr<store::LedgerReader> reader_;
};

TEST_F(AuditTest, AnyFilterFindsWhatReadingEverythingFinds) {
  fill();
  for (int round = 0; round < 100; ++round) {
    const EntryFilter filter = some_filter();
    const auto expected = read_and_filtered(filter);
    ASSERT_EQ(asked(filter), expected) << round;
    const std::uint64_t after = static_cast<std::uint64_t>(below(300));
    EntryWindow page{{after}, {}, static_cast<std::uint64_t>(1 + below(20)), false};
    auto first = read_and_filtered(filter, after);
    if (first.size() > *page.limit) first.resize(*page.limit);
    ASSERT_EQ(asked(filter, page), first) << round;
    page = {{}, {}, page.limit, true};
    const auto skipped = expected.size() - std::min<std::size_t>(expected.size(), *page.limit);
    const std::vector<std::uint64_t> last(expected.begin() + static_cast<std::ptrdiff_t>(skipped), expected.end());
    ASSERT_EQ(asked(filter, page), last) << round;
  }
}

TEST_F(AuditTest, WhatIsAskedOfEachEntryCountsBeforeTheLimit) {
  fill();
  EntryFilter even;
  even.passes = [](const Entry& entry) { return entry.position.value % 2 == 0; };
  EXPECT_THAT(asked(even, {{}, {}, 3, false}), ElementsAre(2, 4, 6));
  even.subject = "nginx";
  for (const std::uint64_t seq : asked(even)) EXPECT_EQ(seq % 2, 0U);
}

TEST_F(AuditTest, Case32_TextWithSqlInItIsText) {
  fill();
  EntryFilter filter;
  filter.subject = hostile;
  EXPECT_EQ(asked(filter), read_and_filtered(filter));
  for (const std::string text : {"' OR 1=1 --", "%", "_", "*", "EnvReco?", "[a-z]*", "x\"; DROP TABLE entries; --"}) {
    EntryFilter by_type, by_actor, by_beginning, by_stream;
    by_type.type = by_actor.actor = by_beginning.type = by_stream.stream = text;
    by_beginning.type_begins_so = true;
    EXPECT_THAT(asked(by_type), IsEmpty()) << text;
    EXPECT_EQ(asked(by_actor), read_and_filtered(by_actor)) << text;
    EXPECT_THAT(asked(by_beginning), IsEmpty()) << text;
    EXPECT_THAT(asked(by_stream), IsEmpty()) << text;
    HealFilter heal;
    heal.engine = heal.strategy = text;
    EXPECT_THAT(heals(heal), IsEmpty()) << text;
    EXPECT_THAT(*Audit(*reader_).streams(text, "heal.triggered", 5), IsEmpty()) << text;
  }
  EXPECT_EQ(size_of(*reader_), all_.size());
}

TEST_F(AuditTest, Case103_TimesThatRunBackwardsAreShownInTheLedgersOrder) {
  auto ledger = open();
  std::vector<NewEntry> entries;
  for (const char* time :
       {"2026-03-01T12:00:00Z", "2026-03-01T10:00:00Z", "2026-03-01T13:00:00Z", "2040-01-01T00:00:00Z",
        "2026-03-01T11:00:00Z", "1970-01-01T00:00:01Z", "2026-03-01T14:00:00Z"}) {
    entries.push_back(entry("engine.held"));
    entries.back().time = *parse_timestamp(time);
  }
  // One commit each: the lag has to be carried from one to the next.
  for (std::uint64_t n = 0; n < entries.size(); ++n) append(*ledger, "ledger", n, {entries[n]}, StreamLife::ends);
  ledger.reset();
  ledger = open();
  NewEntry late = entry("engine.held");
  late.time = *parse_timestamp("1969-12-31T00:00:00Z");
  append(*ledger, "ledger", entries.size(), {late}, StreamLife::ends);
  reader_ = reader();
  EXPECT_THAT(asked({}), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  const auto between = [&](const char* since, const char* until) {
    EntryFilter filter;
    filter.since = parse_timestamp(since);
    filter.until = parse_timestamp(until);
    return asked(filter);
  };
  EXPECT_THAT(between("2026-03-01T11:00:00Z", "2026-03-01T14:00:00Z"), ElementsAre(1, 3, 5));
  EXPECT_THAT(between("2030-01-01T00:00:00Z", "2050-01-01T00:00:00Z"), ElementsAre(4));
  EXPECT_THAT(between("1969-01-01T00:00:00Z", "1971-01-01T00:00:00Z"), ElementsAre(6, 8));
}

TEST_F(AuditTest, ABatchThatFailedTellsNothingOfTheClock) {
  auto ledger = open();
  NewEntry first = entry("engine.held"), second = first;
  second.time -= 1h;
  append(*ledger, "ledger", 0, {first}, StreamLife::ends);
  EXPECT_EQ(append(*ledger, "ledger", 5, {second}, StreamLife::ends).status, engine::AppendStatus::conflict);
  EXPECT_EQ(foreign("SELECT value FROM meta WHERE name = 'clock_lag_us'", "-readonly"), "0\n");
  append(*ledger, "ledger", 1, {second}, StreamLife::ends);
  EXPECT_EQ(foreign("SELECT value FROM meta WHERE name = 'clock_lag_us'", "-readonly"), "3600000000\n");
}

TEST_F(AuditTest, HealsAreFoundByEngineStateAndTime) {
  fill();
  const auto all = heals({});
  std::size_t triggered = 0;
  for (const Entry& entry : all_) triggered += entry.type == "heal.triggered" ? 1 : 0;
  EXPECT_EQ(all.size(), triggered);
  for (const char* state : {"", "Complete", "Exhausted", "Triggered", "Certifying"}) {
    for (const char* engine : {"", "nginx", "EnvRecon", hostile}) {
      std::vector<std::string> expected;
      for (const std::string& heal : all) {
        const bool of_engine = *engine == 0 || heal.find(std::string(" ") + engine + " ") != std::string::npos;
        if (of_engine && (*state == 0 || heal.ends_with(state))) expected.push_back(heal);
      }
      HealFilter filter;
      filter.engine = engine;
      filter.state = state;
      EXPECT_EQ(heals(filter), expected) << engine << " " << state;
      filter.newest = 5;
      const auto newest = heals(filter);
      EXPECT_EQ(newest.size(), std::min<std::size_t>(5, expected.size())) << engine << " " << state;
      for (const std::string& one : newest) EXPECT_TRUE(std::ranges::count(expected, one) == 1) << one;
    }
  }
  HealFilter filter;
  filter.since = all_[200].time;
  const auto later = heals(filter);
  filter.until = filter.since;
  filter.since.reset();
  EXPECT_EQ(later.size() + heals(filter).size(), all.size());
}

TEST_F(AuditTest, HealsAreFoundByTheBeginningOfTheirIds) {
  fill();
  const Audit audit(*reader_);
  EXPECT_THAT(*audit.streams("01931005", "heal.triggered", 5), ElementsAre("01931005-0000-7000-8000-0000000000aa"));
  EXPECT_EQ(audit.streams("0193", "heal.triggered", 2)->size(), 2U);
  EXPECT_THAT(*audit.streams("01931005-0000-7000-8000-0000000000aa", "heal.triggered", 2), ::testing::SizeIs(1));
  for (const char* none : {"ff", "0193100500", "01931005-0000-7000-8000-0000000000aa0", "ledger", "0193100G"})
    EXPECT_THAT(*audit.streams(none, "heal.triggered", 2), IsEmpty()) << none;
  EXPECT_EQ(*audit.newest_stream("heal.triggered"), "01931119-0000-7000-8000-0000000000aa");
  EXPECT_EQ(*audit.newest_stream("ledger.archived"), "");
}

TEST_F(AuditTest, FiguresTellOfEachHealOnce) {
  fill();
  std::size_t heals = 0, failed = 0;
  ASSERT_TRUE(Audit(*reader_).figures({}, {}, [&](const store::HealFigures& figures) {
    ++heals;
    if (figures.ending == "heal.exhausted") ++failed;
    EXPECT_EQ(figures.strategy, "arie");
    EXPECT_EQ(figures.took, figures.ending.empty() ? Duration(0) : Duration(5));
  }));
  HealFilter filter;
  EXPECT_EQ(heals, this->heals(filter).size());
  filter.state = "Exhausted";
  EXPECT_EQ(failed, this->heals(filter).size());
}

TEST_F(AuditTest, WhereNoLedgerIsThereIsNothing) {
  reader_ = reader();
  EXPECT_THAT(asked({}), IsEmpty());
  EXPECT_THAT(heals({}), IsEmpty());
  EXPECT_THAT(*Audit(*reader_).streams("01", "heal.triggered", 2), IsEmpty());
  EXPECT_EQ(*Audit(*reader_).newest_stream("heal.triggered"), "");
  EXPECT_TRUE(Audit(*reader_).figures({}, {}, [](const store::HealFigures&) { ADD_FAILURE(); }));
}

// ---- who has enough

TEST_F(AuditTest, WhoHasEnoughIsGivenNoMore) {
  fill();
  std::vector<EntryFilter> filters(5);
  filters[1].subject = "nginx";
  filters[2].subject = "nginx";
  filters[2].passes = [](const Entry& entry) { return entry.position.value % 2 == 0; };
  filters[3].type = "heal.triggered";
  filters[4].passes = filters[2].passes;
  for (const EntryFilter& filter : filters) {
    for (const bool newest : {false, true}) {
      const EntryWindow ten{{}, {}, 10, newest};
      const auto first_ten = asked(filter, ten);
      ASSERT_EQ(first_ten.size(), 10U);
      std::vector<std::uint64_t> taken;
      const auto given = Audit(*reader_).entries(filter, ten, [&](const Entry& entry) {
        taken.push_back(entry.position.value);
        return taken.size() < 4;
      });
      EXPECT_EQ(given.value_or(0), 4U);
      EXPECT_EQ(taken, std::vector<std::uint64_t>(first_ten.begin(), first_ten.begin() + 4));
      EXPECT_THAT(asked(filter, {{}, {}, 0, newest}), IsEmpty());
      EXPECT_THAT(asked(filter, {{all_.size()}, {}, 10, newest}), IsEmpty());
    }
  }
}

TEST_F(AuditTest, WhoHasEnoughHealsIsGivenNoMore) {
  fill();
  std::vector<HealFilter> filters(3);
  filters[1].newest = 10;
  filters[2].newest = 10;
  filters[2].engine = "nginx";
  for (const HealFilter& filter : filters) {
    std::vector<std::string> taken;
    EXPECT_TRUE(Audit(*reader_).heals(filter, [&](const AuditedHeal& heal) {
      taken.push_back(heal.heal + " " + heal.engine + " " + heal.state);
      return taken.size() < 4;
    }));
    const auto all = heals(filter);
    EXPECT_EQ(taken, std::vector<std::string>(all.begin(), all.begin() + 4));
  }
}

// Two heals of one moment are two.
TEST_F(AuditTest, HealsOfOneMomentAreAllTold) {
  auto ledger = open();
  for (int round = 0; round < 4; ++round) {
    const std::string id = "0193" + std::to_string(1000 + round) + "-0000-7000-8000-0000000000aa";
    append(*ledger, id, 0, {entry("heal.triggered", R"({"strategy":"arie"})")});
  }
  reader_ = reader();
  EXPECT_THAT(heals({}), ::testing::SizeIs(4));
}

// Where more is asked of them than the engine, the newest are those that began last.
TEST_F(AuditTest, TheNewestHealsOfAnEngineAreTheLastThatPass) {
  fill();
  HealFilter all;
  all.engine = "nginx";
  std::vector<HealFilter> filters(3, all);
  filters[0].strategy = "arie";
  filters[1].since = all_[100].time;
  filters[2].until = all_[300].time;
  for (HealFilter filter : filters) {
    const auto expected = heals(filter);
    ASSERT_GT(expected.size(), 3U);
    filter.newest = 3;
    EXPECT_EQ(heals(filter), std::vector<std::string>(expected.end() - 3, expected.end()));
  }
}

// Another way is taken to the heals that failed where those are many; what it finds is the same.
TEST_F(AuditTest, ManyFailuresAreFoundAsFewAre) {
  fill();
  HealFilter failed;
  failed.state = "Exhausted";
  EntryFilter of_failed;
  of_failed.stream_has = "heal.exhausted";
  of_failed.type = "heal.plan_recorded";
  const auto heals_before = heals(failed);
  const auto entries_before = asked(of_failed);
  ASSERT_FALSE(heals_before.empty() || entries_before.empty());
  {
    auto ledger = open();
    ASSERT_EQ(append(*ledger, "many", 0, std::vector<NewEntry>(5'000, entry("heal.exhausted"))).status,
              engine::AppendStatus::ok);
  }
  reader_ = reader();
  EXPECT_EQ(heals(failed), heals_before);
  EXPECT_EQ(asked(of_failed), entries_before);
}

// Rows that are archived while somebody slow reads are passed over.
TEST_F(AuditTest, RowsThatGoWhileTheyAreToldArePassedOver) {
  fill();
  EntryFilter filter;
  filter.subject = "nginx";
  const auto before = asked(filter);
  ASSERT_GT(before.size(), 10U);
  auto ledger = open();
  std::vector<std::uint64_t> told;
  const auto given = Audit(*reader_).entries(filter, {}, [&](const Entry& entry) {
    told.push_back(entry.position.value);
    if (told.size() == 3) {
      EXPECT_TRUE(ledger->drop_entries({before[before.size() - 3]}, {}));
    }
    return true;
  });
  EXPECT_EQ(given.value_or(0), told.size());
  EXPECT_EQ(told, (std::vector<std::uint64_t>{before[0], before[1], before[2], before.end()[-2], before.end()[-1]}));
}

TEST_F(AuditTest, TheUsualQuestionsAreAnsweredByIndexes) {
  fill();
  const auto plan = [&](const std::string& sql) { return foreign("EXPLAIN QUERY PLAN " + sql, "-readonly"); };
  EXPECT_THAT(plan("SELECT * FROM audit_heals WHERE heal_id = 'x'"), ::testing::HasSubstr("heals_by_name"));
  EXPECT_THAT(plan("SELECT * FROM audit_events WHERE heal_id = 'x'"), ::testing::HasSubstr("heals_by_name"));
  EXPECT_THAT(plan("SELECT * FROM audit_certificates WHERE heal_id = 'x'"), ::testing::HasSubstr("heals_by_name"));
  EXPECT_THAT(plan("SELECT * FROM audit_certificates WHERE engine = 'x'"), ::testing::HasSubstr("entries_by_engine"));
  EXPECT_THAT(plan("SELECT * FROM audit_heals ORDER BY started DESC LIMIT 100"),
              ::testing::HasSubstr("SCAN first USING INDEX heals_by_start"));
  const std::string of_engine = plan("SELECT * FROM audit_heals WHERE engine = 'x'");
  EXPECT_THAT(of_engine, ::testing::HasSubstr("entries_by_engine"));
  EXPECT_THAT(of_engine, ::testing::HasSubstr("heals_that_failed"));
}

}  // namespace
}  // namespace autoheal::testing
