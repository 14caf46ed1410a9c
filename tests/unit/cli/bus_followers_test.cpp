// Many who follow the bus at once, and what that leaves to everybody else.
#include "tools/autoheal/events/bus_followers.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>

#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"

namespace autoheal::cli {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t a_thousand = 1'000;

class BusFollowersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "followers." + std::string(6, 'X');
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    store::SqliteLedger::OpenOptions options{.ids = ids_};
    options.sync_every_append = false;
    ledger_ = *store::SqliteLedger::open(folder_ / "ledger.db", options);
    vault_ = *store::Vault::open(folder_ / "ledger.db.vault", {}, store::VaultAccess::read_only);
    readers_ = *ReaderThreads::start();
    bus_ = std::make_shared<BusFollowers>(
        FollowerPorts{io_.get_executor(), *readers_, (folder_ / "ledger.db").string(), *vault_});
    skip("nobody");
  }
  void TearDown() override { fs::remove_all(folder_); }

  // One event about this engine.
  void skip(const std::string& engine) {
    engine::NewEntry entry;
    entry.type = "heal.skipped";
    entry.subject = engine;
    entry.time = clock_.now();
    entry.actor = "root";
    entry.data = R"({"reason":"held"})";
    engine::Batch batch;
    batch.streams.push_back({"ledger", version_, {std::move(entry)}, engine::StreamLife::goes_on, {}});
    version_ += 1;
    ASSERT_EQ(ledger_->append(batch).status, engine::AppendStatus::ok);
    bus_->committed();
  }

  asio::awaitable<void> follow(std::string engine) {
    FollowerWish wish;
    wish.engine = std::move(engine);
    auto source = co_await bus_->follow(std::move(wish), true, [] { return true; });
    ++(source ? let_in_ : refused_);
    while (source) {
      const auto piece = co_await (*source)();
      if (!piece || !*piece) co_return;
      if ((*piece)->find("event: ") == std::string::npos) continue;
      ++heard_;
      ++heard_in_a_row_;
    }
  }
  void begin_to_follow(std::size_t count, const std::string& engine) {
    for (std::size_t number = 0; number < count; ++number) asio::co_spawn(io_, follow(engine), asio::detached);
  }
  void run_until(const std::function<bool()>& done) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (!done() && std::chrono::steady_clock::now() < until) io_.run_one_for(1s);
    ASSERT_TRUE(done());
  }

  asio::io_context io_{1};
  engine::SystemClock clock_;
  engine::SystemRandomness randomness_;
  engine::UuidV7Source ids_{clock_, randomness_};
  fs::path folder_;
  std::unique_ptr<store::SqliteLedger> ledger_;
  std::unique_ptr<store::Vault> vault_;
  std::unique_ptr<ReaderThreads> readers_;
  std::shared_ptr<BusFollowers> bus_;
  std::uint64_t version_ = 0;
  std::size_t let_in_ = 0, refused_ = 0, heard_ = 0, heard_in_a_row_ = 0;
};

TEST_F(BusFollowersTest, AThousandThatComeAtOnceAreAllLetIn) {
  begin_to_follow(a_thousand, "app");
  run_until([&] { return let_in_ + refused_ == a_thousand; });
  EXPECT_EQ(refused_, 0U);
  skip("app");
  run_until([&] { return heard_ == a_thousand; });
}

TEST_F(BusFollowersTest, OthersHaveTheirTurnWhileAThousandAreTold) {
  begin_to_follow(a_thousand, "app");
  run_until([&] { return let_in_ == a_thousand; });
  skip("app");
  std::size_t longest = 0;
  std::function<void()> another_client = [&] {
    longest = std::max(longest, std::exchange(heard_in_a_row_, 0));
    if (heard_ < a_thousand) asio::post(io_, another_client);
  };
  asio::post(io_, another_client);
  run_until([&] { return heard_ == a_thousand; });
  EXPECT_LE(longest, 64U);
}

}  // namespace
}  // namespace autoheal::cli
