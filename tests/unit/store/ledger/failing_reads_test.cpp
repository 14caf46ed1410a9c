// Questions to a ledger while its disk fails are answered with "cannot be read now": never a partial answer presented
// as complete, never that somebody changed it. When the disk is well again, so is every answer.
#include <gmock/gmock.h>

#include "autoheal/store/audit/audit.hpp"
#include "autoheal/store/evidence/ledger_proofs.hpp"
#include "autoheal/store/ledger/export.hpp"
#include "autoheal/store/signing/checkpoint_signer.hpp"
#include "autoheal/store/verify/verify.hpp"
#include "tests/support/faults/failing_calls.hpp"
#include "tests/support/files/signed_ledger.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

using engine::Entry;
using engine::Position;
using engine::StreamLife;
using testing::FailingCall;
using testing::FailingCalls;
using testing::heal;

// An answer as text, so that any two can be compared.
using Answer = Result<std::string>;

std::string short_text(const Entry& entry) {
  return std::to_string(entry.position.value) + " " + entry.stream + " " + entry.type + " " + entry.data + "\n";
}

struct FailingReads : testing::LedgerFixture {
  static constexpr std::uint64_t heals = 60;

  // Long enough for a second level of the tree; signed twice; with a reader's place, an open stream and names given.
  void SetUp() override {
    const auto ledger = open();
    for (std::uint64_t number = 0; number < heals; ++number) {
      const std::string stream = "0193" + std::to_string(1000 + number) + "-0000-7000-8000-0000000000aa";
      const char* end = number % 3 == 0 ? "heal.exhausted" : "heal.completed";
      const std::string data = R"({"strategy":"arie","attempts":1,"reason":"held","took_us":5})";
      engine::Batch batch;
      batch.streams.push_back({stream,
                               0,
                               {entry("heal.triggered", data), entry("heal.repair_started", data),
                                entry("heal.plan_recorded", data), entry(end, data)},
                               StreamLife::ends,
                               "key " + std::to_string(number)});
      batch.streams.push_back({"ledger", number, {entry("node.heartbeat", data)}, StreamLife::goes_on, {}});
      batch.places.push_back({"bus", {number}});
      ASSERT_EQ(ledger->append(batch).status, engine::AppendStatus::ok);
      if (number == heals / 2) testing::sign_head(*ledger, path, testing::signing_key(ledger->id()));
    }
    ASSERT_EQ(append(*ledger, heal, 0, {entry("heal.triggered")}).status, engine::AppendStatus::ok);
    testing::sign_head(*ledger, path, testing::signing_key(ledger->id()));
  }

  // Every call of this kind fails that the question makes, alone and with all after it (locks alone: for those SQLite
  // waits). Gives how many there are.
  int fail_each(FailingCall call, const std::string& name, const std::function<Answer()>& question) {
    SCOPED_TRACE(name);
    const Answer good = question();
    EXPECT_TRUE(good) << good.error().message;
    EXPECT_FALSE(good.value_or("").empty());
    if (!good) return 0;
    int countdown = 1;
    for (const bool for_good : {false, true}) {
      if (for_good && call == FailingCall::lock) break;
      bool came = true;
      for (countdown = 1; came && !HasFailure(); ++countdown) {
        SCOPED_TRACE("call " + std::to_string(countdown) + (for_good ? " and all after it" : ""));
        {
          const FailingCalls failing(call, countdown, for_good);
          const Answer answer = question();
          came = failing.came();
          expect_good_or_unavailable(answer, *good);
          EXPECT_TRUE(answer || came) << answer.error().message;
        }
        const Answer again = question();
        EXPECT_TRUE(again) << again.error().message;
        EXPECT_EQ(again.value_or(""), *good);
      }
    }
    return countdown - 2;
  }
  void expect_good_or_unavailable(const Answer& answer, const std::string& good) const {
    if (answer) {
      EXPECT_EQ(*answer, good);
    } else {
      EXPECT_EQ(answer.error().kind, ErrorKind::unavailable) << answer.error().message;
      EXPECT_THAT(answer.error().message, ::testing::HasSubstr(path.string()));
    }
  }

