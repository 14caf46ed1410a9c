// .env files, edited by statements: the bytes of one statement change and no other, in a form that all readers of the
// file read alike; what has none is refused by name.
#include "autoheal/workflows/edit/env_file.hpp"

#include <gtest/gtest.h>

#include "autoheal/workflows/plan/env_edit.hpp"

namespace autoheal::workflows {
namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

// The result of an edit: the text, or "refused: " and why.
std::string set(std::string_view text, const Values& values, const std::string& dialect = "") {
  const auto edited = edit_env(text, {values, {}, {}, dialect});
  return edited ? edited->text : "refused: " + edited.error().message;
}
std::string unset(std::string_view text, const std::string& name, const std::string& dialect = "") {
  const auto edited = edit_env(text, {{}, {name}, {}, dialect});
  return edited ? edited->text : "refused: " + edited.error().message;
}
bool refused(const std::string& result, std::string_view why = "") {
  return result.starts_with("refused: ") && result.find(why) != std::string::npos;
}

TEST(EnvFile, AnEditChangesTheBytesOfItsStatementOnly) {
  EXPECT_EQ(set("# c\nexport A='1'  # one\nB=2\n", {{"A", "9"}}), "# c\nexport A='9'  # one\nB=2\n");
  EXPECT_EQ(set("A=\"1\"\r\nB=2\r\n", {{"A", "9"}}), "A=\"9\"\r\nB=2\r\n");
  EXPECT_EQ(set("A=1", {{"B", "2"}}), "A=1\nB=2\n");
  EXPECT_EQ(set("A=1", {{"A", "2"}}), "A=2");
  EXPECT_EQ(set("", {{"B", "2"}}), "B=2\n");
  EXPECT_EQ(set("A=1\r\nB=2\r\n", {{"C", "3"}}), "A=1\r\nB=2\r\nC=3\r\n");
  EXPECT_EQ(set("A=1\r\nB=2\nD=4\n", {{"C", "3"}}), "A=1\r\nB=2\nD=4\nC=3\n") << "as most lines end";
  EXPECT_EQ(set("A=1\nA=2\nB=3\n", {{"A", "9"}}), "A=1\nA=9\nB=3\n") << "the last assignment counts";
}

TEST(EnvFile, WhatAlreadyIsRightStaysToTheByte) {
  for (const char* text : {"A=x\n", "A='x'\n", "A=\"x\"\n", "  A=x\n", "export A=x\n", "A=x", "A='x'\r\n"})
    EXPECT_EQ(set(text, {{"A", "x"}}), text);
  EXPECT_EQ(set("A=\n", {{"A", ""}}), "A=\n");
  EXPECT_EQ(set("A=''\n", {{"A", ""}}), "A=''\n");
  EXPECT_EQ(set("A=a\\ b\n", {{"A", "a b"}}, "shell"), "A=a\\ b\n");
}

TEST(EnvFile, AValueOverSeveralLinesIsOneStatement) {
  for (const std::string quote : {"'", "\""}) {
    const std::string text = "APP=1\nKEY=" + quote + "-----BEGIN-----\nOLD\nX=1\n-----END-----" + quote + "\nPORT=80\n";
    EXPECT_EQ(set(text, {{"KEY", "new"}}), "APP=1\nKEY=" + quote + "new" + quote + "\nPORT=80\n");
    EXPECT_EQ(unset(text, "KEY"), "APP=1\nPORT=80\n");
    EXPECT_EQ(set(text, {{"PORT", "81"}}), text.substr(0, text.size() - 3) + "81\n");
    EXPECT_EQ(unset(text, "X"), text) << "what stands in a value is no statement";
  }
  EXPECT_EQ(set("A=1\n", {{"A", "a\nb"}}), "A='a\nb'\n");
  EXPECT_EQ(unset("A=1\nB='x\ny' # c\nC=2\n", "B"), "A=1\nC=2\n");
}

TEST(EnvFile, ContinuedLinesBelongToWhoeverReadsThemSo) {
  const std::string text = "A=one\\\ntwo\nB=2\n";
  EXPECT_TRUE(refused(set(text, {{"A", "x"}}), "line 1, column 1")) << set(text, {{"A", "x"}});
  EXPECT_TRUE(refused(set(text, {{"B", "x"}}), "do not agree where the statement ends"));
  EXPECT_EQ(set(text, {{"A", "x"}}, "shell"), "A=x\nB=2\n");
  EXPECT_EQ(set(text, {{"A", "x"}}, "systemd"), "A=x\nB=2\n");
  EXPECT_EQ(unset(text, "A", "shell"), "B=2\n");
  EXPECT_EQ(set(text, {{"B", "x"}}, "dotenv").substr(0, 9), "refused: ") << "node takes `two` and B for one name";
}

TEST(EnvFile, SeveralAssignmentsOnALineAreAShellsAlone) {
  const std::string text = "export A=1 B='2 3'\nC=4\n";
  EXPECT_TRUE(refused(set(text, {{"A", "x"}}))) << "for others it is one value";
  EXPECT_EQ(set(text, {{"A", "x y"}}, "shell"), "export A='x y' B='2 3'\nC=4\n");
  EXPECT_EQ(set(text, {{"B", "x"}}, "shell"), "export A=1 B='x'\nC=4\n");
  EXPECT_EQ(unset(text, "A", "shell"), "export B='2 3'\nC=4\n");
  EXPECT_EQ(unset(text, "B", "shell"), "export A=1 \nC=4\n");
  EXPECT_EQ(set(text, {{"C", "x"}}), "export A=1 B='2 3'\nC=x\n") << "nobody asks for that line";
  EXPECT_TRUE(refused(unset("A=1 B=2\n", "A"), "a shell"));
  EXPECT_EQ(set("URL=http://h/?a=1&B=2\n", {{"B", "3"}}), "URL=http://h/?a=1&B=2\nB=3\n") << "a shell sets B twice";
  EXPECT_TRUE(refused(unset("URL=http://h/?a=1&B=2\n", "B"), "a shell"));
}

TEST(EnvFile, PiecesThatAreJoinedAreWrittenAnew) {
  for (const char* line :
       {"PORT=\"80\"80", "PORT='it's'", "PORT='80'\"80\"", "PORT=80'80'", "PORT=\"a\" b", "PORT='a' 'b'"}) {
    const std::string after = set(std::string(line) + "\nZ=1\n", {{"PORT", "8080"}});
    EXPECT_TRUE(after == "PORT=8080\nZ=1\n" || after == "PORT='8080'\nZ=1\n" || after == "PORT=\"8080\"\nZ=1\n" ||
                refused(after))
        << line << " became " << after;
  }
  EXPECT_EQ(set("PORT='80'\"80\"\nZ=1\n", {{"PORT", "8080"}}), "PORT='8080'\nZ=1\n");
  EXPECT_EQ(set("PORT=\"80\"80\nZ=1\n", {{"PORT", "8080"}}), "PORT=\"8080\"\nZ=1\n");
}

TEST(EnvFile, OtherFormsOfANameAreWrittenAsAllReadThem) {
  EXPECT_EQ(set("A = x\nB=1\n", {{"A", "y"}}), "A=y\nB=1\n");
  EXPECT_EQ(set("A =x\nB=1\n", {{"A", "y"}}), "A=y\nB=1\n");
  EXPECT_EQ(set("A: x\nB=1\n", {{"A", "y"}}), "A=y\nB=1\n");
  EXPECT_EQ(set("\tA=x\nB=1\n", {{"A", "y"}}), "A=y\nB=1\n") << "node takes the tab for a part of the name";
  EXPECT_EQ(set("export\t A=x\nB=1\n", {{"A", "y"}}), "export A=y\nB=1\n");
  for (const std::string form : {"A = x", "A: x", "A =x", "A= x", "export  A=x", "\tA=x", "A='x' # c", "A=x;"}) {
    EXPECT_EQ(unset(form + "\nB=1\n", "A"), "B=1\n") << form;
    EXPECT_EQ(unset("B=1\n" + form, "A"), "B=1\n") << form;
  }
}

TEST(EnvFile, AByteOrderMarkGoesWithTheStatementItHides) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(unset(mark + "A=secret\nB=1\n", "A"), "B=1\n");
  EXPECT_EQ(set(mark + "A=1\nB=1\n", {{"A", "2"}}), "A=2\nB=1\n");
  EXPECT_EQ(set(mark + "A=1\nB=1\n", {{"B", "2"}}), mark + "A=1\nB=2\n");
  EXPECT_EQ(set(mark + "# c\nB=1\n", {{"B", "2"}}), mark + "# c\nB=2\n");
}

