// Webhooks and command sinks through the real program.
#include <gmock/gmock.h>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/store/format/canonical_text.hpp"
#include "tests/support/examples/documented_entries.hpp"
#include "tests/support/worlds/daemon.hpp"
#include "tests/support/worlds/gate.hpp"
#include "tests/support/worlds/webhook_receiver.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class WebhookProgramTest : public ::testing::Test {
 protected:
  void configure(const std::string& webhooks) const {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/A", "port = 8080\n");
    bridge_.write("secret", "whsec_" + secret + "\n", 0600);
    bridge_.write("autoheal.yaml",
                  "version: 1\nhealing: { retry_delay: 0 }\nwebhooks:\n" + webhooks + "engines:\n" + file_engine("A"));
  }
  static std::string topics_of(const std::vector<WebhookReceiver::Received>& requests) {
    std::string text;
    for (const auto& one : requests) text += nlohmann::json::parse(one.body).at("type").get<std::string>() + "\n";
    return text;
  }
  Bridge bridge_;
};

TEST_F(WebhookProgramTest, Case128_AHealIsToldSignedAndWithoutTheSecret) {
  const WebhookReceiver receiver(bridge_);
  configure("  - { name: pager, url: " + receiver.url() +
            ", topics: [selftest.autoheal.trigger, selftest.autoheal.complete], secret_file: secret, "
            "allow: [127.0.0.0/8] }\n");
  Daemon daemon(bridge_);
  bridge_.write("etc/A", "wrong");
  EXPECT_TRUE(eventually([&] { return receiver.requests().size() == 2; })) << daemon.said();
  daemon.stop();
  const auto requests = receiver.requests();
  EXPECT_EQ(topics_of(requests), "selftest.autoheal.trigger\nselftest.autoheal.complete\n");
  for (const auto& one : requests) {
    EXPECT_EQ(one.headers.at("content-type"), "application/cloudevents+json; charset=UTF-8");
    const std::string content =
        one.headers.at("webhook-id") + "." + one.headers.at("webhook-timestamp") + "." + one.body;
    const auto digest = hmac_sha256(*store::from_base64(secret), content);
    const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
    EXPECT_EQ(one.headers.at("webhook-signature"), "v1," + store::to_base64(bytes));
    EXPECT_THAT(one.body, AllOf(Not(HasSubstr(secret)), HasSubstr("\"ledgerpos\"")));
  }
  const auto listed = bridge_.autoheal({"webhook", "list", "-o", "json"});
  EXPECT_EQ(listed.exit_code, 0) << listed.err;
  const auto row = nlohmann::json::parse(listed.out).at(0);
  EXPECT_EQ(row.at("webhook"), "pager");
  EXPECT_EQ(row.at("dead_letters"), "0");
  EXPECT_FALSE(row.at("place").get<std::string>().empty());
}

TEST_F(WebhookProgramTest, Case126_ALoopbackThatIsNotListedIsRefusedAndTheHealDoesNotWait) {
  const WebhookReceiver receiver(bridge_);
  configure("  - { name: pager, url: " + receiver.url("/very-secret-path") + " }\n");
  Daemon daemon(bridge_);
  bridge_.write("etc/A", "wrong");
  daemon.expect_count("heal.completed", 1);
  EXPECT_TRUE(eventually([&] { return daemon.said().find("did not take an event") != std::string::npos; }));
  daemon.stop();
  EXPECT_THAT(daemon.said(), AllOf(HasSubstr("127.0.0.1 is loopback"), Not(HasSubstr("very-secret-path"))));
  EXPECT_EQ(receiver.requests().size(), 0U);
}

TEST_F(WebhookProgramTest, Case127_AReceiverThatNeverAnswersHoldsUpNoHeal) {
  Gate gate(bridge_);
  bridge_.script("bin/stuck", std::string("echo $$ >> run/waiting; ") + Gate::wait + "\n");
  bridge_.write("run/.keep", "");
  configure("  - { name: stuck, command: [bin/stuck], timeout: 30s }\n");
  Daemon daemon(bridge_);
  for (std::size_t heal = 1; heal <= 3; ++heal) {
    bridge_.write("etc/A", "wrong");
    daemon.expect_count("heal.completed", heal);
  }
  EXPECT_TRUE(eventually([&] { return bridge_.exists("run/waiting"); }));
  daemon.stop();  // and ends the program
  EXPECT_THAT(bridge_.marked_processes(), ::testing::IsEmpty());
}

