// A request is matched with exactly one operation, or refused with the place of what is wrong.
#include "tools/autoheal/api/api_request.hpp"

#include <gtest/gtest.h>

#include "tools/autoheal/api/caught_command.hpp"
#include "tools/autoheal/api/page.hpp"
#include "tools/autoheal/api/validator.hpp"

namespace autoheal::cli {
namespace {

ApiRequest matched(const std::string& target, const std::string& method = "GET") {
  auto request = match_api(method, target);
  EXPECT_TRUE(request) << target << ": " << request.error().problem.message;
  return request.value_or(ApiRequest{});
}

unsigned status_at(const std::string& target, const std::string& method = "GET") {
  const auto request = match_api(method, target);
  return request ? 200 : request.error().problem.status;
}

std::string mismatch_at(const std::string& target) { return match_api("GET", target).error().problem.message; }

TEST(ApiRequestOf, FindsTheOperationThatFitsBest) {
  EXPECT_EQ(matched("/api/v1/engines").operation->id, "listEngines");
  EXPECT_EQ(matched("/api/v1/heals/last/what-if?change=max_retries=1").operation->id, "askWhatIf");
  EXPECT_EQ(matched("/api/v1/audit/summary").operation->id, "summarizeHeals");
  EXPECT_EQ(matched("/api/v1/engines", "HEAD").operation->id, "listEngines");
  EXPECT_EQ(matched("/api/v1/engines/EnvRecon/hold", "POST").operation->id, "holdEngine");
}

TEST(ApiRequestOf, RefusesWhatItDoesNotKnow) {
  for (const char* target : {"/api/v1", "/api/v1/", "/api/v1/engines/", "/api/v1//engines", "/api/v1engines",
                             "/api/v1/heals/x/y", "/api/v1/engines/x/hold/y"}) {
    const unsigned status = status_at(target);
    EXPECT_TRUE(status == 404 || status == 400) << target << " " << status;
  }
  const auto wrong_method = match_api("POST", "/api/v1/engines");
  ASSERT_FALSE(wrong_method);
  EXPECT_EQ(wrong_method.error().problem.status, 405U);
  EXPECT_EQ(wrong_method.error().allow, "GET, HEAD");
  EXPECT_EQ(match_api("GET", "/api/v1/selftest").error().allow, "POST");
}

TEST(ApiRequestOf, NamesTheParameterThatIsWrong) {
  EXPECT_EQ(mismatch_at("/api/v1/heals?engin=x"), "there is no parameter \"engin\" here");
  EXPECT_EQ(match_api("GET", "/api/v1/heals?engin=x").error().problem.hint, "did you mean \"engine\"?");
  EXPECT_EQ(mismatch_at("/api/v1/heals?engine=a&engine=b"), "\"engine\" is given twice");
  EXPECT_EQ(mismatch_at("/api/v1/heals?engine="), "\"engine\" is empty");
  EXPECT_EQ(mismatch_at("/api/v1/heals?engine"), "\"engine\" is empty");
  EXPECT_EQ(mismatch_at("/api/v1/ledger/growth"), "\"from\" is missing");
  EXPECT_EQ(mismatch_at("/api/v1/ledger/growth?from=x"),
            "\"from\" is not a whole number from 0 to 9223372036854775807");
  EXPECT_EQ(mismatch_at("/api/v1/heals?limit=1001"), "\"limit\" is not a whole number from 0 to 1000");
  EXPECT_EQ(mismatch_at("/api/v1/heals?limit=0"), "\"limit\" is not 1 to 1000");
  EXPECT_EQ(mismatch_at("/api/v1/heals/" + std::string(1001, 'x')), "\"heal\" is longer than 1000 bytes");
  EXPECT_EQ(mismatch_at("/api/v1/heals/%00"), "\"heal\" is not percent-encoded UTF-8 without control characters");
}

TEST(PercentDecoded, TakesWellFormedUtf8AndNothingElse) {
  EXPECT_EQ(percent_decoded("a%20b+c%C3%a9"), "a b+c\xC3\xA9");
  EXPECT_EQ(percent_decoded(""), "");
  for (const char* text : {"%", "%2", "%zz", "%ff", "%C3", "%00", "%0a", "%7f"})
    EXPECT_FALSE(percent_decoded(text)) << text;
}

TEST(WordsOf, ValuesNeverBecomeOptions) {
  const auto words = words_of(matched("/api/v1/heals/--config=%2Fetc/diff?with=-c"), "");
  EXPECT_EQ(words, (std::vector<std::string>{"diff", "--output", "json", "--", "--config=/etc", "-c"}));
  const auto filtered = words_of(matched("/api/v1/heals?engine=--all&limit=5"), "abc");
  EXPECT_EQ(filtered,
            (std::vector<std::string>{"heals", "--output", "json", "--engine=--all", "--limit=6", "--before=abc"}));
}

constexpr const char* three_rows =
    R"([{"heal":"a","attempts":"1"},{"heal":"b","attempts":"2"},{"heal":"c","attempts":"x"}])";

TEST(PageOfRows, TheNewestComeFirstAndTheCursorNamesTheLast) {
  const auto page = page_of_rows(matched("/api/v1/heals?limit=2"), "ledger", three_rows);
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->starts_with(R"({"items":[{"heal":"c","attempts":"x"},{"heal":"b","attempts":2}],"next":")"))
      << *page;
  EXPECT_TRUE(page->ends_with(".b\"}")) << *page;
  EXPECT_EQ(page_of_rows(matched("/api/v1/heals?limit=3"), "ledger", three_rows)->find("next"), std::string::npos);
  EXPECT_EQ(*page_of_rows(matched("/api/v1/heals"), "ledger", "[]"), R"({"items":[]})");
}

TEST(PlaceOfCursor, BelongsToOneLedgerListAndFilter) {
  const std::string page = *page_of_rows(matched("/api/v1/heals?limit=2&engine=x"), "ledger", three_rows);
  const auto at = page.find("\"next\":\"") + 8;
  const std::string cursor = page.substr(at, page.size() - at - 2);
  EXPECT_EQ(*place_of_cursor(matched("/api/v1/heals?limit=7&engine=x&cursor=" + cursor), "ledger"), "b");
  EXPECT_FALSE(place_of_cursor(matched("/api/v1/heals?engine=x&cursor=" + cursor), "another"));
  EXPECT_FALSE(place_of_cursor(matched("/api/v1/heals?engine=y&cursor=" + cursor), "ledger"));
  EXPECT_FALSE(place_of_cursor(matched("/api/v1/audit?engine=x&cursor=" + cursor), "ledger"));
  EXPECT_FALSE(place_of_cursor(matched("/api/v1/heals?engine=x&cursor=" + cursor + "c"), "ledger"));
  EXPECT_EQ(*place_of_cursor(matched("/api/v1/heals"), "ledger"), "");
}

TEST(WithValidator, TheSameBodyHasTheSameAndIsNotSentAgain) {
  const auto first = with_validator(http::response_with(200, "{}"), validator_of("{}"), "");
  ASSERT_EQ(first.headers.size(), 1U);
  const std::string validator = first.headers.front().value;
  EXPECT_EQ(first.status, 200U);
  for (const std::string& listed : {validator, "W/" + validator, "\"a\" , " + validator, std::string("*")}) {
    const auto again = with_validator(http::response_with(200, "{}"), validator_of("{}"), listed);
    EXPECT_EQ(again.status, 304U) << listed;
    EXPECT_EQ(again.body, "");
  }
  EXPECT_EQ(with_validator(http::response_with(200, "{ }"), validator_of("{ }"), validator).status, 200U);
}

}  // namespace
}  // namespace autoheal::cli
