// The signature that receivers check, against an example of Standard Webhooks' own libraries.
#include "tools/outward/webhook_signature.hpp"

#include <gmock/gmock.h>

namespace autoheal::outward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr const char* secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr const char* body = R"({"test": 2432232314})";
const Timestamp moment{std::chrono::seconds(1'614'265'330)};

TEST(WebhookSignature, Case128_IsTheOneThatStandardLibrariesExpect) {
  const auto key = webhook_key(secret);
  ASSERT_TRUE(key);
  EXPECT_THAT(webhook_headers(id, moment, body, {*key}),
              ElementsAre(Pair("webhook-id", id), Pair("webhook-timestamp", "1614265330"),
                          Pair("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")));
}

TEST(WebhookSignature, TwoKeysGiveTwoSignaturesOfWhichEachIsEnough) {
  const auto headers = webhook_headers(id, moment, body, {*webhook_key(secret), std::string(24, 'k')});
  EXPECT_THAT(headers.back().second, ::testing::MatchesRegex("v1,g0hM9SsE[^ ]+= v1,[^ ]+="));
  EXPECT_EQ(webhook_headers(id, moment, body, {}).size(), 2U);
}

TEST(WebhookSignature, SecretsAreReadStrictlyAndNeverRepeated) {
  EXPECT_TRUE(webhook_key(std::string(" ") + secret + "\r\n"));
  for (const std::string text :
       {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_c2hvcnQ=", "whsec_MfKQ 9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}) {
    const auto key = webhook_key(text);
    ASSERT_FALSE(key) << text;
    EXPECT_THAT(key.error().message, Not(HasSubstr("MfKQ")));
  }
}

}  // namespace
}  // namespace autoheal::outward
