// Tokens are found by their whole text alone, and valid only where ledger and file agree on them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/ledger/memory_ledger.hpp"
#include "tools/autoheal/access/failed_authentications.hpp"
#include "tools/autoheal/access/token_entries.hpp"
#include "tools/autoheal/access/token_file.hpp"
#include "tools/autoheal/access/token_list.hpp"
#include "tools/autoheal/access/token_table.hpp"

namespace autoheal::cli {
namespace {

namespace fs = std::filesystem;

constexpr Timestamp noon{std::chrono::hours(500'000)};
constexpr Duration a_day = std::chrono::hours(24);

class TokensTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "tokens." + std::string(6, 'X');
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    file_ = tokens_file_of((folder_ / "ledger.db").string());
  }
  void TearDown() override { fs::remove_all(folder_); }

  struct Made {
    std::string text;
    TokenRecord record;
  };
  Made make(const std::string& principal = "alice") {
    const NewToken token = new_token(randomness_);
    Made made{token.text, {}};
    made.record.id = token.id;
    made.record.digest = token.digest;
    made.record.principal = principal;
    made.record.role = workflows::Role::captain;
    made.record.creator = "root";
    made.record.created = noon;
    made.record.expires = noon + a_day;
    made.record.engines = {"Demo"};
    return made;
  }
  void append(engine::NewEntry entry) {
    engine::Batch batch;
    batch.streams.push_back({"ledger", version_, {std::move(entry)}, engine::StreamLife::goes_on, {}});
    version_ += 1;
    ASSERT_EQ(ledger_.append(batch).status, engine::AppendStatus::ok);
  }
  void created(const Made& one) { append(token_created(one.record, by_root(), noon)); }
  void revoked(const Made& one) { append(token_revoked(one.record, by_root(), noon)); }
  static workflows::By by_root() {
    workflows::By by;
    by.principal = "root";
    by.role = "admiral";
    by.via = "cli";
    return by;
  }
  [[nodiscard]] std::vector<std::string> valid() const {
    const auto found = valid_tokens(ledger_, file_);
    EXPECT_TRUE(found) << found.error().message;
    std::vector<std::string> ids;
    for (const TokenRecord& one : *found) ids.push_back(one.id);
    return ids;
  }
  using Ids = std::vector<std::string>;

  fs::path folder_;
  std::string file_;
  engine::SystemRandomness randomness_;
  store::MemoryLedger ledger_{"id"};
  std::uint64_t version_ = 0;
};

TEST_F(TokensTest, ATokenIsFoundByItsWholeTextInItsTime) {
  const Made one = make(), other = make();
  EXPECT_NE(one.text, other.text);
  EXPECT_EQ(one.text.size(), 4U + 16U + 1U + 43U);
  const TokenTable table({one.record, other.record});
  ASSERT_NE(table.find(one.text, noon), nullptr);
  EXPECT_EQ(*table.find(one.text, noon), one.record);
  for (std::size_t at = 0; at < one.text.size(); ++at) {
    std::string wrong = one.text;
    wrong[at] = wrong[at] == 'a' ? 'b' : 'a';
    EXPECT_EQ(table.find(wrong, noon), nullptr) << at;
  }
  for (const std::string& wrong : {std::string(), one.text + "=", " " + one.text, one.text.substr(1), one.record.id,
                                   one.record.digest, "ahl_" + one.record.id + "_" + other.text.substr(21)})
    EXPECT_EQ(table.find(wrong, noon), nullptr) << wrong;
}

TEST_F(TokensTest, Case8_NeitherExpiredNorYetToComeIsValid) {
  const Made one = make();
  const TokenTable table({one.record});
  EXPECT_NE(table.find(one.text, noon + a_day - Duration(1)), nullptr);
  EXPECT_EQ(table.find(one.text, noon + a_day), nullptr);
  EXPECT_EQ(table.find(one.text, noon - std::chrono::hours(1)), nullptr);
  EXPECT_NE(table.still(one.record.id, noon), nullptr);
  EXPECT_EQ(table.still(one.record.id, noon + a_day), nullptr);
}

// The comparison is one of digests, in constant time; this looks whether something around it is not. The fastest of
// many tries: noise only ever makes one slower.
TEST_F(TokensTest, Case7_AWrongFirstByteTakesAsLongAsAWrongLastByte) {
  const Made one = make();
  const TokenTable table({one.record});
  std::string first = one.text, last = one.text;
  first[21] = first[21] == 'a' ? 'b' : 'a';
  last.back() = last.back() == 'a' ? 'b' : 'a';
  const auto fastest = [&](const std::string& text) {
    auto best = std::chrono::steady_clock::duration::max();
    for (int count = 0; count < 1000; ++count) {
      const auto begin = std::chrono::steady_clock::now();
      const bool found = table.find(text, noon) != nullptr;
      best = std::min(best, std::chrono::steady_clock::now() - begin);
      EXPECT_FALSE(found);
    }
    return std::chrono::duration<double>(best).count();
  };
  double closest = 10;  // the ratio of the two, in the best of some rounds
  for (int round = 0; round < 20 && closest > 1.1; ++round) {
    const double one_time = fastest(first), other_time = fastest(last);
    closest = std::min(closest, std::max(one_time, other_time) / std::min(one_time, other_time));
  }
  EXPECT_LE(closest, 1.25);
}

TEST_F(TokensTest, TheFileComesBackAsItWasAndIsItsOwnersAlone) {
  const Made one = make("älice \"x\""), other = make();
  ASSERT_TRUE(write_tokens(file_, {one.record, other.record}));
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms(0600));
  const auto read = read_tokens(file_);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, (std::vector<TokenRecord>{one.record, other.record}));
  ASSERT_TRUE(write_tokens(file_, {}));
  EXPECT_TRUE(read_tokens(file_)->empty());
  fs::remove(file_);
  EXPECT_TRUE(read_tokens(file_)->empty());
}

