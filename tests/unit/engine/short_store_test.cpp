// The loop over a store that fails for a moment, or for good: what is refused, what waits, what is told to whom. And
// streams that end while somebody still means to wake or resume them.
#include <gtest/gtest.h>

#include "autoheal/engine/runner.hpp"
#include "autoheal/engine/testing/fake_clock.hpp"
#include "autoheal/engine/testing/ledger_over.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"
#include "tests/support/files/renewal.hpp"

namespace autoheal::engine {
namespace {

using autoheal::testing::Renewal;

// A vault that has no room, or has lost all it had.
struct ShortBlobs final : BlobStore {
  bool full = false, lost = false;
  store::MemoryBlobs under;
  BlobName name_of(std::string_view content, BlobNaming naming) const override {
    return under.name_of(content, naming);
  }
  Result<BlobName> put(std::string_view content, BlobNaming naming) override {
    if (full) return failure(ErrorKind::unavailable, "the vault has no room");
    return under.put(content, naming);
  }
  Result<std::string> get(const BlobName& name) const override {
    if (lost) return failure(ErrorKind::not_found, "no blob " + name);
    return under.get(name);
  }
};

// A ledger that refuses what it is told to refuse.
struct ShortLedger final : testing::LedgerOver {
  using LedgerOver::LedgerOver;
  bool full = false;
  std::optional<ErrorKind> open_fails, version_fails;
  std::vector<std::string> ghosts;  // listed as open beside the others
  mutable std::optional<ErrorKind> read_fails;
  mutable int reads = 0;  // until that

  AppendResult append(const Batch& batch) override {
    if (full) return {AppendStatus::unavailable, {}, {}, {}, {}, "no space left"};
    return under_.append(batch);
  }
  Result<std::vector<std::string>> open_streams() const override {
    if (open_fails) return failure(*open_fails, "the ledger cannot be read");
    auto open = under_.open_streams();
    open->insert(open->end(), ghosts.begin(), ghosts.end());
    return open;
  }
  Result<std::uint64_t> version_of(const std::string& stream) const override {
    if (version_fails) return failure(*version_fails, "the ledger cannot be read");
    return under_.version_of(stream);
  }
  Result<std::vector<Entry>> read_stream(const std::string& stream, std::uint64_t from) const override {
    if (read_fails && reads-- <= 0) return failure(*read_fails, "the ledger cannot be read");
    return under_.read_stream(stream, from);
  }
};

// Answers nothing; a test says what came of it.
struct Listener final : EffectPerformer<Renewal> {
  std::size_t asked = 0;
  void perform(const std::string&, const Renewal::Effect&, Done) override { ++asked; }
};

class ShortStore : public ::testing::Test {
 protected:
  ShortStore() { begin_process(); }
  void begin_process() {
    runner_.emplace(RunnerPorts{ledger_, blobs_, clock_, ids_});
    runner_->register_workflow<Renewal>(listener_, "cert/");
    stops_.clear();
    runner_->hooks.stopped = [this](const Error& error) { stops_.push_back(error); };
  }
  void run() {
    while (runner_->turn()) {
    }
  }
  std::string begin(const std::string& host) {
    std::string stream;
    runner_->start<Renewal>(Renewal::Begin{host}, {}, [&](Result<std::string> began) { stream = began.value_or(""); });
    run();
    return stream;
  }
  void leave_open(std::size_t count) {
    for (std::size_t number = 0; number < count; ++number)
      runner_->start<Renewal>(Renewal::Begin{"host" + std::to_string(number)}, {}, {});
    run();
    begin_process();
  }
  std::string types(const std::string& stream) const {
    std::string told;
    const auto entries = under_.read_stream(stream, 1);
    for (const Entry& entry : *entries) told += entry.type.substr(entry.type.rfind('.') + 1) + " ";
    return told;
  }
  static NewEntry note() { return {"note.made", 1, Timestamp(), "ops", "", "{}"}; }
  void pass(Duration time) {
    clock_.advance(time);
    run();
  }