TEST(EnvFile, ACommentBehindAValueMakesRoomForReadersWithoutComments) {
  EXPECT_EQ(set("A=1 # one\nB=2\n", {{"A", "9"}}), "# one\nA=9\nB=2\n");
  EXPECT_EQ(set("A=1 # one", {{"A", "9"}}), "# one\nA=9");
  EXPECT_EQ(set("A=1 # one\n", {{"A", "9"}}, "dotenv"), "A=9 # one\n");
  EXPECT_EQ(set("A=1 # one\n", {{"A", "9"}}, "systemd"), "A=9\n") << "there it was a part of the value";
  EXPECT_EQ(set("export A=1 # one\n", {{"A", "9"}}), "export A=9 # one\n");
  EXPECT_EQ(set("A=1 # it's one\n", {{"A", "9"}}, "shell"), "A=9 # it's one\n");
  EXPECT_EQ(set("A=\"#f\"\t# one\nB=2 # two\n", {{"A", "#0"}}, "shell"), "A=\"#0\"\t# one\nB=2 # two\n");
  EXPECT_EQ(set("A=1 B=2 # both\n", {{"B", "9"}}, "shell"), "A=1 B=9 # both\n");
  EXPECT_EQ(set("A=1 # one\n", {{"A", ""}}), "# one\nA=\n");
  EXPECT_EQ(set("A= # one\n", {{"A", "1"}}), "# one\nA=1\n");
}

