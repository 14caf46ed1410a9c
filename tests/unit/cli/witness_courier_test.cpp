// A talk with one witness: what it is asked, what is kept of its answers, and what people are told.
#include "tools/autoheal/witness/witness_courier.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <deque>

#include "autoheal/engine/system_ports.hpp"
#include "tests/support/examples/evidence_vectors.hpp"

namespace autoheal::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
namespace vectors = store::vectors;

const std::string origin = std::string(vectors::checkpoint_8.substr(0, vectors::checkpoint_8.find('\n')));
const std::string line(vectors::cosignature_8);

outward::Answer answer(unsigned status, std::string body = {}, std::string content_type = {}) {
  return {status, std::move(body), {}, std::move(content_type)};
}
outward::Answer saw(std::uint64_t size) {
  return answer(409, std::to_string(size) + "\n", std::string(store::witness_size_type));
}

class WitnessCourierTest : public ::testing::Test {
 protected:
  // Answers as planned, then in the same way again and again.
  void begin(std::vector<Result<outward::Answer>> answers) {
    answers_.assign(answers.begin(), answers.end());
    WitnessPorts ports{
        .clock = clock_,
        .randomness = randomness_,
        .question = [this](std::optional<std::uint64_t> old_size) -> Result<std::optional<WitnessQuestion>> {
          if (unnamed_) return failure(ErrorKind::changed, "the ledger does not name it");
          const std::uint64_t old = old_size.value_or(remembered_);
          if (old > 8) return failure(ErrorKind::corrupt, "the witness saw more");
          return WitnessQuestion{{old, {}, std::string(vectors::checkpoint_8)}, 8};
        },
        .post = [this](const std::string& body) { return answered(body); },
        .keep =
            [this](const std::string& note) {
              kept_.push_back(note);
              boost::asio::post(io_, [this] {
                courier_->kept(full_disk_ ? Result<void>(failure(ErrorKind::unavailable, "disk full"))
                                          : Result<void>());
              });
            },
        .tell = [this](const std::string& sentence) { told_.push_back(sentence); },
        .ended = [this](const std::string& outcome) { ended_.push_back(outcome); },
    };
    courier_ = std::make_unique<WitnessCourier>(*store::VerifierKey::parse(vectors::witness_key), std::move(ports),
                                                WitnessRules{.every = 1ms, .settles = 1ms, .longest_pause = 1ms});
    io_.restart();  // the one before may have ended
    boost::asio::co_spawn(io_, courier_->run(), boost::asio::detached);
  }
  boost::asio::awaitable<Result<outward::Answer>> answered(const std::string& body) {
    asked_.push_back(body.substr(0, body.find('\n')));
    auto next = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    co_return next;
  }
  void run_until(const std::function<bool()>& done) {
    for (int turn = 0; turn < 100'000 && !done(); ++turn) io_.run_one_for(1s);
    EXPECT_TRUE(done());
  }
  void run_until_told(std::size_t sentences) {
    run_until([&] { return told_.size() >= sentences; });
  }
  // All that it does by itself is done.
  void run_until_it_rests() {
    while (io_.poll() > 0 || io_.run_one_for(20ms) > 0) continue;
  }

  boost::asio::io_context io_{1};
  engine::SystemClock clock_;
  engine::SystemRandomness randomness_;
  std::uint64_t remembered_ = 0;
  bool unnamed_ = false, full_disk_ = false;
  std::deque<Result<outward::Answer>> answers_;
  std::vector<std::string> asked_, kept_, told_, ended_;
  std::unique_ptr<WitnessCourier> courier_;
};

TEST_F(WitnessCourierTest, ItsCosignatureIsKeptAndTheSameCheckpointIsNotAskedAgain) {
  remembered_ = 3;
  begin({answer(200, line)});
  run_until([&] { return !kept_.empty(); });
  run_until_it_rests();
  courier_->look();
  run_until_it_rests();
  EXPECT_THAT(asked_, ElementsAre("old 3"));
  EXPECT_THAT(kept_, ElementsAre(AllOf(StartsWith(origin), HasSubstr(line))));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(WitnessCourierTest, WhatOthersSignedIsNotHandedOn) {
  const std::string own = std::string(vectors::checkpoint_8.substr(vectors::checkpoint_8.find("\n\n") + 2));
  begin({answer(200, own + line)});
  run_until([&] { return !kept_.empty(); });
  EXPECT_THAT(kept_, ElementsAre(AllOf(HasSubstr(line), ::testing::Not(HasSubstr(own)))));
}

TEST_F(WitnessCourierTest, AWitnessThatSawAnotherSizeIsAskedOnceMoreFromThereAtOnce) {
  begin({saw(5), answer(200, line)});
  run_until([&] { return !kept_.empty(); });
  EXPECT_THAT(asked_, ElementsAre("old 0", "old 5"));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(WitnessCourierTest, AWitnessThatNamesOneSizeAfterTheOtherIsNoReasonToHurry) {
  begin({saw(5), saw(6), saw(6), answer(200, line)});
  run_until([&] { return !kept_.empty(); });
  EXPECT_THAT(asked_, ElementsAre("old 0", "old 5", "old 6", "old 6"));
  run_until_it_rests();
  EXPECT_THAT(told_, ElementsAre(HasSubstr("it refuses that and names 6"), HasSubstr("witness.example/w1 cosigns")));
}

TEST_F(WitnessCourierTest, EachRefusalIsToldOnceHoweverOftenItComes) {
  for (const auto& [status, words] : std::map<unsigned, std::string>{{400, "cannot read what it was sent"},
                                                                     {403, "does not accept the signature"},
                                                                     {404, "does not know this ledger"},
                                                                     {503, "answered with status 503"}}) {
    told_.clear();
    asked_.clear();
    begin({answer(status)});
    run_until([&] { return asked_.size() >= 4; });
    EXPECT_THAT(told_, ElementsAre(AllOf(StartsWith("warning: witness witness.example/w1 does not cosign: "),
                                         HasSubstr(words))));
    courier_->stop();
    run_until([&] { return courier_->ended(); });
  }
}

TEST_F(WitnessCourierTest, AnotherHistoryIsToldLoudlyAndAskedAboutAnew) {
  begin({saw(6), answer(422)});
  run_until([&] { return asked_.size() >= 4; });
  EXPECT_THAT(told_, ElementsAre(HasSubstr("THE HISTORY OF THIS LEDGER DIFFERS from what witness witness.example/w1")));
  EXPECT_THAT(asked_, ElementsAre("old 0", "old 6", "old 0", "old 0"));
}

TEST_F(WitnessCourierTest, AWitnessThatSawMoreThanThereIsIsToldLoudly) {
  begin({saw(9), saw(9), answer(200, line)});
  run_until([&] { return !kept_.empty(); });
  run_until_it_rests();
  EXPECT_THAT(asked_, ElementsAre("old 0", "old 0", "old 0")) << "never from what this ledger does not have";
  EXPECT_THAT(told_, ElementsAre(HasSubstr("HISTORY"), HasSubstr("cosigns")));
}

TEST_F(WitnessCourierTest, AFalseSignatureIsNotKept) {
  std::string other = line;
  other[line.size() - 20] = line[line.size() - 20] == 'A' ? 'B' : 'A';
  for (const std::string& body :
       {other, std::string(vectors::checkpoint_8.substr(vectors::checkpoint_8.find("\n\n") + 2))}) {
    told_.clear();
    begin({answer(200, body)});
    run_until_told(1);
    EXPECT_THAT(told_, Each(HasSubstr("what it answered is not kept")));
    EXPECT_THAT(kept_, IsEmpty());
    courier_->stop();
    run_until([&] { return courier_->ended(); });
  }
}

TEST_F(WitnessCourierTest, ACutAnswerIsNone) {
  begin({outward::Answer{200, line, "its answer is longer than 65536 bytes", {}}});
  run_until_told(1);
  EXPECT_THAT(told_, ElementsAre(HasSubstr("not whole: its answer is longer")));
  EXPECT_THAT(kept_, IsEmpty());
}

TEST_F(WitnessCourierTest, WhoIsBackAfterAnOutageIsToldToCosign) {
  begin({failure(ErrorKind::unavailable, "w1 port 443: Connection refused"), answer(200, line)});
  run_until_told(2);
  EXPECT_THAT(told_, ElementsAre(HasSubstr("Connection refused"), "witness witness.example/w1 cosigns"));
  EXPECT_THAT(ended_, ElementsAre("w1 port 443: Connection refused", "cosigned 8 entries"));
}

TEST_F(WitnessCourierTest, ACosignatureThatCannotBeKeptIsAskedForAgain) {
  full_disk_ = true;
  begin({answer(200, line)});
  run_until_told(1);
  EXPECT_THAT(told_, ElementsAre(HasSubstr("its cosignature is not kept: disk full")));
  full_disk_ = false;
  run_until_told(2);
  EXPECT_THAT(asked_, AllOf(SizeIs(::testing::Ge(2U)), ::testing::Contains("old 8")));
}

TEST_F(WitnessCourierTest, OneThatTheLedgerDoesNotNameIsNotAskedUntilItDoes) {
  unnamed_ = true;
  begin({answer(200, line)});
  run_until_told(1);
  courier_->look();
  run_until_it_rests();
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_THAT(told_, SizeIs(1));
  unnamed_ = false;
  courier_->look();
  run_until_told(2);
  EXPECT_THAT(kept_, SizeIs(1));
}

}  // namespace
}  // namespace autoheal::cli