TEST_F(WebhookProgramTest, ACommandReadsEachEventFromItsInput) {
  bridge_.script("bin/take", "cat >> run/events; echo \"$AUTOHEAL_EVENT_TOPIC $1\" >> run/topics\n");
  bridge_.write("run/.keep", "");
  configure("  - { name: file, command: [bin/take, 'a $(b)'], topics: [selftest.autoheal.complete] }\n");
  Daemon daemon(bridge_);
  bridge_.write("etc/A", "wrong");
  EXPECT_TRUE(eventually([&] { return bridge_.exists("run/topics"); })) << daemon.said();
  daemon.stop();
  EXPECT_EQ(bridge_.read("run/topics"), "selftest.autoheal.complete a $(b)\n");
  EXPECT_EQ(nlohmann::json::parse(bridge_.read("run/events")).at("type"), "selftest.autoheal.complete");
}

TEST_F(WebhookProgramTest, AnEventThatIsRefusedIsADeadLetterWhichCanBeSentAgain) {
  std::atomic<bool> well = false;
  const WebhookReceiver receiver(bridge_, [&well](const auto&) { return well ? 200U : 400U; });
  configure("  - { name: pager, url: " + receiver.url() +
            ", topics: [selftest.autoheal.trigger, selftest.autoheal.complete], allow: [127.0.0.1], "
            "max_attempts: 1 }\n");
  {
    Daemon daemon(bridge_);
    bridge_.write("etc/A", "wrong");
    daemon.expect_count("webhook.dead_lettered", 2);
    for (const auto& entry : daemon.entries("webhook.dead_lettered"))
      expect_documented(entry.type, nlohmann::json::parse(entry.data));
    daemon.stop();
  }
  well = true;
  const auto again = bridge_.autoheal({"webhook", "redeliver", "pager", "-o", "json"});
  EXPECT_EQ(again.exit_code, 0) << again.err << again.out;
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(requests[0].headers.at("webhook-id"), requests[2].headers.at("webhook-id"));
  EXPECT_EQ(requests[0].body, requests[2].body);
  EXPECT_EQ(requests[1].body, requests[3].body);
  EXPECT_EQ(topics_of(requests), topics_of({requests[0], requests[1], requests[0], requests[1]}));
}

TEST_F(WebhookProgramTest, ATestSaysWhetherTheTargetTakesEvents) {
  std::atomic<unsigned> status = 202;
  const WebhookReceiver receiver(bridge_, [&status](const auto&) { return status.load(); });
  configure("  - { name: pager, url: " + receiver.url() + ", secret_file: secret, allow: [127.0.0.1] }\n");
  EXPECT_EQ(bridge_.autoheal({"webhook", "test", "pager"}).exit_code, 0);
  EXPECT_EQ(topics_of(receiver.requests()), "autoheal.webhook.test\n");
  status = 302;
  const auto redirected = bridge_.autoheal({"webhook", "test", "pager"});
  EXPECT_EQ(redirected.exit_code, 1);
  EXPECT_THAT(redirected.err, HasSubstr("it redirects, which is not followed"));
  std::filesystem::permissions(bridge_.path("secret"), std::filesystem::perms(0644));
  const auto open = bridge_.autoheal({"webhook", "test", "pager"});
  EXPECT_EQ(open.exit_code, 1);
  EXPECT_THAT(open.err, HasSubstr("every user of this host may read or write it"));
  EXPECT_EQ(receiver.requests().size(), 2U);
  EXPECT_EQ(bridge_.autoheal({"webhook", "test", "page"}).exit_code, 5);
}

