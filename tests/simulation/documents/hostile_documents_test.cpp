// The documents of hostile lives prove nothing if they are not what they are said to be.
#include "tests/simulation/documents/hostile_documents.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace autoheal::simulation {
namespace {

using ::testing::SizeIs;
using Truth = HostileDocument::Truth;

class HostileDocuments : public ::testing::TestWithParam<HostileFormat> {};
INSTANTIATE_TEST_SUITE_P(Formats, HostileDocuments,
                         ::testing::Values(HostileFormat::env, HostileFormat::json, HostileFormat::yaml));

TEST_P(HostileDocuments, AreBrokenAndHaveSomethingRightUnlessNothingIs) {
  std::mt19937_64 random(1);
  std::map<Truth, std::size_t> of_truth;
  std::set<std::string> texts;
  for (int count = 0; count < 1'000; ++count) {
    const HostileDocument document = hostile_document(GetParam(), random);
    ++of_truth[document.truth];
    texts.insert(document.text);
    EXPECT_FALSE(is_right(document, document.text)) << document.kind << "\n" << document.text;
    EXPECT_EQ(document.right.empty(), document.truth == Truth::refused) << document.kind;
    for (const std::string& right : document.right) {
      EXPECT_NE(right.find("8080"), std::string::npos) << document.kind;
      EXPECT_TRUE(is_right(document, right));
      EXPECT_FALSE(is_right(document, right + "x"));
    }
  }
  EXPECT_THAT(of_truth, SizeIs(3));
  for (const auto& [truth, count] : of_truth) EXPECT_GT(count, 50U);
  EXPECT_GT(texts.size(), 300U);
}

TEST_P(HostileDocuments, AreTheSameOfTheSameNumbers) {
  std::mt19937_64 first(7), second(7);
  for (int count = 0; count < 50; ++count)
    EXPECT_EQ(hostile_document(GetParam(), first).text, hostile_document(GetParam(), second).text);
}

TEST_P(HostileDocuments, OfTheEndCanBeEditedByAnybody) {
  const HostileDocument document = simple_document(GetParam());
  EXPECT_EQ(document.truth, Truth::healed);
  EXPECT_FALSE(is_right(document, document.text));
}

TEST(HostileDocument, BlanksWithinStringsOfJsonCount) {
  const HostileDocument document{"", "", Truth::healed, {R"({"a b": 1})"}, true};
  EXPECT_TRUE(is_right(document, "{ \"a b\" :1 }"));
  EXPECT_FALSE(is_right(document, R"({"ab": 1})"));
  EXPECT_FALSE(is_right(document, R"({"a b": 1 1})"));
}

}  // namespace
}  // namespace autoheal::simulation