TEST(EnvFile, UnsettingRemovesEveryAssignmentOfTheName) {
  EXPECT_EQ(unset("A=1\nB=2\nexport A=3\n", "A"), "B=2\n");
  EXPECT_EQ(unset("B=2\n", "A"), "B=2\n");
  EXPECT_EQ(unset("AA=1\n", "A"), "AA=1\n");
  EXPECT_EQ(unset("# A=1\nA=2\n", "A"), "# A=1\n") << "a comment is no assignment";
  EXPECT_EQ(unset("A=1", "A"), "");
  EXPECT_EQ(unset("B=1\nA=2", "A"), "B=1\n");
  EXPECT_TRUE(refused(unset("A=1\nA+=2\nB=3\n", "A"), "A")) << unset("A=1\nA+=2\nB=3\n", "A");
}

TEST(EnvFile, ValuesThatAllReadAlikeCanBeSet) {
  for (const std::string value :
       {"",      " ",     "a b",     "a\"b", "it's", "`x`", "#x",  "x # y", "a=b", "é",        "line\nbreak",
        "tab\t", "$HOME", "c:\\dir", "*",    "~/x",  "(a)", "a;b", "a&b=c", "!x",  "it's \\d", "{\"a\": 1}"}) {
    for (const std::string before : {"A=1\nB=2\n", "A='1'\nB=2\n", "A=\"1\"\nB=2\n", "B=2\n"}) {
      const std::string after = set(before, {{"A", value}});
      EXPECT_FALSE(refused(after)) << value << " into " << before << ": " << after;
      EXPECT_EQ(set(after, {{"A", value}}), after) << "what is right stays";
    }
  }
}