TEST_F(WebhookProgramTest, HowFarATargetIsBehindIsAMetric) {
  std::atomic<bool> well = false;
  const WebhookReceiver receiver(bridge_, [&well](const auto&) { return well ? 204U : 503U; });
  configure("  - { name: pager, url: " + receiver.url() + ", allow: [127.0.0.1] }\n");
  const std::string series = "autoheal_subscription_lag_events{target=\"pager\"} ";
  const auto behind = [&](const std::string& metrics) {
    const auto at = metrics.find(series);
    return at == std::string::npos ? -1 : std::stoi(metrics.substr(at + series.size()));
  };
  {
    Daemon daemon(bridge_);
    bridge_.write("etc/A", "wrong");
    daemon.expect_count("heal.completed", 1);
    EXPECT_GT(behind(daemon.ask("GET", "/metrics").body), 0);
    daemon.stop();
  }
  EXPECT_GT(behind(bridge_.autoheal({"steward", "--prometheus"}).out), 0) << "as the ledger says";
  well = true;
  Daemon daemon(bridge_);
  EXPECT_TRUE(eventually([&] { return behind(daemon.ask("GET", "/metrics").body) == 0; })) << daemon.said();
  bridge_.configure(file_engine("A"));
  daemon.reload();
  EXPECT_TRUE(eventually([&] { return behind(daemon.ask("GET", "/metrics").body) == -1; })) << "it is told no more";
  daemon.stop();
}

TEST_F(WebhookProgramTest, AHealThatEndedIsOneTraceForACollector) {
  const WebhookReceiver receiver(bridge_);
  configure("  - { name: traces, url: " + receiver.url("/v1/traces") + ", format: otlp, allow: [127.0.0.1] }\n");
  Daemon daemon(bridge_);
  bridge_.write("etc/A", "wrong");
  EXPECT_TRUE(eventually([&] { return receiver.requests().size() == 1; })) << daemon.said();
  daemon.stop();
  const auto request = receiver.requests().at(0);
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  const auto spans = nlohmann::json::parse(request.body)["resourceSpans"][0]["scopeSpans"][0]["spans"];
  std::string names;
  for (const auto& span : spans) names += span.at("name").get<std::string>() + ",";
  EXPECT_EQ(names, "heal A,repair,certify,");
  const auto told = bridge_.autoheal(
      {"bus", "tail", "--topic", "selftest.autoheal.complete", "--from", "0", "--once", "-o", "jsonl"});
  EXPECT_THAT(nlohmann::json::parse(told.out).at("traceparent").get<std::string>(),
              HasSubstr(spans.at(0).at("traceId").get<std::string>()));
}

// The place is in the ledger, and what came while nobody served is told later.
TEST_F(WebhookProgramTest, ATargetGoesOnWhereItStoppedAfterARestart) {
  const WebhookReceiver receiver(bridge_);
  const std::string target =
      "  - { name: pager, url: " + receiver.url() + ", topics: [selftest.autoheal.complete], allow: [127.0.0.1] }\n";
  configure(target);
  {
    Daemon daemon(bridge_);
    bridge_.write("etc/A", "wrong");
    EXPECT_TRUE(eventually([&] { return receiver.requests().size() == 1; })) << daemon.said();
    daemon.stop();
  }
  bridge_.write("etc/A", "wrong");
  EXPECT_EQ(bridge_.autoheal({"heal", "A"}).exit_code, 0);
  Daemon daemon(bridge_);
  EXPECT_TRUE(eventually([&] { return receiver.requests().size() == 2; })) << daemon.said();
  daemon.stop();
  EXPECT_EQ(receiver.requests().size(), 2U);
}

TEST_F(WebhookProgramTest, ATargetThatMovesWhileTheDaemonServesGoesOnAtItsPlace) {
  const WebhookReceiver first(bridge_), second(bridge_);
  const auto at = [](const WebhookReceiver& receiver) {
    return "  - { name: pager, url: " + receiver.url() +
           ", topics: [selftest.autoheal.complete], allow: [127.0.0.1] }\n";
  };
  configure(at(first));
  Daemon daemon(bridge_);
  bridge_.write("etc/A", "wrong");
  EXPECT_TRUE(eventually([&] { return first.requests().size() == 1; })) << daemon.said();
  daemon.expect_passes("A");
  configure(at(second));
  daemon.reload();
  EXPECT_TRUE(eventually([&] { return daemon.count("config.loaded") == 2; })) << daemon.said();
  bridge_.write("etc/A", "wrong");
  EXPECT_TRUE(eventually([&] { return second.requests().size() == 1; })) << daemon.said();
  daemon.stop();
  EXPECT_EQ(first.requests().size(), 1U);
  EXPECT_EQ(second.requests().size(), 1U);
  EXPECT_NE(first.requests().at(0).headers.at("webhook-id"), second.requests().at(0).headers.at("webhook-id"));
}

}  // namespace
}  // namespace autoheal::testing