TEST_F(TokensTest, Case11_NeitherFileNorLedgerHoldsTheSecret) {
  const Made one = make();
  created(one);
  ASSERT_TRUE(write_tokens(file_, {one.record}));
  std::ifstream in(file_);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_NE(text.find(one.record.digest), std::string::npos);
  const std::string secret = one.text.substr(21);
  EXPECT_EQ(text.find(secret), std::string::npos);
  const std::string entry = ledger_.read_stream("ledger", 1)->front().data;
  EXPECT_EQ(entry.find(secret), std::string::npos);
  EXPECT_EQ(entry.find(one.record.digest), std::string::npos) << "not even its digest: " << entry;
  EXPECT_EQ(token_list(ledger_, (folder_ / "ledger.db").string())->find(one.record.digest), std::string::npos);
}

TEST_F(TokensTest, Case15_AFileThatOthersCouldTouchIsNotUsed) {
  ASSERT_TRUE(write_tokens(file_, {make().record}));
  for (const int mode : {0640, 0604, 0620, 0602, 0666}) {
    fs::permissions(file_, fs::perms(mode));
    EXPECT_EQ(read_tokens(file_).error().kind, ErrorKind::refused) << mode;
  }
  fs::permissions(file_, fs::perms(0600));
  fs::rename(file_, file_ + ".real");
  fs::create_symlink(file_ + ".real", file_);
  EXPECT_FALSE(read_tokens(file_)) << "a link";
  fs::remove(file_);
  fs::rename(file_ + ".real", file_);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(file_.c_str(), 12'345, 12'345), 0);
    EXPECT_EQ(read_tokens(file_).error().kind, ErrorKind::refused) << "another's";
  }
}

TEST_F(TokensTest, AFileThatIsNoneIsToldAndNeverHalfUsed) {
  const std::string digest(64, 'a');
  const std::string good = R"({"token":"0123456789abcdef","principal":"a","role":"observer","creator":"b",)"
                           R"("created":"2026-01-01T00:00:00.000000Z","expires":"2026-02-01T00:00:00.000000Z",)"
                           R"("sha256":")" +
                           digest + "\"}";
  const auto read = [&](const std::string& text) {
    std::ofstream(file_) << text;
    fs::permissions(file_, fs::perms(0600));
    return read_tokens(file_);
  };
  EXPECT_TRUE(read(R"({"version":1,"tokens":[)" + good + "]}"));
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("null"), std::string(R"({"version":2,"tokens":[]})"),
        R"({"version":1,"tokens":[)" + good + "," + good + "]}", R"({"version":1,"tokens":[)" + good,
        std::string(R"({"version":1,"tokens":[{}]})"), std::string(R"({"version":1,"tokens":7})")})
    EXPECT_EQ(read(bad).error().kind, ErrorKind::corrupt) << bad;
}

