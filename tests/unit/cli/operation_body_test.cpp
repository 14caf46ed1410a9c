// Requests of operations: there and back unchanged, and nothing else gets in.
#include "tools/autoheal/protocol/operation_body.hpp"

#include <gmock/gmock.h>

namespace autoheal::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view all_keys[] = {"engine", "heal", "engines", "error", "heals", "for_us", "what", "reason"};

std::string problem_of(const std::string& text) {
  const auto read = read_operation_body(text, all_keys);
  EXPECT_FALSE(read) << text.substr(0, 100);
  if (read) return {};
  EXPECT_EQ(read.error().kind, ErrorKind::invalid);
  return read.error().message;
}

TEST(OperationBodies, TravelUnchanged) {
  OperationBody body;
  body.engine = "Env \"Recon\"";
  body.heal = "0193";
  body.engines = {"A", "B\n"};
  body.error = "";
  body.heals = false;
  body.for_us = 9'007'199'254'740'993;
  body.what = "heal";
  body.reason = "ümlaut \x01";
  const auto read = read_operation_body(to_json(body), all_keys);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->engine, body.engine);
  EXPECT_EQ(read->heal, body.heal);
  EXPECT_THAT(read->engines, ElementsAre("A", "B\n"));
  EXPECT_EQ(read->error, body.error);
  EXPECT_EQ(read->heals, body.heals);
  EXPECT_EQ(read->for_us, body.for_us);
  EXPECT_EQ(read->what, body.what);
  EXPECT_EQ(read->reason, body.reason);
}

std::string problem_of_payload(const std::string& payload) {
  static constexpr std::string_view keys[] = {"topic", "payload"};
  const auto read = read_operation_body(R"({"topic":"a.b","payload":)" + payload + "}", keys);
  return read ? std::string() : read.error().message;
}

std::string nested(int depth) {
  std::string text;
  for (int level = 0; level < depth; ++level) text += R"({"a":)";
  return text + "1" + std::string(static_cast<std::size_t>(depth), '}');
}

TEST(OperationBodies, APayloadIsAnObjectThatTravelsUnchanged) {
  static constexpr std::string_view keys[] = {"topic", "payload"};
  OperationBody body;
  body.topic = "bridge.ready";
  body.payload = R"({"a":{"b":[1,1.5,"ü\n",null]},"b":{"a":true}})";
  const auto read = read_operation_body(to_json(body), keys);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->topic, body.topic);
  EXPECT_EQ(read->payload, body.payload);
}

TEST(OperationBodies, APayloadHasLimits) {
  EXPECT_EQ(problem_of_payload(nested(deepest_payload)), "");
  EXPECT_THAT(problem_of_payload(nested(deepest_payload + 1)), HasSubstr("nested too deep"));
  EXPECT_THAT(problem_of_payload(R"({"a":{"b":1,"b":2}})"), HasSubstr("the key \"b\" twice"));
  EXPECT_EQ(problem_of_payload(R"({"a":{"b":1},"b":{"b":1}})"), "");
  EXPECT_THAT(problem_of_payload("[1]"), HasSubstr("is not a JSON object"));
  EXPECT_THAT(problem_of_payload(R"({"a":1e999})"), HasSubstr("too large"));
  EXPECT_THAT(problem_of_payload(R"({"a":")" + std::string(largest_body_text_bytes, 'x') + R"("})"),
              HasSubstr("longer than 64 KiB"));
}

TEST(OperationBodies, WhatIsLeftOutStaysOut) {
  EXPECT_EQ(to_json(OperationBody{}), "{}");
  const auto read = read_operation_body("{}", all_keys);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->error || read->heals || read->for_us);
}

TEST(OperationBodies, HaveTheKeysOfTheirOperationAndNoOthers) {
  static constexpr std::string_view keys[] = {"engine"};
  EXPECT_TRUE(read_operation_body(R"({"engine":"A"})", keys));
  const auto other = read_operation_body(R"({"engin":"A"})", keys);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("\"engin\""));
  EXPECT_THAT(other.error().hint, HasSubstr("\"engine\""));
  EXPECT_FALSE(read_operation_body(R"({"heal":"A"})", keys));
}

TEST(OperationBodies, AreBoundedInEveryDirection) {
  EXPECT_TRUE(read_operation_body("{\"error\":\"" + std::string(largest_body_text_bytes, 'x') + "\"}", all_keys));
  EXPECT_THAT(problem_of("{\"error\":\"" + std::string(largest_body_text_bytes + 1, 'x') + "\"}"),
              HasSubstr("\"error\""));
  std::string many = "{\"engines\":[\"A\"";
  for (std::size_t count = 1; count <= most_body_engines; ++count) many += ",\"A\"";
  EXPECT_THAT(problem_of(many + "]}"), HasSubstr("\"engines\""));
  EXPECT_THAT(problem_of("{\"engines\":[[\"A\"]]}"), HasSubstr("nested"));
  EXPECT_THAT(problem_of(std::string(1'000'000, '[')), HasSubstr("nested"));
}

TEST(OperationBodies, SayWhereTheyAreNoJson) {
  EXPECT_THAT(problem_of(""), HasSubstr("byte 1"));
  EXPECT_THAT(problem_of("{\"engine\":\"\xff\"}"), HasSubstr("byte 12"));
  EXPECT_THAT(problem_of("\xef\xbb\xbf{}"), HasSubstr("byte 1"));
  EXPECT_THAT(problem_of("{} {}"), HasSubstr("byte 4"));
  EXPECT_THAT(problem_of("{\"for_us\":1e400}"), HasSubstr("too large"));
  EXPECT_THAT(problem_of("3"), HasSubstr("JSON object"));
  EXPECT_THAT(problem_of(R"({"engine":"A","engine":"A"})"), HasSubstr("twice"));
  EXPECT_THAT(problem_of(R"({"for_us":18446744073709551615})"), HasSubstr("\"for_us\""));
  EXPECT_THAT(problem_of(R"({"for_us":1.0})"), HasSubstr("\"for_us\""));
}

}  // namespace
}  // namespace autoheal::cli
