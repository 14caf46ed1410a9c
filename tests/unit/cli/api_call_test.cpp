// Requests of commands are what the daemon's table reads, and its answers are read as they were made.
#include "tools/autoheal/protocol/api_call.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tools/autoheal/api/act_body.hpp"
#include "tools/autoheal/output/self_test_report.hpp"
#include "tools/autoheal/output/table.hpp"
#include "tools/autoheal/protocol/api_answer.hpp"
#include "tools/autoheal/protocol/operation_answer.hpp"

namespace autoheal::cli {
namespace {

using namespace workflows;
using nlohmann::json;
using ::testing::HasSubstr;

// The operation of the API that the daemon takes the call for, and the body that it hands to the operation.
std::pair<std::string, std::string> taken(const ApiCall& call) {
  const auto matched = match_api(call.method, call.target);
  if (!matched) return {matched.error().problem.message, {}};
  const auto body = operation_body_of(*matched, call.body);
  return {std::string(matched->operation->id), body ? to_json(*body) : body.error().message};
}

OperationBody body_with_all() {
  OperationBody body;
  body.reason = "why";
  return body;
}

TEST(ApiCalls, AreTakenForTheOperationThatWasMeant) {
  OperationBody named = body_with_all();
  named.engine = "EnvRecon";
  OperationBody heal = body_with_all();
  heal.heal = "last";
  OperationBody token = body_with_all();
  token.token = "0123456789abcdef";
  OperationBody archive = body_with_all();
  archive.before_us = 7;
  archive.file = "/srv/a.tar.gz";
  OperationBody failed = named;
  failed.error = "";
  const std::vector<std::tuple<std::string, OperationBody, std::string>> all = {
      {"heal", named, "healEngine"},
      {"heal", failed, "healEngine"},
      {"hold", named, "holdEngine"},
      {"hold", body_with_all(), "holdAllEngines"},
      {"unhold", named, "unholdEngine"},
      {"unhold", body_with_all(), "unholdAllEngines"},
      {"reset", named, "resetEngine"},
      {"reset", body_with_all(), "resetAllEngines"},
      {"adopt", named, "adoptBaseline"},
      {"cancel", heal, "cancelHeal"},
      {"rollback", heal, "rollBackHeal"},
      {"selftest", body_with_all(), "runSelfTest"},
      {"sign", body_with_all(), "signCheckpoint"},
      {"accept_rollback", body_with_all(), "acceptRollback"},
      {"rotate_key", body_with_all(), "rotateKey"},
      {"archive", archive, "archiveEntries"},
      {"add_witness", body_with_all(), "addWitness"},
      {"remove_witness", body_with_all(), "removeWitness"},
      {"cosign", body_with_all(), "acceptCosignatures"},
      {"publish", body_with_all(), "publishOnBus"},
      {"token_create", body_with_all(), "createToken"},
      {"token_revoke", token, "revokeToken"},
      {"token_rotate", token, "rotateToken"},
      {"denied", body_with_all(), "recordRefusal"},
  };
  for (const auto& [operation, body, id] : all) {
    SCOPED_TRACE(operation);
    const auto call = api_call_of(operation, body);
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->method, "POST");
    EXPECT_EQ(taken(*call), std::pair(id, to_json(body)));
  }
  for (const auto& [operation, id] : {std::pair("status", "getStatus"), std::pair("token_list", "listTokens")}) {
    const auto call = api_call_of(operation, body_with_all());
    ASSERT_TRUE(call) << operation;
    EXPECT_EQ(call->method, "GET");
    EXPECT_EQ(call->body, "");
    EXPECT_EQ(taken(*call).first, id);
  }
}

TEST(ApiCalls, NamesStayOneSegmentWhateverTheyHold) {
  for (const std::string name : {"..", ".", "a/b", "a b", "a%2Fb", "%", "?x=1", "#", "ümläut", "+", "heal", "'\"",
                                 "Stahl_1", "ahl_x", "-c", "*", "\\", "~"}) {
    OperationBody body;
    body.engine = name;
    const auto call = api_call_of("hold", body);
    ASSERT_TRUE(call) << name;
    EXPECT_EQ(taken(*call), std::pair(std::string("holdEngine"), to_json(body))) << call->target;
    EXPECT_THAT(call->target, ::testing::Not(HasSubstr("ahl_"))) << "it would be taken for a token";
  }
  OperationBody latin;
  latin.engine = "\xff";
  EXPECT_EQ(taken(*api_call_of("hold", latin)).second, to_json(latin));
}

TEST(ApiCalls, WhatNoPathHoldsIsNotThere) {
  for (const std::string& name : {std::string(), std::string("a\nb"), std::string("\0", 1), std::string(1'001, 'x')}) {
    for (const char* operation : {"heal", "cancel", "token_revoke"}) {
      OperationBody body;
      body.engine = body.heal = body.token = name;
      const auto call = api_call_of(operation, body);
      ASSERT_FALSE(call) << operation;
      EXPECT_EQ(call.error().kind, ErrorKind::not_found);
      EXPECT_THAT(call.error().message, HasSubstr("there is no "));
    }
  }
  OperationBody whole;
  whole.token = "ahl_0123456789abcdef_secret";
  const auto call = api_call_of("token_revoke", whole);
  ASSERT_FALSE(call) << "a token does not belong into an address";
  EXPECT_EQ(call.error().message.find("secret"), std::string::npos);
  EXPECT_EQ(api_call_of("heals", {}).error().kind, ErrorKind::fatal) << "a command is no operation";
  EXPECT_EQ(api_call_of("else", {}).error().kind, ErrorKind::fatal);
}

// There and back.
std::string again(const std::string& operation, const std::string& answer) {
  const auto told = api_answer_of(operation, answer);
  if (!told) return told.error().message;
  const auto back = operation_answer_of(operation, *told);
  return back ? *back : back.error().message;
}

HealOutcome healed_outcome() {
  HealOutcome outcome;
  outcome.heal = "01930000-0000-7000-8000-0000000000aa";
  outcome.certified = true;
  outcome.strategy = "arie";
  outcome.attempts = 2;
  outcome.took = std::chrono::milliseconds(1234);
  return outcome;
}

TEST(ApiAnswers, OfAHealAreReadAsTheyWereMade) {
  HealOutcome skipped;
  skipped.skipped = "held";
  skipped.error = "held \"until\" tomorrow";
  for (const HealOutcome& outcome : {healed_outcome(), skipped, HealOutcome{}}) {
    const HealResult result = result_of("EnvRecon", outcome);
    for (const char* operation : {"heal", "cancel"}) {
      const auto read = read_heal_answer(again(operation, heal_answer(result)));
      ASSERT_TRUE(read && *read) << again(operation, heal_answer(result));
      EXPECT_EQ(**read, result);
      EXPECT_EQ(again(operation, heal_answer(result)), heal_answer(result));
    }
  }
  EXPECT_EQ(again("heal", heal_answer(std::nullopt)), heal_answer(std::nullopt));
}

TEST(ApiAnswers, OfARunGiveTheReportToTheByte) {
  RunAnswer answer;
  answer.run.facts.test_id = "bridge_selftest_20261123_000000";
  answer.run.facts.engines = {{"A", {}}, {"B", {"A"}}, {"C", {}}};
  answer.run.facts.at = Timestamp(std::chrono::microseconds(1'700'000'000'123'456));
  answer.run.tested["A"] = {"A", TestOutcome::failed, "it \"broke\" / ü", std::chrono::microseconds(3'001)};
  answer.run.tested["B"] = {"B", TestOutcome::passed, "", std::chrono::microseconds(4'999)};
  answer.run.tested["C"] = {"C", TestOutcome::unknown, "no such program", std::chrono::microseconds(1)};
  answer.run.healed["A"] = healed_outcome();
  answer.run.completed = SelfTestCompleted{"Degraded", 3, 2, 1, std::chrono::microseconds(9'500)};
  answer.report = report_of(answer.run);
  answer.report_path = "/var/reports/x.json";
  EXPECT_EQ(again("selftest", run_answer(answer)), run_answer(answer));
  const auto told = api_answer_of("selftest", run_answer(answer));
  ASSERT_TRUE(told);
  EXPECT_EQ(json::parse(*told).at("report"), json::parse(answer.report)) << "clients need not make it themselves";
  answer.report_path.clear();
  answer.problem = "cannot write";
  EXPECT_EQ(again("selftest", run_answer(answer)), run_answer(answer));
}

TEST(ApiAnswers, OfTablesAreReadAlsoWhereTheyAreEmpty) {
  const Table adopted{{"kind", "path", "digest"}, {{"file", "etc/\"a\"", "sha256:1"}, {"baseline", "b", ""}}};
  const Table archived{{"first", "last", "entries", "blobs", "secrets_deleted", "bytes", "held_by", "file"},
                       {{"1", "9", "9", "0", "0", "77", "", "/a"}}};
  for (const auto& [operation, table] : {std::pair("adopt", adopted), std::pair("archive", archived)}) {
    EXPECT_EQ(again(operation, table_answer(table)), table_answer(table));
    EXPECT_EQ(again(operation, table_answer({table.columns, {}})), table_answer({table.columns, {}}));
  }
  EXPECT_EQ(again("hold", said("it is")), said("it is"));
}

TEST(ApiAnswers, OfALaterDaemonMayHaveMoreMembers) {
  const auto more = [](const std::string& text) {
    json told = json::parse(text);
    told["later"] = {{"a", 1}};
    return told.dump();
  };
  const HealResult result = result_of("E", healed_outcome());
  const auto told = api_answer_of("heal", heal_answer(result));
  ASSERT_TRUE(told);
  EXPECT_EQ(read_heal_answer(*operation_answer_of("heal", more(*told))), read_heal_answer(heal_answer(result)));
  EXPECT_EQ(operation_answer_of("adopt", R"({"adopted":[{"later":1,"digest":"d","path":"p","kind":"k"}]})"),
            table_answer({{"kind", "path", "digest"}, {{"k", "p", "d"}}}));
}

TEST(ApiAnswers, ThatAreNoneAreCorrupt) {
  for (const char* operation : {"heal", "cancel", "selftest", "adopt", "archive"}) {
    for (const char* text : {"", "[]", "{}", "1", R"({"passes":"no"})", R"({"passes":false})", R"({"adopted":[{}]})",
                             R"({"archived":1})", R"({"report":{},"entries":[]})", R"({"entries":1})"}) {
      const auto back = operation_answer_of(operation, text);
      ASSERT_FALSE(back) << operation << text;
      EXPECT_EQ(back.error().kind, ErrorKind::corrupt);
    }
  }
}

}  // namespace
}  // namespace autoheal::cli