  // Asks a reader that is opened for it.
  template <class Ask>
  std::function<Answer()> reading(Ask ask) const {
    return [this, ask]() -> Answer {
      const auto opened = LedgerReader::open(path);
      AUTOHEAL_TRY(opened);
      return ask(**opened);
    };
  }
  template <class Value, class Show>
  static Answer shown(const Result<Value>& result, Show show) {
    AUTOHEAL_TRY(result);
    return show(*result);
  }
  static std::string shown_entries(const std::vector<Entry>& entries) {
    std::string text;
    for (const Entry& entry : entries) text += short_text(entry);
    return text;
  }
};

TEST_F(FailingReads, OfALedgerAreToldByEveryQuestion) {
  const std::pair<std::string, std::function<Answer()>> questions[] = {
      {"a stream",
       reading([](const LedgerReader& reader) { return shown(reader.read_stream("ledger", 1), shown_entries); })},
      {"types", reading([](const LedgerReader& reader) {
         return shown(reader.read_types("ledger", {"node.heartbeat"}), shown_entries);
       })},
      {"the version", reading([](const LedgerReader& reader) {
         return shown(reader.version_of("ledger"), [](std::uint64_t version) { return std::to_string(version); });
       })},
      {"all", reading([](const LedgerReader& reader) {
         return shown(reader.read_all({}, 10'000),
                      [](const engine::Page& page) { return shown_entries(page.entries); });
       })},
      {"all unchecked", reading([](const LedgerReader& reader) {
         return shown(reader.read_unchecked({}, 10'000),
                      [](const engine::Page& page) { return shown_entries(page.entries); });
       })},
      {"open streams", reading([](const LedgerReader& reader) {
         return shown(reader.open_streams(), [](const auto& names) { return ::testing::PrintToString(names); });
       })},
      {"a place", reading([](const LedgerReader& reader) {
         return shown(reader.place_of("bus"), [](const auto& place) { return std::to_string(place->value); });
       })},
      {"the head", reading([](const LedgerReader& reader) {
         return shown(reader.head(), [](Position head) { return std::to_string(head.value); });
       })},
      {"the tree's head", reading([](const LedgerReader& reader) {
         return shown(reader.tree_head(), [](const TreeHead& head) { return to_hex(head.root); });
       })},
      {"checkpoints", reading([](const LedgerReader& reader) {
         return shown(reader.checkpoints(0, 10), [](const auto& all) { return all.front().note + all.back().note; });
       })},
      {"what was said of it", reading([](const LedgerReader& reader) { return reader.meta("verifier_key"); })},
      {"its archive", reading([](const LedgerReader& reader) {
         return shown(reader.archived(), [](Position last) { return std::to_string(last.value); });
       })},
      {"its rows", reading([](const LedgerReader& reader) {
         return shown(reader.rows_until({200}), [](const auto& rows) { return std::to_string(rows.size()); });
       })},
      {"how far it could be archived", reading([](const LedgerReader& reader) {
         return shown(reader.archive_bounds(Timestamp::max(), "ledger"),
                      [](const ArchiveBounds& bounds) { return std::to_string(bounds.unread.value); });
       })},
      {"bytes of its tables", reading([](const LedgerReader& reader) {
         return shown(reader.bytes_by_table(), [](const auto& tables) { return ::testing::PrintToString(tables); });
       })},
      {"how many", reading([](const LedgerReader& reader) {
         return shown(reader.count_entries(), [](std::uint64_t count) { return std::to_string(count); });
       })},
  };
  for (const auto& [name, question] : questions) EXPECT_GT(fail_each(FailingCall::read, name, question), 2);
}

// SQLite's own check tells of a page that it cannot read as one of its findings.
TEST_F(FailingReads, OfTheQuickCheckAreFindings) {
  const auto check = reading([](const LedgerReader& reader) {
    return shown(reader.quick_check(), [](const auto& problems) { return ::testing::PrintToString(problems); });
  });
  const std::string good = *check();
  EXPECT_EQ(good, "{}");
  bool found = false, refused = false;
  for (int countdown = 1;; ++countdown) {
    const FailingCalls failing(FailingCall::read, countdown, true);
    const Answer answer = check();
    if (!failing.came()) break;
    EXPECT_NE(answer.value_or(""), good) << countdown;
    found = found || answer;
    refused = refused || !answer;
  }
  EXPECT_TRUE(refused);
  EXPECT_EQ(*check(), good);
}

TEST_F(FailingReads, OfAnAuditAreToldByEveryFilter) {
  const auto entries = [this](EntryFilter filter, EntryWindow window) {
    return reading([filter = std::move(filter), window](const LedgerReader& reader) -> Answer {
      std::string text;
      const auto given = Audit(reader).entries(filter, window, [&](const Entry& entry) {
        text += short_text(entry);
        return true;
      });
      AUTOHEAL_TRY(given);
      return text;
    });
  };
  const auto heals_told = [this](HealFilter filter) {
    return reading([filter = std::move(filter)](const LedgerReader& reader) -> Answer {
      std::string text;
      const auto done = Audit(reader).heals(filter, [&](const AuditedHeal& one) {
        text += one.heal + " " + one.state + " " + one.started + "\n";
        return true;
      });
      AUTOHEAL_TRY(done);
      return text;
    });
  };
  EntryFilter of_type, of_engine, of_open, of_failed, passing;
  of_type.type = "heal.triggered";
  of_engine.subject = "EnvRecon";
  of_open.stream_is_open = true;
  of_failed.stream_has = "heal.exhausted";
  passing.passes = [](const Entry& entry) { return entry.position.value % 7 == 0; };
  HealFilter newest_of_engine, newest_failed;
  newest_of_engine.engine = "EnvRecon";
  newest_of_engine.newest = 3;
  newest_failed.state = "Exhausted";
  newest_failed.newest = 3;
  const std::pair<std::string, std::function<Answer()>> questions[] = {
      {"a type", entries(of_type, {})},
      {"an engine", entries(of_engine, {{}, {}, 20, false})},
      {"an engine, newest", entries(of_engine, {{}, {}, 20, true})},
      {"open streams", entries(of_open, {})},
      {"failed heals", entries(of_failed, {{}, {}, 20, true})},
      {"what passes", entries(passing, {{}, {}, 20, true})},
      {"heals", heals_told({})},
      {"an engine's newest heals", heals_told(newest_of_engine)},
      {"the newest that failed", heals_told(newest_failed)},
      {"figures", reading([](const LedgerReader& reader) -> Answer {
         std::string text;
         const auto done = Audit(reader).figures({}, {}, [&](const HealFigures& one) { text += one.ending + "\n"; });
         AUTOHEAL_TRY(done);
         return text;
       })},
      {"streams", reading([](const LedgerReader& reader) {
         return shown(Audit(reader).streams("01931", "heal.triggered", 5),
                      [](const auto& found) { return ::testing::PrintToString(found); });
       })},
      {"the newest stream",
       reading([](const LedgerReader& reader) { return Audit(reader).newest_stream("heal.completed"); })},
      {"an export", reading([](const LedgerReader& reader) -> Answer {
         std::string text;
         const auto done = export_lines(reader, {{}, {}}, [&](std::string_view line, const Entry&) {
           text += line;
           return true;
         });
         AUTOHEAL_TRY(done);
         return text;
       })},
  };
  for (const auto& [name, question] : questions) EXPECT_GT(fail_each(FailingCall::read, name, question), 2);
}

TEST_F(FailingReads, OfProofsAreTold) {
  const auto proving = [this](auto prove) {
    return reading([prove](const LedgerReader& reader) -> Answer {
      const auto head = newest_signed_head(reader);
      AUTOHEAL_TRY(head);
      return prove(reader, head->checkpoint.head);
    });
  };
  const std::pair<std::string, std::function<Answer()>> questions[] = {
      {"an entry", proving([](const LedgerReader& reader, const TreeHead& head) {
         return shown(prove_entry(reader, {200}, head), [](const InclusionProof& proof) { return proof.leaf; });
       })},
      {"a stream", proving([](const LedgerReader& reader, const TreeHead& head) {
         return shown(prove_stream(reader, "ledger", head),
                      [](const auto& proofs) { return std::to_string(proofs.size()); });
       })},
      {"growth", proving([](const LedgerReader& reader, const TreeHead& head) {
         return shown(prove_growth(reader, 200, head),
                      [](const ConsistencyProof& proof) { return ::testing::PrintToString(proof.hashes); });
       })},
  };
  for (const auto& [name, question] : questions) EXPECT_GT(fail_each(FailingCall::read, name, question), 2);
}

// ---- verification

std::string verdict(const VerifyReport& report) {
  std::string text = std::to_string(report.entries) + " " + std::to_string(report.read) + " " +
                     std::to_string(report.roots) + " " + std::to_string(report.checkpoints) + " " +
                     std::to_string(report.indexes) + " " + std::to_string(report.signed_size);
  text += report.head ? " " + to_hex(report.head->root) : " no head";
  // SQLite's own check has no other words for a page that it cannot get now than for one that is broken.
  for (const auto& problem : report.problems) {
    if (!problem.starts_with("the database file: ")) text += "\n" + problem;
  }
  for (const auto& warning : report.warnings) text += "\n" + warning;
  return text;
}

TEST_F(FailingReads, OfAVerificationAreNoVerdict) {
  const auto verifying = [this] {
    return shown(verify_ledger(path, {.threads = 1}), [](const VerifyReport& report) { return verdict(report); });
  };
  EXPECT_GT(fail_each(FailingCall::read, "verification", verifying), 10);
  EXPECT_GT(fail_each(FailingCall::open, "verification", verifying), 1);
  EXPECT_GT(fail_each(FailingCall::lock, "verification", verifying), 3);
}

TEST_F(FailingReads, OfAVerificationAgainstAKeptCheckpointAreNoVerdict) {
  const std::string kept = reader()->checkpoints(0, 1)->front().note;
  for (const bool only_after : {false, true}) {
    VerifyOptions options;
    options.threads = 1;
    options.kept = KeptCheckpoint{kept, only_after};
    const auto verifying = [&] {
      return shown(verify_ledger(path, options), [](const VerifyReport& report) { return verdict(report); });
    };
    EXPECT_GT(fail_each(FailingCall::read, "verification", verifying), 10);
  }
}

// ---- opening

TEST_F(FailingReads, OfFilesAndLocksAreToldByWhoOpens) {
  const auto asking = reading([](const LedgerReader& reader) {
    return shown(reader.head(), [](Position head) { return std::to_string(head.value); });
  });
  const auto writing = [this]() -> Answer {
    const auto opened = try_open();
    AUTOHEAL_TRY(opened);
    return shown((*opened)->read_all({}, 10'000), [](const engine::Page& page) { return shown_entries(page.entries); });
  };
  // For a writer's lock SQLite waits ten seconds, so that is asked of readers alone.
  EXPECT_GT(fail_each(FailingCall::lock, "reading", asking), 3);
  for (const FailingCall call : {FailingCall::open, FailingCall::map}) {
    EXPECT_GT(fail_each(call, "reading", asking), 0);
    EXPECT_GT(fail_each(call, "writing", writing), 0);
  }
  EXPECT_GT(fail_each(FailingCall::read, "writing", writing), 10);
}

}  // namespace
}  // namespace autoheal::store