TEST(EnvFile, AValueWithoutACommonFormIsRefusedWithTheDialectsThatHaveOne) {
  for (const std::string value : {"${X}", "a\\\\b", "it's $5", "it's\"", "back\\", "'`\"$"}) {
    const std::string result = set("A=1\n", {{"A", value}});
    EXPECT_TRUE(refused(result, "it can be written where `dialect` is")) << value << ": " << result;
    EXPECT_FALSE(refused(set("A=1\n", {{"A", value}}, "shell"))) << value;
    EXPECT_FALSE(refused(set("A=1\n", {{"A", value}}, "systemd"))) << value;
    EXPECT_FALSE(refused(set("A=1\n", {{"A", value}}, "compose"))) << value << set("A=1\n", {{"A", value}}, "compose");
  }
  EXPECT_EQ(set("A=1\n", {{"A", "it's \"$x\""}}, "dotenv"), "A=it's \"$x\"\n");
  EXPECT_TRUE(refused(set("A=1\n", {{"A", "${X}"}}, "dotenv"))) << "python-dotenv expands it in every quote";
  EXPECT_EQ(set("A=1\n", {{"A", "'x' ${y} # z"}}, "docker"), "A='x' ${y} # z\n") << "no quotes at all";
  EXPECT_TRUE(refused(set("A=1\n", {{"A", "$x"}}, "expand")));
  EXPECT_TRUE(refused(set("A=1\n", {{"A", "a\nb"}}, "docker"), "A cannot be set, its value has a line end"));
  EXPECT_TRUE(refused(set("A=1\n", {{"A", "a\nb"}}, "docker"), "docker --env-file takes each line"));
  EXPECT_TRUE(refused(set("A=1\r\n", {{"A", "it's $5"}}), "readers of the file (systemd, "));
}

TEST(EnvFile, NamesAndBytesAreChecked) {
  for (const char* name : {"", "1A", "A B", "A-B", "A="}) EXPECT_TRUE(refused(set("", {{name, "x"}}))) << name;
  EXPECT_TRUE(refused(set("", {{"A", std::string("x\0y", 3)}})));
  EXPECT_TRUE(refused(set(std::string("B=1\n\0\n", 6), {{"A", "x"}}), "line 2, column 1"));
  EXPECT_TRUE(refused(set("# caf\xE9\nB=1\n", {{"B", "x"}}), "line 1, column 6"));
  EXPECT_EQ(set("# caf\xE9\nB=1\n", {{"B", "x"}}, "shell"), "# caf\xE9\nB=x\n");
  EXPECT_TRUE(refused(set("A='x\nB=1\n", {{"B", "2"}}), "line 1"));
}

TEST(EnvFile, WhatNobodyAskedForStandsInNoOnesWay) {
  for (const std::string other : {"MSG=Hello World",
                                  "X=a;b",
                                  "X=${Y}",
                                  "X=`date`",
                                  "X=$(date)",
                                  "X=*",
                                  "JSON={\"a\": 1}",
                                  "X=it",
                                  "a.b=1",
                                  "X=\"a'b\"",
                                  "X=1 # it's",
                                  "; x",
                                  "#",
                                  "X=a\\b",
                                  "X='a\\b'",
                                  "X = 1",
                                  "X: 1",
                                  "MSG=Hi (all)",
                                  "export X",
                                  "set -a",
                                  "X+=1"}) {
    const std::string text = "A=1\n\n# note\n" + other + "\n# end\n";
    EXPECT_EQ(set(text, {{"A", "2"}}), "A=2" + text.substr(3)) << other;
    EXPECT_EQ(unset(text, "A"), text.substr(4)) << other;
  }
}

}  // namespace
}  // namespace autoheal::workflows