  const std::string large = "example.org " + std::string(100'000, 'x');  // goes to the vault
  testing::FakeClock clock_;
  testing::CountingIds ids_;
  ShortBlobs blobs_;
  store::MemoryLedger under_{"ledger-1"};
  ShortLedger ledger_{under_};
  Listener listener_;
  std::optional<Runner> runner_;
  std::vector<Error> stops_;
};

// ---- the vault

TEST_F(ShortStore, AVaultWithoutRoomStopsTheLoopOnceAndAnswersAllWhoWait) {
  blobs_.full = true;
  std::vector<std::string> refused;
  const auto note_refusal = [&](const Result<std::string>& began) {
    if (!began) refused.push_back(began.error().message);
  };
  std::optional<AppendStatus> noted;
  runner_->start<Renewal>(Renewal::Begin{large}, {}, {});
  runner_->start<Renewal>(Renewal::Begin{large}, {}, {});
  runner_->start<Renewal>(Renewal::Begin{"small"}, {}, note_refusal);
  runner_->append("notes", note(), [&](AppendStatus status) { noted = status; });
  runner_->append("notes", note(), {});
  EXPECT_FALSE(runner_->turn());
  ASSERT_EQ(stops_.size(), 1U);
  EXPECT_EQ(stops_[0].message, "the vault has no room");
  EXPECT_EQ(refused, std::vector<std::string>{"the vault has no room"});
  EXPECT_EQ(noted, AppendStatus::unknown);
  EXPECT_TRUE(under_.read_all({}, 10)->entries.empty());
  EXPECT_EQ(listener_.asked, 0U);
}

TEST_F(ShortStore, DataThatTheVaultLostSetsItsStreamAside) {
  ASSERT_NE(begin(large), "");
  const std::string other = begin("small");
  blobs_.lost = true;
  begin_process();
  std::vector<std::string> aside;
  runner_->hooks.set_aside = [&](const std::string&, const Error& error) { aside.push_back(error.message); };
  EXPECT_EQ(runner_->recover().value_or(99), 1U);
  ASSERT_EQ(aside.size(), 1U);
  EXPECT_TRUE(aside[0].starts_with("no blob sha256:")) << aside[0];
  run();
  EXPECT_EQ(types(other), "ordered recovered ");
}

// ---- reading

TEST_F(ShortStore, ALedgerThatCannotBeReadBeginsNoRecovery) {
  leave_open(2);
  ledger_.open_fails = ErrorKind::unavailable;
  EXPECT_EQ(runner_->recover().error().kind, ErrorKind::unavailable);
  EXPECT_EQ(runner_->begin_recovery().error().kind, ErrorKind::unavailable);
  ledger_.open_fails.reset();
  for (const ErrorKind kind : {ErrorKind::unavailable, ErrorKind::busy}) {
    ledger_.read_fails = kind;
    ledger_.reads = 1;
    EXPECT_EQ(runner_->recover().error().kind, kind);
  }
  ledger_.read_fails.reset();
  begin_process();
  EXPECT_EQ(runner_->recover().value_or(99), 2U);
}

TEST_F(ShortStore, AStreamThatIsListedAsOpenWithoutAnEntryIsSetAside) {
  leave_open(1);
  ledger_.ghosts = {"cert/ghost"};
  std::vector<std::string> aside;
  runner_->hooks.set_aside = [&](const std::string& stream, const Error& error) {
    aside.push_back(stream + ": " + error.message);
  };
  EXPECT_EQ(runner_->recover().value_or(99), 1U);
  EXPECT_EQ(aside, std::vector<std::string>{"cert/ghost: stream cert/ghost is open but has no entries"});
}

// A stream that cannot be read now is not empty: its next entry waits until it can.
TEST_F(ShortStore, AnEntryOfAStreamWhoseLengthCannotBeReadNowWaits) {
  ASSERT_EQ(under_.append({{{"notes", 0, {note()}, StreamLife::ends, {}}}, {}, 0}).status, AppendStatus::ok);
  for (const ErrorKind kind : {ErrorKind::unavailable, ErrorKind::busy}) {
    begin_process();
    const std::size_t before = under_.read_stream("notes", 1)->size();
    ledger_.version_fails = kind;
    std::vector<std::string> told;
    runner_->hooks.unavailable = [&](const std::string& why) { told.push_back(why); };
    std::optional<AppendStatus> noted;
    runner_->append("notes", note(), [&](AppendStatus status) { noted = status; });
    run();
    EXPECT_FALSE(runner_->failure()) << runner_->failure()->message;
    EXPECT_EQ(told, std::vector<std::string>{"the ledger cannot be read"});
    EXPECT_FALSE(noted);
    ledger_.version_fails.reset();
    pass(std::chrono::seconds(1));
    EXPECT_EQ(noted, AppendStatus::ok);
    EXPECT_EQ(under_.read_stream("notes", 1)->size(), before + 1);
  }
}

TEST_F(ShortStore, AStreamWhoseLengthIsDamagedStopsTheLoop) {
  ledger_.version_fails = ErrorKind::corrupt;
  std::optional<AppendStatus> noted;
  runner_->append("notes", note(), [&](AppendStatus status) { noted = status; });
  run();
  ASSERT_EQ(stops_.size(), 1U);
  EXPECT_EQ(stops_[0].kind, ErrorKind::corrupt);
  EXPECT_EQ(noted, AppendStatus::unknown);
}

// A ledger that keeps nothing but streams tells types and versions by reading them.
TEST_F(ShortStore, WhatCannotBeReadHasNoTypesAndNoVersion) {
  leave_open(1);
  const std::string stream = under_.open_streams()->front();
  Ledger& read = ledger_;
  testing::LedgerOver plain(read);
  EXPECT_EQ(plain.read_types(stream, {"cert.renewal.ordered"})->size(), 1U);
  EXPECT_TRUE(plain.read_types(stream, {"cert.renewal.issued"})->empty());
  EXPECT_EQ(*plain.version_of(stream), 1U);
  EXPECT_EQ(*plain.version_of("cert/nowhere"), 0U);
  ledger_.read_fails = ErrorKind::unavailable;
  EXPECT_EQ(plain.read_types(stream, {"cert.renewal.ordered"}).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(plain.version_of(stream).error().kind, ErrorKind::unavailable);
}

// ---- writing

TEST_F(ShortStore, WhatWasToBeginIsRefusedWithAllThatWasSentToIt) {
  ledger_.full = true;
  testing::CountingIds same;
  const std::string first = "cert/" + to_string(same.next());
  runner_->start<Renewal>(Renewal::Begin{"example.org"}, {}, {});
  runner_->submit<Renewal>(first, Renewal::OrderAccepted{});
  std::size_t refused = 0;
  runner_->start<Renewal>(Renewal::Begin{"example.net"}, {},
                          [&](const Result<std::string>& began) { refused += began ? 0U : 1U; });
  // Begun with nothing to record, and sent something before that was known.
  runner_->start<Renewal>(Renewal::Woken{}, {}, {});
  (void)same.next();
  runner_->submit<Renewal>("cert/" + to_string(same.next()), Renewal::Begin{"example.com"});
  EXPECT_FALSE(runner_->turn());
  EXPECT_EQ(refused, 1U);
  EXPECT_EQ(runner_->open_count(), 0U);
  EXPECT_FALSE(runner_->next_wake()) << "nothing waits for its next commit";
  ledger_.full = false;
  pass(std::chrono::seconds(1));
  EXPECT_TRUE(under_.read_all({}, 10)->entries.empty());
}

TEST_F(ShortStore, AStartThatRepeatsAnotherAloneCommitsNothing) {
  std::vector<std::string> streams;
  const auto keep = [&](Result<std::string> began) { streams.push_back(*began); };
  runner_->start<Renewal>(Renewal::Begin{"example.org"}, "alert-7", keep);
  run();
  std::size_t commits = 0;
  runner_->hooks.committed = [&](Position) { ++commits; };
  runner_->start<Renewal>(Renewal::Begin{"example.org"}, "alert-7", keep);
  run();
  EXPECT_EQ(commits, 0U);
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0], streams[1]);
  // Nobody asks; only a note is left of the batch.
  runner_->start<Renewal>(Renewal::Begin{"example.org"}, "alert-7", {});
  runner_->append("notes", note(), {});
  run();
  EXPECT_EQ(commits, 1U);
  EXPECT_EQ(types("notes"), "made ");
  EXPECT_EQ(runner_->open_count(), 1U);
}

// ---- streams that end

TEST_F(ShortStore, WhatComesWithTheEndOfAStreamIsDropped) {
  const std::string stream = begin("example.org");
  runner_->submit<Renewal>(stream, Renewal::OrderAccepted{});
  run();
  clock_.advance(Renewal::issue_takes);  // in this very turn it would be woken
  runner_->submit<Renewal>(stream, Renewal::InstallDone{});
  runner_->submit<Renewal>(stream, Renewal::InstallDone{});
  run();
  EXPECT_EQ(types(stream), "ordered issued installed ");
  EXPECT_EQ(runner_->open_count(), 0U);
  EXPECT_FALSE(runner_->next_wake());
}

TEST_F(ShortStore, AStreamThatEndsBeforeItsTurnToBeResumedIsNotResumed) {
  leave_open(600);
  ASSERT_EQ(runner_->recover().value_or(0), 600U);
  EXPECT_TRUE(runner_->has_work());
  const std::string last = under_.open_streams()->back();
  runner_->submit<Renewal>(last, Renewal::InstallDone{});
  run();
  EXPECT_EQ(types(last), "ordered recovered installed ");
  EXPECT_EQ(runner_->open_count(), 599U);
}

// A folded stream takes its inputs, also while others are still read.
TEST_F(ShortStore, AStreamThatEndsWhileOthersAreStillReadIsNotResumed) {
  leave_open(300);
  const std::string first = under_.open_streams()->front();
  ASSERT_TRUE(runner_->begin_recovery());
  ASSERT_TRUE(*runner_->fold_some());
  runner_->submit<Renewal>(first, Renewal::InstallDone{});
  run();
  ASSERT_FALSE(*runner_->fold_some());
  run();
  EXPECT_EQ(types(first), "ordered installed ");
  EXPECT_EQ(runner_->open_count(), 299U);
}

// It was resumed twice without getting on, so it is resumed alone; before that somebody ends it.
TEST_F(ShortStore, AStreamThatEndsRightBeforeItIsResumedAloneIsNotResumed) {
  leave_open(1);
  const std::string stream = under_.open_streams()->front();
  for (int start = 0; start < 2; ++start) {
    begin_process();
    ASSERT_TRUE(runner_->recover());
    run();
  }
  begin_process();
  runner_->submit<Renewal>(stream, Renewal::InstallDone{});
  ASSERT_TRUE(runner_->recover());
  run();
  EXPECT_EQ(types(stream), "ordered recovered recovered installed ");
}

TEST_F(ShortStore, OnlyAnEndedStreamIsRevivedAndOnlyOneThatIsThere) {
  const std::string stream = begin("example.org");
  std::vector<ErrorKind> refused;
  const auto keep = [&](const Result<std::string>& begun) {
    if (!begun) refused.push_back(begun.error().kind);
  };
  runner_->reopen<Renewal>(stream, Renewal::ProcessStarted{}, keep);
  runner_->reopen<Renewal>("cert/nowhere", Renewal::ProcessStarted{}, keep);
  run();
  EXPECT_EQ(refused, (std::vector{ErrorKind::busy, ErrorKind::corrupt}));
  EXPECT_EQ(types(stream), "ordered ");
}

// ---- a loop that stops while it resumes

// Resumed, it keeps a picture in the vault.
struct Painting {
  static constexpr std::string_view type = "painting";
  static constexpr unsigned version = 1;
  struct State {};
  struct Painted {};
  using Entry = Painted;
  enum class Input { begin, resumed, woken };
  struct Effect {};
  inline static bool ends_when_resumed = false;
  static Decision<Painting> decide(const State&, const Input& input, Timestamp) {
    Decision<Painting> decision;
    if (input == Input::resumed) decision.contents = {{"a picture", BlobNaming::plain}};
    decision.entries = {Painted{}};
    decision.ends = input == Input::resumed && ends_when_resumed;
    return decision;
  }
  static State apply(State state, const Entry&) { return state; }
  static Encoded encode(const State&, const Entry&) { return {"painting.painted", 1, "", "", "{}"}; }
  static Result<Entry> decode(std::string_view, unsigned, std::string_view) { return Painted{}; }
  static Input resumed() { return Input::resumed; }
  static Input woken() { return Input::woken; }
  static bool resumes_alone(const State&) { return false; }
};
struct Nobody final : EffectPerformer<Painting> {
  void perform(const std::string&, const Painting::Effect&, Done) override {}
};

TEST_F(ShortStore, WhatIsSentToAStreamThatItsResumptionEndsIsDropped) {
  Nobody nobody;
  runner_->register_workflow<Painting>(nobody, "painting/");
  for (int number = 0; number < 600; ++number) runner_->start<Painting>(Painting::Input::begin, {}, {});
  run();
  const std::string last = under_.open_streams()->back();
  begin_process();
  runner_->register_workflow<Painting>(nobody, "painting/");
  ASSERT_EQ(runner_->recover().value_or(0), 600U);
  Painting::ends_when_resumed = true;
  runner_->submit<Painting>(last, Painting::Input::woken);
  run();
  Painting::ends_when_resumed = false;
  EXPECT_EQ(types(last), "painted painted ");
  EXPECT_EQ(runner_->open_count(), 0U);
}

TEST_F(ShortStore, AVaultWithoutRoomStopsARecoveryAtTheFirst) {
  Nobody nobody;
  runner_->register_workflow<Painting>(nobody, "painting/");
  for (int number = 0; number < 3; ++number) runner_->start<Painting>(Painting::Input::begin, {}, {});
  run();
  const std::string stream = under_.open_streams()->front();
  EXPECT_NE(runner_->state<Painting>(stream), nullptr);
  EXPECT_EQ(runner_->state<Renewal>(stream), nullptr) << "it is no renewal";
  begin_process();
  runner_->register_workflow<Painting>(nobody, "painting/");
  blobs_.full = true;
  ASSERT_EQ(runner_->recover().value_or(0), 3U);
  run();
  EXPECT_EQ(stops_.size(), 1U);
  EXPECT_EQ(under_.read_all({}, 10)->entries.size(), 3U);
}

}  // namespace
}  // namespace autoheal::engine
