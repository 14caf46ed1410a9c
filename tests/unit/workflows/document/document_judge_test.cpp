// Documents as somebody else than their editor reads them: all that is declared of a file together, against what the
// editor was given.
#include "autoheal/workflows/plan/document_judge.hpp"

#include <gmock/gmock.h>

#include "autoheal/workflows/judge/env_judge.hpp"
#include "autoheal/workflows/plan/strategy.hpp"
#include "tests/support/examples/heal_examples.hpp"
#include "tests/support/worlds/heal_world.hpp"

namespace autoheal::workflows {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class JudgedDocuments : public ::testing::Test {
 protected:
  void found(const std::string& text) {
    TargetFacts facts;
    facts.path = ".env";
    facts.kind = TargetKind::file;
    observation_.targets = {facts};
    observation_.contents[".env"] = "hmac-sha256:found";
    contents_["hmac-sha256:found"] = text;
  }
  std::string problem(const std::string& now) {
    const auto findings = judge_documents(spec_, observation_, contents_, [&](const std::string&) { return now; });
    EXPECT_THAT(findings, SizeIs(1));
    return findings.empty() ? "" : findings[0].problem;
  }

  EngineSpec spec_;
  Observation observation_;
  Contents contents_;
};

TEST_F(JudgedDocuments, AllRepairsOfAFileAreDeclaredTogether) {
  spec_.repair.env = {{".env", {{"A", {"1", {}}}, {"B", {"2", {}}}}, {"C"}, {}, ""},
                      {".env", {{"B", {"3", {}}}}, {}, {"A", "D"}, "shell"}};
  EXPECT_THAT(judged_documents(spec_), ElementsAre(".env"));
  const auto declared = declaration_of(spec_, ".env", observation_, contents_);
  ASSERT_TRUE(declared);
  EXPECT_THAT(declared->set, ElementsAre(std::pair<std::string, std::string>("B", "3")));
  EXPECT_THAT(declared->unset, ElementsAre("A", "D"));
  EXPECT_THAT(declared->require, ElementsAre("C"));
  EXPECT_EQ(declared->dialect, "shell");
}

TEST_F(JudgedDocuments, ASecretIsWhatItsFileHeld) {
  spec_.repair.env = {{".env", {{"KEY", {{}, "/secrets/key"}}}, {}, {}}};
  found("KEY=old\n");
  EXPECT_THAT(problem("KEY=new\n"), HasSubstr("/secrets/key was not read"));
  observation_.secrets[secret_key(".env", "KEY")] = "hmac-sha256:key";
  contents_["hmac-sha256:key"] = "new";
  EXPECT_EQ(problem("KEY=new\n"), "");
  EXPECT_THAT(problem("KEY=old\n"), HasSubstr("another value for KEY"));
}

TEST_F(JudgedDocuments, WhatOtherRepairsOfTheSameFileDoIsNotTheEditors) {
  spec_.repair.env = {{".env", {{"A", {"1", {}}}}, {}, {}}};
  found("X=9\n");
  EXPECT_NE(problem("A=1\n"), "");
  PolicyRepair policy;
  policy.path = ".env";
  policy.forbid = {"^X="};
  spec_.repair.policy = {policy};
  EXPECT_EQ(problem("A=1\n"), "") << "the policy took the line out";
  spec_.repair.policy.clear();
  FileRepair baseline;
  baseline.path = ".env";
  baseline.baseline = "sha256:base";
  contents_["sha256:base"] = "B=2\n";
  spec_.repair.files = {baseline};
  EXPECT_EQ(problem("B=2\nA=1\n"), "");
  EXPECT_NE(problem("X=9\nA=1\n"), "");
}

TEST_F(JudgedDocuments, AFileThatIsNewHadNothing) {
  spec_.repair.env = {{".env", {{"A", {"1", {}}}}, {}, {}}};
  TargetFacts absent;
  absent.path = ".env";
  observation_.targets = {absent};
  EXPECT_EQ(problem("A=1\n"), "");
  EXPECT_NE(problem("A=1\nB=2\n"), "");
}

TEST_F(JudgedDocuments, WhatCannotBeReadIsNamed) {
  spec_.repair.env = {{".env", {{"A", {"1", {}}}}, {}, {}}};
  const auto findings = judge_documents(spec_, observation_, contents_, [](const std::string&) -> Result<std::string> {
    return failure(ErrorKind::not_found, ".env is missing or no file");
  });
  EXPECT_THAT(findings, ElementsAre(DocumentFinding{".env", ".env is missing or no file"}));
}

// The whole way: somebody spoils the document between the change and the certificate.
TEST(DocumentsOfAHeal, AreJudgedAsTheyAreInTheEnd) {
  autoheal::testing::HealWorld world;
  world.spec.name = "EnvRecon";
  world.spec.root = "/bridge";
  world.host.write(".env", "A=1\nB=2\n", 0600);
  world.spec.repair.env = {{".env", {{"A", {"9", {}}}}, {}, {}}};
  world.spec.self_test = {autoheal::testing::probe("env", EnvProbe{".env", {"A"}, {}})};
  world.spec.healing.max_retries = 1;
  autoheal::testing::HealProcess process(world, world.ledger);
  process.start();
  process.run();
  const auto entries = *world.ledger.read_stream(world.heal, 1);
  EXPECT_EQ(entries.back().type, "heal.completed") << entries.back().data;
  EXPECT_THAT(entries[entries.size() - 2].data, HasSubstr(R"("documents":[{"path":".env"}])"));
  EXPECT_EQ(world.host.content(".env"), "A=9\nB=2\n");
}

}  // namespace
}  // namespace autoheal::workflows