TEST_F(TokensTest, Case8_NoBackupRevivesARevokedToken) {
  const Made one = make(), other = make();
  created(one);
  created(other);
  ASSERT_TRUE(write_tokens(file_, {one.record, other.record}));
  const store::MemoryLedger ledger_before(ledger_);
  const std::vector<TokenRecord> file_before = *read_tokens(file_);
  EXPECT_EQ(valid(), (Ids{one.record.id, other.record.id}));

  revoked(one);
  EXPECT_EQ(valid(), Ids{other.record.id}) << "the file was not written yet";
  ASSERT_TRUE(write_tokens(file_, {other.record}));
  EXPECT_EQ(valid(), Ids{other.record.id});
  ASSERT_TRUE(write_tokens(file_, file_before));
  EXPECT_EQ(valid(), Ids{other.record.id}) << "the file is a backup";
  ASSERT_TRUE(write_tokens(file_, {other.record}));
  EXPECT_EQ(agreed(*read_tokens(file_), *tokens_in(ledger_before)), std::vector<TokenRecord>{other.record})
      << "the ledger is a backup";

  engine::NewEntry accepted;
  accepted.type = "ledger.rollback_accepted";
  accepted.time = noon;
  accepted.data = "{}";
  append(accepted);
  EXPECT_EQ(valid(), Ids()) << "both may be backups: all end with the rollback that was accepted";
}

TEST_F(TokensTest, ARecordThatTheLedgerDoesNotKnowSoIsNotValid) {
  const Made one = make(), unknown = make();
  created(one);
  TokenRecord raised = one.record;
  raised.role = workflows::Role::admiral;
  ASSERT_TRUE(write_tokens(file_, {raised, unknown.record}));
  EXPECT_EQ(valid(), Ids());
  TokenRecord longer = one.record;
  longer.expires += a_day;
  ASSERT_TRUE(write_tokens(file_, {longer}));
  EXPECT_EQ(valid(), Ids());
  TokenRecord wider = one.record;
  wider.engines.clear();
  ASSERT_TRUE(write_tokens(file_, {wider}));
  EXPECT_EQ(valid(), Ids());
}

TEST(TokenTexts, Case9_ATokenIsSeenInAnAddress) {
  EXPECT_TRUE(holds_token("/api/v1/engines?access_token=ahl_0123"));
  EXPECT_TRUE(holds_token("/api/v1/ahl%5F0123"));
  EXPECT_FALSE(holds_token("/api/v1/engines?engine=Nahl"));
}

TEST(FailedAuthenticationsTest, Case10_OnePeerIsSlowedDownAndAllIsOneSummary) {
  FailedAuthentications failed;
  const Duration now = std::chrono::hours(1);
  for (int count = 0; count < 10; ++count) EXPECT_EQ(failed.note("10.0.0.1", now), Duration{0});
  EXPECT_EQ(failed.note("10.0.0.1", now), std::chrono::milliseconds(100));
  EXPECT_EQ(failed.note("10.0.0.1", now), std::chrono::milliseconds(200));
  for (int count = 12; count < 10'000; ++count) (void)failed.note("10.0.0.1", now);
  EXPECT_EQ(failed.note("10.0.0.2", now), Duration{0}) << "others do not wait";
  const auto summary = failed.take_summary();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->failed, 10'001U);
  ASSERT_EQ(summary->peers.size(), 2U);
  EXPECT_EQ(summary->peers.front().address, "10.0.0.1");
  EXPECT_EQ(summary->peers.front().failed, 10'000U);
  EXPECT_FALSE(failed.take_summary());
  EXPECT_EQ(failed.note("10.0.0.1", now + std::chrono::hours(1)), Duration{0}) << "an hour later";
}

TEST(FailedAuthenticationsTest, ManyPeersTakeNoMoreThanTheyMay) {
  FailedAuthentications failed;
  for (int peer = 0; peer < 5'000; ++peer) (void)failed.note("10.0." + std::to_string(peer), Duration{1});
  const auto summary = failed.take_summary();
  EXPECT_EQ(summary->failed, 5'000U);
  EXPECT_EQ(summary->peers.size(), most_told_peers);
  EXPECT_EQ(summary->peers.front().address, "") << "those for whom there was no room";
}

}  // namespace
}  // namespace autoheal::cli
