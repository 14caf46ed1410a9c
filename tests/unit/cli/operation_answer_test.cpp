// Answers of operations are read as they were made, and errors keep their kind.
#include "tools/autoheal/protocol/operation_answer.hpp"

#include <gmock/gmock.h>

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/protocol/error_words.hpp"
#include "tools/http/message.hpp"

namespace autoheal::cli {
namespace {

using namespace workflows;

HealResult result_that(HealEnding ending) {
  HealResult result;
  result.engine = "EnvRecon";
  result.ending = ending;
  result.strategy = "arie";
  result.heal = "01930000-0000-7000-8000-0000000000aa";
  result.took = std::chrono::milliseconds(1234);
  return result;
}

TEST(OperationAnswers, AHealsEndIsReadAsItWas) {
  HealResult certified = result_that(HealEnding::certified);
  certified.attempts = 2;
  HealResult exhausted = result_that(HealEnding::exhausted);
  exhausted.attempts = 3;
  exhausted.reason = "attempts_exhausted";
  HealResult never = result_that(HealEnding::never_began);
  never.error = never.reason = "dependency_failed";
  HealResult skipped = result_that(HealEnding::skipped);
  skipped.reason = "held";
  skipped.error = "held until tomorrow by ops";
  for (const HealResult& result : {certified, exhausted, never, skipped}) {
    const auto read = read_heal_answer(heal_answer(result));
    ASSERT_TRUE(read && *read) << heal_answer(result);
    EXPECT_EQ(to_json(**read, true), to_json(result, true));
    EXPECT_EQ(**read, result);
  }
  const auto nothing = read_heal_answer(heal_answer(std::nullopt));
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);
}

TEST(OperationAnswers, ARunIsReadAsItWas) {
  RunAnswer answer;
  answer.run.facts.test_id = "bridge_selftest_20261123_000000";
  answer.run.facts.engines = {{"A", {}}, {"B", {"A"}}};
  answer.run.tested["A"] = {"A", TestOutcome::failed, "it \"broke\"", std::chrono::milliseconds(3)};
  answer.run.tested["B"] = {"B", TestOutcome::passed, "", std::chrono::milliseconds(4)};
  answer.run.healed["A"] = outcome_of(result_that(HealEnding::certified));
  answer.run.completed = SelfTestCompleted{"Stable", 2, 2, 1, std::chrono::milliseconds(9)};
  answer.report = "{\n}\n";
  answer.report_path = "/var/reports/x.json";
  const auto read = read_run_answer(run_answer(answer));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->report, answer.report);
  EXPECT_EQ(read->report_path, answer.report_path);
  EXPECT_EQ(read->run.tested, answer.run.tested);
  EXPECT_EQ(read->run.healed, answer.run.healed);
  EXPECT_EQ(read->run.completed, answer.run.completed);
}

TEST(OperationAnswers, TablesSentencesAndUndoneChangesAreReadAsTheyWere) {
  const Table table{{"kind", "path"}, {{"file", "etc/\"a\""}, {"baseline", ""}}};
  const auto read = read_table_answer(table_answer(table));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->columns, table.columns);
  EXPECT_EQ(read->rows, table.rows);
  EXPECT_EQ(read_said(said("all \"is\" well")).value(), "all \"is\" well");
  UndoOutcome foreign;
  foreign.status = UndoStatus::foreign;
  foreign.message = "somebody's";
  const auto undone = read_undo_answer(undo_answer({{3, foreign}}));
  ASSERT_TRUE(undone);
  EXPECT_EQ(undone->at(0).number, 3U);
  EXPECT_EQ(undone->at(0).status, "foreign");
  EXPECT_EQ(undone->at(0).message, "somebody's");
}

TEST(OperationAnswers, WhatNobodyMadeIsRefused) {
  for (const std::string text : {"", "[]", "{}", "{\"said\":1}", "{\"undone\":[{}]}", "{\"columns\":1,\"rows\":1}",
                                 "{\"report\":\"\",\"entries\":[]}", "{\"ended\":{}}"}) {
    const auto is_refused = [](const auto& read) { return !read && read.error().kind == ErrorKind::corrupt; };
    EXPECT_TRUE(is_refused(read_heal_answer(text))) << text;
    EXPECT_TRUE(is_refused(read_run_answer(text))) << text;
    EXPECT_TRUE(is_refused(read_table_answer(text))) << text;
    EXPECT_TRUE(is_refused(read_undo_answer(text))) << text;
    EXPECT_TRUE(is_refused(read_said(text))) << text;
  }
}

constexpr ErrorKind all_kinds[] = {
    ErrorKind::invalid, ErrorKind::not_found, ErrorKind::refused,     ErrorKind::busy,    ErrorKind::changed,
    ErrorKind::failed,  ErrorKind::timed_out, ErrorKind::unavailable, ErrorKind::corrupt, ErrorKind::fatal};

TEST(ErrorWords, EveryKindTravels) {
  for (const ErrorKind kind : all_kinds) {
    JsonWriter body;
    body.begin_object().key("error").begin_object();
    body.field("code", word_of(kind)).field("message", "what").field("hint", "do").end_object().end_object();
    EXPECT_GE(http_status_of(kind), 400U);
    const Error read = read_error(http_status_of(kind), body.take());
    EXPECT_EQ(read.kind, kind);
    EXPECT_EQ(read.message, "what");
    EXPECT_EQ(read.hint, "do");
  }
}

TEST(ErrorWords, AProblemOfTheApiIsTheSameError) {
  for (const ErrorKind kind : all_kinds) {
    for (const std::string hint : {"do", ""}) {
      const http::Problem problem{http_status_of(kind), word_of(kind), "what \"it\" is", hint};
      const Error now = read_error(problem.status, http::problem_response(problem).body);
      const Error before = read_error(problem.status, http::error_response(problem).body);
      EXPECT_EQ(now.kind, kind);
      EXPECT_EQ(now.message, problem.message);
      EXPECT_EQ(now.hint, problem.hint);
      EXPECT_EQ(std::tie(before.kind, before.message, before.hint), std::tie(now.kind, now.message, now.hint));
    }
  }
  const http::Problem limit{429, "too_many_requests", "it asks too often", ""};
  EXPECT_EQ(read_error(429, http::problem_response(limit).body).kind, ErrorKind::unavailable);
  EXPECT_EQ(read_error(429, http::problem_response(limit).body).message, limit.message);
}

TEST(ErrorWords, OnlyADaemonFromBeforeTheApiHasNone) {
  const http::Problem nothing{404, "not_found", "there is nothing at this address", ""};
  EXPECT_TRUE(has_no_api(404, http::error_response(nothing).body));
  EXPECT_FALSE(has_no_api(404, http::problem_response(nothing).body));
  for (const unsigned status : {200U, 400U, 403U, 405U, 500U, 503U})
    EXPECT_FALSE(has_no_api(status, http::error_response(nothing).body)) << status;
  for (const std::string body : {"", "{}", "not found", "{\"error\":1}", "[]"})
    EXPECT_FALSE(has_no_api(404, body)) << body;
}

TEST(ErrorWords, WhatIsNoneOfOursIsUnavailable) {
  for (const std::string body : {"", "<html>", "{}", "{\"error\":1}", "{\"error\":{\"code\":\"else\"}}",
                                 "{\"detail\":\"x\"}", "{\"code\":\"refused\"}", "[]"})
    EXPECT_EQ(read_error(502, body).kind, ErrorKind::unavailable) << body;
}

}  // namespace
}  // namespace autoheal::cli
