// The judge of .env files: what an edit may not do, told by reader, line and column; and what a probe sees.
#include "autoheal/workflows/judge/env_judge.hpp"

#include <gtest/gtest.h>

#include "autoheal/workflows/judge/env_readers.hpp"

namespace autoheal::workflows {
namespace {

std::string verdict(std::string_view before, std::string_view after, const EnvDeclaration& declared) {
  std::string text;
  for (const std::string& reason : judge_env(before, after, declared)) text += (text.empty() ? "" : "; ") + reason;
  return text;
}
bool tells(const std::string& verdict, std::string_view what) { return verdict.find(what) != std::string::npos; }

EnvDeclaration to_set(const std::string& name, const std::string& value, const std::string& dialect = "") {
  return {{{name, value}}, {}, {}, dialect};
}
EnvDeclaration to_unset(const std::string& name, const std::string& dialect = "") { return {{}, {name}, {}, dialect}; }

TEST(EnvJudge, AcceptsWhatIsDeclaredAndNothingElse) {
  EXPECT_EQ(verdict("A=1\nB=2\n", "A=3\nB=2\n", to_set("A", "3")), "");
  EXPECT_EQ(verdict("A=1\nB=2\n", "B=2\n", to_unset("A")), "");
  EXPECT_EQ(verdict("A=1\n", "A=1\nB=2\n", to_set("B", "2")), "");
  EXPECT_EQ(verdict("A=1\n", "A=1\n", {{}, {}, {"A"}, ""}), "");
  EXPECT_EQ(verdict("", "", {}), "");
}

TEST(EnvJudge, SeesThroughAnEditorThatMisreads) {
  const std::string key = "KEY=\"one\nOLD\ntwo\"\nP=1\n";
  EXPECT_NE(verdict(key, "KEY=new\nOLD\ntwo\"\nP=1\n", to_set("KEY", "new")), "") << "lines of the old value are left";
  EXPECT_NE(verdict(key, "OLD\ntwo\"\nP=1\n", to_unset("KEY")), "");
  EXPECT_TRUE(tells(verdict("A=\"80\"80\n", "A=\"8080\"80\n", to_set("A", "8080")), "A"));
  EXPECT_TRUE(tells(verdict("A = 1\nB=2\n", "A = 1\nB=2\n", to_unset("A")), "line 1, column 1: A is still set"));
  EXPECT_TRUE(tells(verdict("A: 1\nB=2\n", "A: 1\nB=2\n", to_unset("A")), "A is still set for"));
  EXPECT_TRUE(tells(verdict("\xEF\xBB\xBF"
                            "A=1\n",
                            "\xEF\xBB\xBF"
                            "A=1\n",
                            to_unset("A")),
                    "A is still set for"));
  EXPECT_TRUE(tells(verdict("export A=1\nB=2\n", "export A=1\nB=2\n", to_unset("A")), "A is still set for"));
}

TEST(EnvJudge, AllElseKeepsItsBytesAndItsPlace) {
  EXPECT_NE(verdict("A=1\nB=2\n", "A=3\nB=4\n", to_set("A", "3")), "");
  EXPECT_NE(verdict("A=1\n# note\n", "A=3\n", to_set("A", "3")), "");
  EXPECT_NE(verdict("A=1\nB=$A\n", "B=$A\nA=3\n", to_set("A", "3")), "") << "B would mean something else";
  EXPECT_NE(verdict("B=1\nC=2\n", "C=2\nB=1\nA=3\n", to_set("A", "3")), "");
  EXPECT_NE(verdict("A=1\n", "A=3\n# note\n", to_set("A", "3")), "") << "nobody declared a comment";
  EXPECT_NE(verdict("A=1\r\nB=2\r\n", "A=3\nB=2\r\n# x\r\n", to_set("A", "3")), "");
  EXPECT_TRUE(tells(verdict("A=1\nB=2\n", "A=3\n", to_set("A", "3")), "the edit would change B, too"));
}

TEST(EnvJudge, NamesTheReaderThatDiffers) {
  EXPECT_TRUE(tells(verdict("A=1\n", "A=a b\n", to_set("A", "a b")), "a shell"));
  EXPECT_TRUE(tells(verdict("A=1\n", "A=a\\b\n", to_set("A", "a\\b")), "a shell"));
  EXPECT_TRUE(tells(verdict("A=1\n", "A='a\\\\b'\n", to_set("A", "a\\\\b")), "python-dotenv"));
  EXPECT_TRUE(tells(verdict("A=1\n", "A='${X}'\n", to_set("A", "${X}")), "python-dotenv"));
  EXPECT_TRUE(tells(verdict("A=1\n", "A=\"a\\nb\"\n", to_set("A", "a\nb")), "a shell"));
  EXPECT_TRUE(tells(verdict("A=1\n", "A=1 # x\n", to_set("A", "1")), "systemd"));
  EXPECT_TRUE(tells(verdict("A=1\n", "A=x#y\n", to_set("A", "x#y")), "node"));
  EXPECT_TRUE(tells(verdict("A=1\n", "A= # c\n", to_set("A", "")), "Docker Compose"));
}

TEST(EnvJudge, RefusesWhereReadersDoNotAgreeAboutBounds) {
  for (const std::string other : {"X=it's\nY=it's", "X=a\\\nb", "# c \\", "X=`a\nb`", "X=\"a", "X='a"}) {
    const std::string text = "A=1\n" + other + "\nZ=2\n";
    const std::string told = verdict(text, "A=3" + text.substr(3), to_set("A", "3"));
    EXPECT_TRUE(tells(told, "line 2, column") && tells(told, "dialect")) << other << ": " << told;
  }
  EXPECT_EQ(verdict("A=1\nX=it's\nY=it's\n", "A=1\nX=it's\nY=it's\n", to_set("A", "1")), "") << "nothing changes";
  const std::string text = "X=it's\nY=it's\nA=1\n";
  EXPECT_EQ(verdict(text, "X=it's\nY=it's\nA=3\n", to_set("A", "3", "dotenv")), "");
}

TEST(EnvJudge, FindsWhereANameCouldHide) {
  for (const std::string other : {"eval x", ". ./other", "source other", "declare A=2", "readonly A=2", "A+=2",
                                  "unset A", "read A", "printf -v A x", "export B=${A:=2}", "B=${A=2}", "B=$((A=2))",
                                  "if x; then\nA=2\nfi", "f() {\nA=2\n}", "for A in 1; do x; done"}) {
    const std::string text = "A=1\n" + other + "\n";
    EXPECT_NE(verdict(text, "A=3\n" + other + "\n", to_set("A", "3", "shell")), "") << other;
  }
  for (const std::string other :
       {"eval x", ". ./other", "declare A=2", "A+=2", "B=$(echo A=2)", "B=`A=2`", "B=${A:=2}"})
    EXPECT_NE(verdict("A=1\n" + other + "\n", other + "\n", to_unset("A", "shell")), "") << other;
  EXPECT_NE(verdict("A=1\nunset A\n", "A=1\nunset A\n", {{}, {}, {"A"}, "shell"}), "");
  EXPECT_EQ(verdict("A=1\nDSN='x;A=2'\n", "DSN='x;A=2'\n", to_unset("A")), "") << "a value is a value";
  EXPECT_EQ(verdict("eval x\nA=1\n", "eval x\nA=2\n", to_set("A", "2", "shell")), "") << "what comes later counts";
}

TEST(EnvJudge, AShellMayReadOnWhereAnotherStops) {
  const std::string text = "export A\r\nB=1\r\nC+=x\r\n# D=1\r\n";
  EXPECT_TRUE(tells(verdict(text, text, to_unset("C")), "line 3, column 1: C may still be set for a shell"));
  EXPECT_EQ(verdict(text, text, to_unset("D")), "");
  EXPECT_TRUE(tells(verdict("M=(x)1\nP=1\n", "M=(x)1\nP=2\n", to_set("P", "2")), "shells do not agree"));
  EXPECT_EQ(verdict("M=(x)1\nP=1\n", "M=(x)1\nP=2\n", to_set("P", "2", "dotenv")), "");
}

TEST(EnvJudge, AProbeAsksAllReadersOfTheFile) {
  const auto probe = [](std::string_view text, const std::map<std::string, std::string>& equals,
                        const std::vector<std::string>& require = {}, const std::string& dialect = "") {
    std::string told;
    for (const std::string& reason : judge_env_probe(text, require, equals, dialect)) told += reason + "\n";
    return told;
  };
  EXPECT_EQ(probe("A=1\nB='x y'\n", {{"A", "1"}, {"B", "x y"}}, {"A", "B"}), "");
  EXPECT_EQ(probe("A=1\n", {{"A", "2"}}), "A is not as declared\n");
  EXPECT_EQ(probe("A=1\n", {}, {"B"}), "B is not set\n");
  EXPECT_TRUE(tells(probe("A=a b\n", {{"A", "a b"}}), "A is set for"));
  EXPECT_TRUE(tells(probe("A='80'\"80\"\n", {{"A", "8080"}}), "dialect"));
  EXPECT_EQ(probe("A='80'\"80\"\n", {{"A", "8080"}}, {}, "shell"), "");
  EXPECT_TRUE(tells(probe("X='x\nA=1\n", {{"A", "1"}}), "line 1, column 3"));
  EXPECT_EQ(probe("A=1\nX='x\n", {{"A", "1"}}, {}, "shell"), "") << "a shell has read it by then";
  EXPECT_TRUE(tells(probe("A=1\nX='x\n", {{"A", "1"}}), "Docker Compose")) << "which reads nothing of such a file";
  EXPECT_TRUE(tells(probe(std::string("A=1\n\0", 5), {{"A", "1"}}), "line 2, column 1"));
  EXPECT_TRUE(tells(probe("A=${B}\n", {{"A", "x"}}, {}, "shell"), "expands"));
  EXPECT_EQ(probe("A=1 # web\n", {{"A", "1"}}), "") << "a file with such comments is not systemd's";
  EXPECT_EQ(probe("export A=1\n", {{"A", "1"}}), "");
  EXPECT_EQ(probe("A=1\r\nB=2\r\n", {{"A", "1"}}), "");
  EXPECT_TRUE(tells(probe("A=1\nunset A\n", {}, {"A"}, "shell"), "line 2, column 1"));
  EXPECT_TRUE(tells(probe("A=1\n. ./other\n", {{"A", "1"}}, {}, "shell"), "may change A"));
  EXPECT_TRUE(tells(probe("A=1 B=2\n", {}, {"B"}), "B is set for"));
}

// The judge looks each name up, and does not compare it with all others: with that, this would take minutes.
TEST(EnvJudge, IsDoneWithManyNamesInAMoment) {
  std::string many;
  for (unsigned n = 0; n < 20'000; ++n) many += "export ";
  EXPECT_EQ(verdict(many + "\n", many + "\nport=8080\n", to_set("port", "8080", "shell")), "");
  std::string lines;
  for (unsigned n = 0; n < 20'000; ++n) lines += "N" + std::to_string(n) + "=1\n";
  EXPECT_EQ(verdict(lines, lines + "port=8080\n", to_set("port", "8080")), "");
  EXPECT_TRUE(tells(verdict(lines, "port=8080\n" + lines.substr(5), to_set("port", "8080")), "would change"));
}

TEST(EnvReaders, ALineBeginsBehindASeparatorOfUnicodeForNodeAlone) {
  for (const std::string separator : {"\xE2\x80\xA8", "\xE2\x80\xA9"}) {
    const std::string hidden = "# note" + separator + "T=old\nZ=1\n";
    EXPECT_TRUE(tells(verdict(hidden, hidden, to_unset("T")), "line 1, column 10: T is still set for dotenv of npm"));
    EXPECT_EQ(verdict(hidden, hidden, to_unset("T", "shell")), "");
    const std::string behind = "A='1'" + separator + "T=old\n";
    EXPECT_TRUE(tells(verdict(behind, behind, to_unset("T", "dotenv")), "T is still set for dotenv of npm"));
    const auto within = read_env_as(EnvReader::npm_dotenv, "A=x" + separator + "T=old\n").statements;
    ASSERT_EQ(within.size(), 1U) << "a bare value goes on to the end of its line";
    EXPECT_EQ(within.front().value, "x" + separator + "T=old");
  }
}

TEST(EnvReaders, DockerComposeTakesLettersOfAllScriptsForNamesAndNothingElse) {
  for (const char* name : {"É", "имя", "名前", "a.b-c[0]", "x٣"})
    EXPECT_FALSE(read_env_as(EnvReader::compose, std::string("A=1\n") + name + "=2\n").problem) << name;
  for (const char* name : {"\xe9",
                           "\xe9"
                           "bc",
                           "“x”", "a\xef\xbf\xbd", "a→b"})
    EXPECT_TRUE(read_env_as(EnvReader::compose, std::string("A=1\n") + name + "=2\n").problem) << name;
}

TEST(EnvReaders, SecretsAreLearnedFromEveryView) {
  const auto all = all_values_in_env("T=\"a\\nb\" # c\nT: old\nexport T='x'\"y\"\nU=$(x)\n");
  const auto knows = [&](const std::string& name, const std::string& value) {
    return std::find(all.begin(), all.end(), std::pair(name, value)) != all.end();
  };
  EXPECT_TRUE(knows("T", "a\nb"));
  EXPECT_TRUE(knows("T", "a\\nb")) << "as a shell has it";
  EXPECT_TRUE(knows("T", "a\\nb # c") || knows("T", "a\nb # c") || knows("T", "a\\nb# c")) << "as systemd has it";
  EXPECT_TRUE(knows("T", "old"));
  EXPECT_TRUE(knows("T", "xy"));
  EXPECT_TRUE(knows("T", "x"));
  EXPECT_TRUE(knows("U", "$(x)"));
}

}  // namespace
}  // namespace autoheal::workflows
