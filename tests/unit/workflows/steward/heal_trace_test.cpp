// A heal as a trace: the same spans however often, ids from the heal's own, times from its entries.
#include "autoheal/workflows/steward/heal_trace.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

namespace autoheal::workflows {
namespace {

using nlohmann::json;

const std::string heal = "01930000-0000-7000-8000-0000000000aa";

std::vector<engine::Entry> entries(const std::vector<std::string>& types) {
  std::vector<engine::Entry> made;
  for (const std::string& type : types) {
    engine::Entry entry;
    entry.type = type;
    entry.stream = heal;
    entry.subject = "EnvRecon";
    entry.version = made.size() + 1;
    entry.position = {100 + made.size()};
    entry.time = Timestamp(std::chrono::seconds(1'700'000'000 + made.size()));
    made.push_back(std::move(entry));
  }
  return made;
}

json spans_of(const std::vector<engine::Entry>& stream) {
  return json::parse(heal_trace(stream, "ledger")).at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans");
}

TEST(HealTrace, EachStepIsASpanBelowThatOfTheHeal) {
  const auto spans = spans_of(entries(
      {"heal.triggered", "heal.repair_started", "heal.plan_recorded", "heal.plan_certified", "heal.repair_finished",
       "heal.certification_started", "heal.certification_refused", "heal.rollback_started", "heal.rolled_back",
       "heal.retry_scheduled", "heal.repair_started", "heal.repair_finished", "heal.certification_started",
       "heal.certified", "heal.completed", "heal.images_kept"}));
  std::vector<std::string> told;
  std::set<std::string> ids;
  for (const auto& span : spans) {
    EXPECT_EQ(span.at("traceId"), "019300000000700080000000000000aa");
    EXPECT_TRUE(ids.insert(span.at("spanId")).second);
    const auto seconds = [&](const char* key) { return std::stoll(span.at(key).get<std::string>()) / 1'000'000'000; };
    told.push_back(span.at("name").get<std::string>() + " " +
                   std::to_string(seconds("startTimeUnixNano") - 1'700'000'000) + "-" +
                   std::to_string(seconds("endTimeUnixNano") - 1'700'000'000) +
                   (span.at("status").at("code") == 2 ? " failed" : ""));
    if (span == spans.at(0)) continue;
    EXPECT_EQ(span.at("parentSpanId"), spans.at(0).at("spanId"));
  }
  EXPECT_THAT(told, ::testing::ElementsAre("heal EnvRecon 0-14", "repair 1-4", "certify 5-6 failed", "rollback 7-8",
                                           "wait 9-10", "repair 10-11", "certify 12-13"));
}

TEST(HealTrace, WhatNeverEndedFailsWithTheHeal) {
  const auto spans = spans_of(entries({"heal.triggered", "heal.repair_started", "heal.exhausted"}));
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].at("status").at("code"), 2);
  EXPECT_EQ(spans[1].at("status").at("code"), 2);
  EXPECT_EQ(spans[1].at("endTimeUnixNano"), spans[0].at("endTimeUnixNano"));
}

const std::string context = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

TEST(HealTrace, OfAHealThatWasAskedForInATraceIsAChildOfIt) {
  const auto stream = entries({"heal.triggered", "heal.repair_started", "heal.exhausted"});
  const auto spans = json::parse(heal_trace(stream, "ledger", context))["resourceSpans"][0]["scopeSpans"][0]["spans"];
  ASSERT_EQ(spans.size(), 2U);
  for (const auto& span : spans) EXPECT_EQ(span.at("traceId"), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(spans[0].at("parentSpanId"), "b7ad6b7169203331");
  EXPECT_EQ(spans[1].at("parentSpanId"), spans[0].at("spanId"));
  EXPECT_EQ(spans[0].at("spanId"), spans_of(stream)[0].at("spanId")) << "its own, as without";
  EXPECT_EQ(traceparent_of(heal, context),
            "00-0af7651916cd43dd8448eb211c80319c-" + spans[0].at("spanId").get<std::string>() + "-01");
}

TEST(HealTrace, OnlyAValidContextOfVersion00IsTaken) {
  EXPECT_TRUE(is_traceparent(context));
  EXPECT_TRUE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff"));
  for (const char* wrong : {"", "00", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                            "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "00-0af7651916cd43dd8448eb211c80319cb-7ad6b7169203331-01"})
    EXPECT_FALSE(is_traceparent(wrong)) << wrong;
  const auto in = [](const std::string& written) { return context_of(R"({"by":{"traceparent":)" + written + "}}"); };
  EXPECT_EQ(in('"' + context + '"'), context);
  EXPECT_EQ(in("\"00-zz\""), "") << "no entry of ours";
  EXPECT_EQ(in("7"), "");
  EXPECT_EQ(context_of("{}"), "") << "of an earlier version, or asked for in no trace";
  EXPECT_EQ(context_of("no JSON"), "");
}

TEST(HealTrace, TheTraceOfAHealIsNamedByItsId) {
  const auto spans = spans_of(entries({"heal.triggered", "heal.exhausted"}));
  EXPECT_EQ(traceparent_of(heal),
            "00-019300000000700080000000000000aa-" + spans[0].at("spanId").get<std::string>() + "-01");
  EXPECT_EQ(traceparent_of("ledger"), "");
  EXPECT_EQ(heal_trace({}, "ledger"), "");
}

}  // namespace
}  // namespace autoheal::workflows
