// One expression, one meaning: in the policy that removes lines, in the preflight, and in the scan that reads piece by
// piece.
#include "autoheal/workflows/text/line_expressions.hpp"

#include <gmock/gmock.h>

#include "autoheal/workflows/plan/security_rules.hpp"
#include "autoheal/workflows/secrets/secret_mask.hpp"

namespace autoheal::workflows {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Row {
  const char* pattern;
  std::string content;
  bool found;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {"^PermitRootLogin yes", "# sshd\nPort 22\nPermitRootLogin yes\n", true},
      {"^PermitRootLogin yes", "# PermitRootLogin yes\n", false},
      {"yes$", "PermitRootLogin yes\nPort 22\n", true},
      {"yes$", "PermitRootLogin yes\r\nPort 22\r\n", true},
      {"yes$", "PermitRootLogin yes", true},
      {"yes$", "yes no\n", false},
      {"^$", "a\n\nb\n", true},
      {"^$", "a\nb\n", false},
      {"^$", "", false},
      {"\\Aroot", "x\nroot\n", true},
      {"root\\z", "root\nx\n", true},
      {"a.b", "a\nb\n", false},
      {"(?s)a.b", "a\nb\n", false},
      {"a[^x]b", "a\nb\n", false},
      {"a\\sb", "a\nb\n", false},
      {"(?i)^debug = on$", "x\nDEBUG = On\r\ny\n", true},
      {"\\r", "a\r\nb\r\n", false},
      {"a\\rb", "a\rb\n", true},
      {"\xff", std::string("x\n\xff\n"), true},
      {"b$", std::string("a\0b\nc", 5), true},
  };
  return all;
}

TEST(LineExpressions, MeanTheSameForEverybody) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(std::string(row.pattern) + " in " + row.content);
    EXPECT_EQ(forbidden_in(row.content, {row.pattern}).has_value(), row.found);
    const auto kept = without_forbidden_lines(row.content, {row.pattern});
    ASSERT_TRUE(kept.has_value());
    EXPECT_EQ(*kept != row.content, row.found);
    EXPECT_FALSE(forbidden_in(*kept, {row.pattern}).has_value()) << "what was removed is still found";
    const auto expressions = LineExpressions::of({row.pattern});
    for (const std::size_t size : {std::size_t{1}, std::size_t{3}, row.content.size() + 1}) {
      PiecewiseLines lines(*expressions);
      bool found = false;
      for (std::size_t at = 0; at < row.content.size() && !found; at += size)
        found = lines.next(std::string_view(row.content).substr(at, size), false).has_value();
      EXPECT_EQ(found || lines.next({}, true).has_value(), row.found) << "in pieces of " << size;
    }
  }
}

TEST(LineExpressions, OfALineWithoutEndAreFoundInItsParts) {
  const auto expressions = LineExpressions::of({"^begin", "needle", "end$"});
  const std::string part(8U << 20U, 'x');
  PiecewiseLines lines(*expressions);
  for (int count = 0; count < 4; ++count) EXPECT_FALSE(lines.next(part + "xbegin", false)) << count;
  EXPECT_FALSE(lines.next("y end ", false));
  EXPECT_EQ(lines.next(part + "need", false), std::nullopt);
  EXPECT_EQ(lines.next("le\nx", false), "needle");
}

TEST(LineExpressions, ThatCanNeverBeFoundAreRefused) {
  for (const char* pattern : {"a\\nb", "foo\\n", "\\n", "a[\\n]b", "a\\x0ab", "a\\x{0A}b", "(a|b)\\n+", "a\nb",
                              "x\\r\\n", "\\QA\nB\\E", "(?s)a\\n.", "a\\012b"}) {
    const ExpressionCheck check = check_line_expression(pattern);
    EXPECT_THAT(check.problem, HasSubstr("can never be found")) << pattern;
  }
}

TEST(LineExpressions, ThatCanBeFoundPassWithoutAWord) {
  for (const char* pattern : {"^PermitRootLogin yes",
                              "PRIVATE KEY",
                              "0\\.0\\.0\\.0/0",
                              "^\\s*allow\\s+all;?$",
                              "a{2,5}b",
                              "(?i)debug\\s*=\\s*on",
                              "[[:alpha:]]+[^]a]x",
                              "\\bpassword\\b",
                              "a|b\\n",
                              "^(foo|bar)(baz)?$",
                              "\\d{3}-\\d{4}",
                              "\\Q.*\\E",
                              "\\pL+x",
                              "(?P<name>ab)+",
                              "[a-z]*q",
                              "a[^\\n]b",
                              "\\[x\\]",
                              "a\\|b",
                              "x{",
                              "{",
                              "--+",
                              "[]a]",
                              "\\x41",
                              "\\101"}) {
    const ExpressionCheck check = check_line_expression(pattern);
    EXPECT_EQ(check.problem, "") << pattern;
    EXPECT_THAT(check.warnings, IsEmpty()) << pattern;
  }
}

TEST(LineExpressions, TellWhatHasNoEffectOrMoreThanMeant) {
  EXPECT_THAT(check_line_expression("(?s)a.*b").warnings, Contains(HasSubstr("(?s) changes nothing")));
  EXPECT_THAT(check_line_expression("(?im)^a").warnings, Contains(HasSubstr("(?m) changes nothing")));
  EXPECT_THAT(check_line_expression("(?-s)a").warnings, IsEmpty());
  EXPECT_THAT(check_line_expression("x*").warnings, Contains(HasSubstr("every line")));
  EXPECT_THAT(check_line_expression("").warnings, Contains(HasSubstr("every line")));
  EXPECT_THAT(check_line_expression("a^b").warnings, Contains(HasSubstr("no line was found")));
  EXPECT_THAT(check_line_expression("$a").warnings, Contains(HasSubstr("no line was found")));
  EXPECT_THAT(check_line_expression("a(").problem, HasSubstr("not a regular expression"));
}

TEST(LineExpressions, OfSecretsHaveTheSameAnchors) {
  SecretRules rules;
  rules.patterns = {"^pin \\d+$"};
  const SecretMask mask(rules);
  EXPECT_EQ(mask("a\npin 1234\nb").find("1234"), std::string::npos);
  EXPECT_EQ(mask("a\r\npin 1234\r\nb").find("1234"), std::string::npos);
  EXPECT_NE(mask("a pin 1234\nb").find("1234"), std::string::npos);
}

}  // namespace
}  // namespace autoheal::workflows
