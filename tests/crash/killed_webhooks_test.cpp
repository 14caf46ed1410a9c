// A daemon that heals, tells a receiver of it, and is killed all the time: each event comes at least once, none before
// those that came before it were taken, and always under the same id and with the same body.
#include <gmock/gmock.h>

#include <atomic>
#include <set>

#include "tests/support/worlds/daemon.hpp"
#include "tests/support/worlds/webhook_receiver.hpp"

namespace autoheal::testing {
namespace {

constexpr unsigned engines_told = 4;

unsigned deaths() {
#ifdef AUTOHEAL_SANITIZED
  return 3;
#else
  return long_runs() ? 200 : 12;
#endif
}

class KilledWebhooks : public ::testing::Test {
 protected:
  void configure(const std::vector<std::string>& urls) {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", 0600);
    std::string text = "version: 1\nhealing: { retry_delay: 0, max_concurrent: 4 }\nwebhooks:\n";
    for (std::size_t number = 0; number < urls.size(); ++number) {
      text += "  - { name: target" + std::to_string(number) + ", url: " + urls[number] +
              ", secret_file: secret, allow: [127.0.0.1], max_attempts: 1000 }\n";
    }
    text += "engines:\n";
    for (unsigned number = 0; number < engines_told; ++number) {
      bridge_.write(file_of(number), "port = 8080\n");
      text += file_engine("E" + std::to_string(number),
                          "    healing: { max_heals_per_hour: 10000, cooldown: 0s, settle: 0s, fail_after: 1 }\n");
    }
    bridge_.write("autoheal.yaml", text);
  }
  static std::string file_of(unsigned number) { return "etc/E" + std::to_string(number); }
  void break_file(unsigned number) const {
    bridge_.write("next/wrong", "wrong\n");
    std::filesystem::rename(bridge_.path("next/wrong"), bridge_.path(file_of(number)));
  }

  // The events of the whole ledger, in its order: what each target must get.
  [[nodiscard]] std::vector<nlohmann::json> events() const {
    const auto ran = bridge_.autoheal({"bus", "tail", "--from", "0", "--once", "-o", "jsonl"});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    std::vector<nlohmann::json> all;
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) all.push_back(nlohmann::json::parse(line));
    return all;
  }

  static void expect_all_in_order(const std::vector<nlohmann::json>& sent,
                                  const std::vector<WebhookReceiver::Received>& received) {
    std::map<std::string, std::size_t> place_of;  // id -> place in the ledger's order
    for (const auto& event : sent) place_of.emplace(event.at("id").get<std::string>(), place_of.size());
    std::map<std::string, std::string> bodies;
    std::set<std::size_t> taken;
    for (const auto& request : received) {
      const auto event = nlohmann::json::parse(request.body);
      const auto id = event.at("id").get<std::string>();
      ASSERT_TRUE(place_of.contains(id)) << id;
      EXPECT_TRUE(request.headers.at("webhook-id").ends_with("-" + id));
      const auto [known, fresh] = bodies.emplace(request.headers.at("webhook-id"), request.body);
      EXPECT_TRUE(fresh || known->second == request.body) << id;
      const std::size_t place = place_of.at(id);
      EXPECT_EQ(std::distance(taken.begin(), taken.lower_bound(place)), static_cast<std::ptrdiff_t>(place))
          << id << " came before all earlier ones were taken";
      if (request.status < 300) taken.insert(place);
    }
    EXPECT_EQ(taken.size(), sent.size());
  }

  Bridge bridge_;
};

TEST_F(KilledWebhooks, Case128_EachEventComesAtLeastOnceInOrderUnderAStableId) {
  std::atomic<unsigned> count = 0;
  const WebhookReceiver steady(bridge_);
  const WebhookReceiver moody(bridge_, [&count](const auto&) { return ++count % 7 == 0 ? 500U : 200U; });
  configure({steady.url(), moody.url()});
  std::size_t known = 0;
  for (unsigned death = 0; death < deaths(); ++death) {
    Daemon daemon(bridge_);
    for (unsigned number = 0; number < engines_told; ++number) break_file(number);
    // Each time a little later in the course of the deliveries.
    EXPECT_TRUE(eventually([&] { return steady.requests().size() > known + death % 5; })) << daemon.said();
    daemon.kill();
    known = steady.requests().size();
  }
  Daemon daemon(bridge_);
  for (unsigned number = 0; number < engines_told; ++number) daemon.expect_passes("E" + std::to_string(number));
  const auto has_all = [&](const WebhookReceiver& receiver) {
    const auto sent = events();
    const auto requests = receiver.requests();
    return !requests.empty() && requests.back().status < 300 &&
           nlohmann::json::parse(requests.back().body).at("id") == sent.back().at("id");
  };
  EXPECT_TRUE(eventually([&] { return has_all(steady) && has_all(moody); })) << daemon.said();
  daemon.stop();
  const auto sent = events();
  EXPECT_GE(sent.size(), deaths());
  expect_all_in_order(sent, steady.requests());
  expect_all_in_order(sent, moody.requests());
  for (const auto& request : steady.requests()) {
    EXPECT_THAT(request.body, ::testing::Not(::testing::HasSubstr("webhook.")));
    EXPECT_THAT(request.headers.at("webhook-signature"), ::testing::StartsWith("v1,"));
  }
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

}  // namespace
}  // namespace autoheal::testing
