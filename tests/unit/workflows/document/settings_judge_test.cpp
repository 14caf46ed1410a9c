// Whether an edit of a settings file is right, judged by other readers than the editor's. Each wrong edit here is one
// that some editor could make.
#include "autoheal/workflows/judge/settings_judge.hpp"

#include <gmock/gmock.h>

namespace autoheal::workflows {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Judged {
  std::string before, after, pointer, scalar, why;  // empty: it is right
};
void PrintTo(const Judged& one, std::ostream* out) {
  *out << one.pointer << " = " << one.scalar << " in " << ::testing::PrintToString(one.after);
}

void expect_judged(SettingsFormat format, const Judged& one) {
  const auto reasons = judge_settings(one.before, one.after, format, {{one.pointer, one.scalar}});
  if (one.why.empty()) {
    EXPECT_THAT(reasons, IsEmpty()) << one.after;
  } else {
    EXPECT_THAT(reasons, Contains(HasSubstr(one.why))) << one.after;
  }
}

class JudgedJson : public ::testing::TestWithParam<Judged> {};
TEST_P(JudgedJson, IsSeenForWhatItIs) { expect_judged(SettingsFormat::json, GetParam()); }
INSTANTIATE_TEST_SUITE_P(
    Settings, JudgedJson,
    ::testing::Values(Judged{"{\"a\": 1, \"b\": [1, 2]}", "{\"a\":2,\"b\":[1,2]}", "/a", "2", ""},
                      Judged{"{\"a\": 1}", "{\"a\": 1, \"b\": \"\\u0041\"}", "/b", "\"A\"", ""},
                      Judged{"\xef\xbb\xbf{\"a\": 1}", "\xef\xbb\xbf{\"a\": 2}", "/a", "2", ""},
                      Judged{"{\"a\": 1, \"a\": 2}", "{\"a\": 1, \"a\": 3}", "/a", "3", ""},
                      Judged{"{\"a\": 1, \"a\": 2}", "{\"a\": 3, \"a\": 2}", "/a", "3", "an earlier value of /a"},
                      Judged{"{\"a\": 1, \"a\": 2}", "{\"a\": 3}", "/a", "3", "more or less often"},
                      Judged{"{\"a\": 1}", "{\"a\": 2, \"a\": 3}", "/a", "3", "/a"},
                      Judged{"{\"a\": 1}", "{\"a\": 1}", "/a", "2", "/a is not the value"},
                      Judged{"{\"a\": 1}", "{\"a\": \"2\"}", "/a", "2", "/a is not the value"},
                      Judged{"{\"a\": 1}", "{\"a\": 1.1}", "/a", "1.10", "/a is not the value"},
                      Judged{"{\"a\": 1, \"v\": 1.10}", "{\"a\": 2, \"v\": 1.1}", "/a", "2", "/v is not what it was"},
                      Judged{"{\"a\": 1, \"v\": 12345678901234567890123}", "{\"a\": 2, \"v\": 12345678901234567890124}",
                             "/a", "2", "/v"},
                      Judged{"{\"a\": 1, \"v\": -0}", "{\"a\": 2, \"v\": 0}", "/a", "2", "/v"},
                      Judged{"{\"a\": 1, \"b\": 1}", "{\"b\": 1, \"a\": 2}", "/a", "2", "members"},
                      Judged{"{\"a\": 1, \"b\": 1}", "{\"a\": 2}", "/a", "2", "/b is gone"},
                      Judged{"{\"a\": 1}", "{\"a\": 2, \"b\": 1}", "/a", "2", "/b was not there"},
                      Judged{"{\"a\": [1, 2]}", "{\"a\": [2]}", "/a/0", "2", "more or fewer elements"},
                      Judged{"{\"a\": {\"b\": 1}}", "{\"a\": 2}", "/a", "2", "replaces what had values"},
                      Judged{"{\"a\": 1}", "{\"a\": 1}", "/b/c", "2", "/b/c is not there"},
                      Judged{"{\"a\": 1}", "{\"a\": 2,}", "/a", "2", "after the edit: not read"},
                      Judged{"{\"a\": 1}", "{\"a\": 2} x", "/a", "2", "text stands behind the end"},
                      Judged{"{\"a\": 1}", "{\"a\": 2}}", "/a", "2", "text stands behind the end"},
                      Judged{"{\"a\": 1} {}", "{\"a\": 2} {}", "/a", "2", "before the edit: not read"},
                      Judged{"{\"a\": 1}", "{\"a\": 2", "/a", "2", "not read"},
                      Judged{"{\"a\": 1}", "{\"a\": \"2}", "/a", "2", "not read"},
                      Judged{"{\"a\": 1}", "{\"a\": 2 3}", "/a", "2", "not read"},
                      Judged{"{\"a\": 1}", "{\"a\": 02}", "/a", "2", "not read"},
                      Judged{"{\"a\": 1}", "{\"a\": nul}", "/a", "2", "not read"},
                      Judged{"{\"a\": 1}", "", "/a", "2", "not read"},
                      Judged{"{\"a\": 1}", "{\"a\": \"\xff\"}", "/a", "2", "not read"},
                      Judged{"{\"a\": 1}", "7", "/a", "2", "neither an object"},
                      Judged{"{\"a\": 1}", "{\"a\": \"\\ud800\"}", "/a", "2", "not read"}));

class JudgedYaml : public ::testing::TestWithParam<Judged> {};
TEST_P(JudgedYaml, IsSeenForWhatItIs) { expect_judged(SettingsFormat::yaml, GetParam()); }
INSTANTIATE_TEST_SUITE_P(
    Settings, JudgedYaml,
    ::testing::Values(
        Judged{"a: 1 # x\nb: y\n", "# z\na: 2\nb: y\n", "/a", "2", ""}, Judged{"a:\n", "a: {b: 1}\n", "/a/b", "1", ""},
        Judged{"a: {}\n", "a:\n  b: 1\n", "/a/b", "1", ""},
        Judged{"a: 1\n", "a: 1.1\n", "/a", "1.10", "/a is not the value"},
        Judged{"a: 1\nv: 1.10\n", "a: 2\nv: 1.1\n", "/a", "2", "/v is not what it was"},
        Judged{"a: 1\nv: '80'\n", "a: 2\nv: 80\n", "/a", "2", "/v is not what it was"},
        Judged{"a: 1\nv: !x 80\n", "a: 2\nv: 80\n", "/a", "2", "/v has another tag"},
        Judged{"a: 1\nv: !x [80]\n", "a: 2\nv: [80]\n", "/a", "2", "/v has another tag"},
        Judged{"a: 1\nv: |\n  x\n", "a: 2\nv: |\n  x", "/a", "2", "/v is not what it was"},
        Judged{"a: 1\n", "a: yes\n", "/a", "\"yes\"", "not the same for all readers"},
        Judged{"a: 1\n", "a: 0o17\n", "/a", "\"0o17\"", "not the same for all readers"},
        Judged{"a: 1\n", "a: 010\n", "/a", "\"010\"", "not the same for all readers"},
        Judged{"a: 1\n", "a: 1_000\n", "/a", "\"1_000\"", "not the same for all readers"},
        Judged{"a: 1\n", "a: 10:20\n", "/a", "\"10:20\"", "not the same for all readers"},
        Judged{"a: 1\n", "a: 2026-11-29\n", "/a", "\"2026-11-29\"", "not the same for all readers"},
        Judged{"a: 1\n", "a: .inf\n", "/a", "\".inf\"", "not the same for all readers"},
        Judged{"a: 1\n", "a: 1e5\n", "/a", "1e5", "not the same for all readers"},
        Judged{"a: 1\n", "a: ~\n", "/a", "\"~\"", "not the value"},
        Judged{"a: 1\n", "a:\n", "/a", "\"\"", "not the value"},
        Judged{"a: 1\n", "a: yes\n", "/a", "true", "not the same for all readers"},
        Judged{"a: 1\n", "a: True\n", "/a", "true", ""}, Judged{"a: 1\n", "a: Null\n", "/a", "null", ""},
        Judged{"a: 1\n", "a: !!int 2\n", "/a", "2", ""}, Judged{"a: 1\n", "a: !!str 2\n", "/a", "2", "not the value"},
        Judged{"a: 1\n", "a: !x 2\n", "/a", "2", "not the value"},
        Judged{"a: 1\n", "a: \"2\"\n", "/a", "2", "not the value"}, Judged{"a: 1\n", "a: &p 2\n", "/a", "2", ""},
        Judged{"a: 1\n", "a: >-\n  x\n", "/a", "\"x\"", ""},
        Judged{"a: &p 1\nb: *p\n", "a: &p 2\nb: *p\n", "/a", "2", "/b is not what it was"},
        Judged{"a: &p 1\nb: *p\n", "a: &p 1\nb: 2\n", "/b", "2", ""},
        Judged{"x: &c\n  i: 1\ns:\n  <<: *c\n", "x: &c\n  i: 1\ns:\n  <<: *c\n  i: 2\n", "/s/i", "2", ""},
        Judged{"x: &c\n  i: 1\ns:\n  <<: *c\n", "x: &c\n  i: 2\ns:\n  <<: *c\n", "/s/i", "2",
               "/x/i is not what it was"},
        Judged{"x: &c\n  i: 1\ns:\n  <<: *c\n", "x: &c\n  i: 1\ns:\n  i: 2\n", "/s/i", "2", "is gone"},
        Judged{"x: &c {i: 1}\ny: &d {i: 2}\ns:\n  <<: *c\n", "x: &c {i: 1}\ny: &d {i: 2}\ns:\n  <<: *d\n", "/z", "1",
               "/s/i"},
        Judged{"a: 1\n<<: y\n", "a: 2\n<<:\n", "/a", "2", "/<< is not what it was"},
        Judged{"a: 1\n<<: [{b: 1}, y]\n", "a: 2\n<<: [{b: 1}, z]\n", "/a", "2", "/<</1 is not what it was"},
        Judged{"a: 1\n<<: {}\n", "a: 2\n<<:\n", "/a", "2", "/<< stands there more or less often"},
        Judged{"a: 1\nb: &c ?x\n", "a: 2\nb: &c?x\n", "/a", "2", "name behind & ends"},
        Judged{"é: !x &c 1\nb: *c\n&k a: 1\n", "é: !x &c 1\nb: *c\n&k a: 2\n", "/a", "2", ""},
        Judged{"a: 1\nb: {c: &d , e: [*d]}\n", "a: 2\nb: {c: &d , e: [*d]}\n", "/a", "2", ""},
        Judged{"b: &c {d: 1}\n*c : 1\na: 1\n", "b: &c {d: 1}\n*c : 1\na: 2\n", "/a", "2", ""},
        Judged{"a: 1\n---\nb: 1\n", "a: 1\n", "/b", "2", "more or fewer documents"},
        Judged{"a: 1\n---\na: 1\n", "a: 1\n---\na: 2\n", "/a", "2", "2 documents stand in the file"},
        Judged{"a: 1\n---\nb: {c: 1}\n", "a: 1\n---\nb: {c: 2}\n", "/b/c", "2", ""},
        Judged{"a: 1\n---\nb: {c: 1}\n", "a: 2\n---\nb: {c: 2}\n", "/b/c", "2", "/a is not what it was"},
        Judged{"a: 1\na: 2\n", "a: 1\na: 3\n", "/a", "3", "stands twice"},
        Judged{"a: 1\nb: 1\nb: 2\n", "a: 3\nb: 1\nb: 2\n", "/a", "3", ""},
        Judged{"a: 1\nb: 1\nb: 2\n", "a: 3\nb: 2\nb: 2\n", "/a", "3", "an earlier value of /b"},
        Judged{"%YAML 1.1\n---\na: 1\n", "---\na: 2\n", "/a", "2", "begin with %"},
        Judged{"? [x, y]\n: 1\na: 1\n", "? [x, z]\n: 1\na: 2\n", "/a", "2", "members"},
        Judged{"? [x, y]\n: 1\na: 1\n", "? [x, y]\n: 1\na: 2\n", "/a", "2", ""},
        Judged{"a: 1\n", "a: 2\n\tb: 1\n", "/a", "2", "after the edit: not read as YAML at line 2"},
        Judged{"- 1\n", "\n\xef\xbb\xbf- 2\n", "/0", "2", "a byte-order mark stands"},
        Judged{"a: 1\n", "a: [2\n", "/a", "2", "not read as YAML"}, Judged{"", "a: 2\n", "/a", "2", "documents"}));

TEST(SettingsJudge, TellsWhatStandsAtAPointer) {
  const std::string text = "s:\n  port: 8080\n  v: 1.10\n  name: 'web'\n  on: yes\n  none:\n  l: [x]\n  t: !vault x\n";
  const auto kind_at = [&](std::string_view pointer) {
    return read_setting(text, SettingsFormat::yaml, pointer).value().value().kind;
  };
  EXPECT_EQ(kind_at("/s/port"), SettingSeen::Kind::number);
  EXPECT_EQ(kind_at("/s/name"), SettingSeen::Kind::text);
  EXPECT_EQ(kind_at("/s/on"), SettingSeen::Kind::unclear);
  EXPECT_EQ(kind_at("/s/none"), SettingSeen::Kind::null);
  EXPECT_EQ(kind_at("/s/l"), SettingSeen::Kind::list);
  EXPECT_EQ(kind_at("/s/l/0"), SettingSeen::Kind::text);
  EXPECT_EQ(kind_at("/s"), SettingSeen::Kind::object);
  EXPECT_EQ(kind_at("/s/t"), SettingSeen::Kind::custom);
  EXPECT_FALSE(read_setting(text, SettingsFormat::yaml, "/s/l/1").value());
  EXPECT_FALSE(read_setting(text, SettingsFormat::yaml, "/x/y").value());
  EXPECT_TRUE(read_setting(text, SettingsFormat::yaml, "/s/v")->value().is("1.10"));
  EXPECT_FALSE(read_setting(text, SettingsFormat::yaml, "/s/v")->value().is("1.1"));
  EXPECT_TRUE(read_setting("{\"a\": {\"b\": [true]}}", SettingsFormat::json, "/a/b/0")->value().is("true"));
  EXPECT_FALSE(read_setting("{\"a\": 1,}", SettingsFormat::json, "/a"));
}

TEST(SettingsJudge, ReadsThroughAliasesAndMerges) {
  const std::string text = "x: &c {i: 1, n: {m: 2}}\ny: &d {i: 3, k: 4}\ns:\n  <<: [*c, *d]\n  k: 5\nt: *c\n";
  const auto at = [&](std::string_view pointer) {
    return read_setting(text, SettingsFormat::yaml, pointer).value().value().text;
  };
  EXPECT_EQ(at("/s/i"), "1");
  EXPECT_EQ(at("/s/n/m"), "2");
  EXPECT_EQ(at("/s/k"), "5");
  EXPECT_EQ(at("/t/n/m"), "2");
}

}  // namespace
}  // namespace autoheal::workflows
