// JSON and YAML files: one value changes, everything else stays to the byte; what cannot be edited so is refused for
// the true reason, with line and column.
#include "autoheal/workflows/edit/settings_edit.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "autoheal/workflows/judge/settings_judge.hpp"

namespace autoheal::workflows {
namespace {

using ::testing::HasSubstr;

struct Edit {
  std::string before, pointer, scalar, after;
};
void PrintTo(const Edit& edit, std::ostream* out) {
  *out << edit.pointer << " = " << edit.scalar << " in " << ::testing::PrintToString(edit.before);
}

void expect_edit(SettingsFormat format, const Edit& edit) {
  const auto changed = set_setting(edit.before, format, edit.pointer, edit.scalar);
  ASSERT_TRUE(changed) << edit.before << changed.error().message;
  EXPECT_EQ(*changed, edit.after);
  EXPECT_THAT(judge_settings(edit.before, *changed, format, {{edit.pointer, edit.scalar}}), ::testing::IsEmpty());
  EXPECT_EQ(set_setting(*changed, format, edit.pointer, edit.scalar), *changed) << "what is right stays to the byte";
}

class JsonEdit : public ::testing::TestWithParam<Edit> {};
INSTANTIATE_TEST_SUITE_P(
    Settings, JsonEdit,
    ::testing::Values(
        Edit{"{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n", "/a", "2", "{\n  \"a\": 2,\n  \"b\": \"x\"\n}\n"},
        Edit{"{ \"a\" :  { \"b\": [1, {\"c\": null}] } }", "/a/b/1/c", "\"t\"",
             "{ \"a\" :  { \"b\": [1, {\"c\": \"t\"}] } }"},
        Edit{"{\"a/b\":{\"m~n\":true}}", "/a~1b/m~0n", "false", "{\"a/b\":{\"m~n\":false}}"},
        Edit{"{\n  \"a\": 1\n}\n", "/b", "\"new\"", "{\n  \"a\": 1,\n  \"b\": \"new\"\n}\n"},
        Edit{"{}", "/b", "1", "{\"b\": 1}"}, Edit{"{ }", "/b", "1", "{ \"b\": 1 }"},
        Edit{"{\"a\": \"quote \\\" brace } \", \"b\": 1}", "/b", "2", "{\"a\": \"quote \\\" brace } \", \"b\": 2}"},
        Edit{"{\"a\":1}", "/b", "2", "{\"a\":1,\"b\":2}"}, Edit{"{\"a\": 1}", "/b", "2", "{\"a\": 1, \"b\": 2}"},
        Edit{"{ \"a\" : 1 }", "/b", "2", "{ \"a\" : 1, \"b\" : 2 }"},
        Edit{"{\n  \"s\": {\n  }\n}\n", "/s/p", "1", "{\n  \"s\": {\n    \"p\": 1\n  }\n}\n"},
        Edit{"{\r\n\t\"s\": {\r\n\t}\r\n}\r\n", "/s/p", "1", "{\r\n\t\"s\": {\r\n\t\t\"p\": 1\r\n\t}\r\n}\r\n"},
        Edit{"{\r\n  \"a\": 1\r\n}\r\n", "/b", "2", "{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}\r\n"},
        Edit{"{\n  \"s\": {\"a\":1,\"b\":2}\n}", "/s/c", "3", "{\n  \"s\": {\"a\":1,\"b\":2,\"c\":3}\n}"},
        Edit{"\xef\xbb\xbf{\n  \"port\": 80\n}\n", "/port", "8080", "\xef\xbb\xbf{\n  \"port\": 8080\n}\n"},
        Edit{"{\"a\": null, \"b\": 1}", "/a/c", "2", "{\"a\": {\"c\": 2}, \"b\": 1}"},
        Edit{"{\"a\": 1, \"a\": 2}", "/a", "3", "{\"a\": 1, \"a\": 3}"},
        Edit{"{\"a\": {\"x\": 1}, \"a\": {}}", "/a/y", "3", "{\"a\": {\"x\": 1}, \"a\": {\"y\": 3}}"},
        Edit{"{\"\": 1, \"\\u0061\": 2}", "/a", "3", "{\"\": 1, \"\\u0061\": 3}"}));
TEST_P(JsonEdit, ChangesOneValue) { expect_edit(SettingsFormat::json, GetParam()); }

INSTANTIATE_TEST_SUITE_P(NumbersAreWrittenAsConfigured, JsonEdit,
                         ::testing::Values(Edit{"{\"a\": 1.1}", "/a", "1.10", "{\"a\": 1.10}"},
                                           Edit{"{\"a\": 100000}", "/a", "1e5", "{\"a\": 1e5}"},
                                           Edit{"{\"a\": 0}", "/a", "-0", "{\"a\": -0}"},
                                           Edit{"{\"a\": 12345678901234567890123}", "/a", "12345678901234567890124",
                                                "{\"a\": 12345678901234567890124}"},
                                           Edit{"{\"a\": 1, \"b\": 1e999}", "/a", "2", "{\"a\": 2, \"b\": 1e999}"},
                                           Edit{"{\"a\": 1}", "/a", "\"1\"", "{\"a\": \"1\"}"},
                                           Edit{"{\"a\": \"1\"}", "/a", "1", "{\"a\": 1}"}));

class YamlEdit : public ::testing::TestWithParam<Edit> {};
TEST_P(YamlEdit, ChangesOneValue) { expect_edit(SettingsFormat::yaml, GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Settings, YamlEdit,
    ::testing::Values(Edit{"# top\na: 1   # one\nb: x\n", "/a", "2", "# top\na: 2   # one\nb: x\n"},
                      Edit{"a:\n  b:\n    - x\n    - c: 'old'  # it\n", "/a/b/1/c", "\"it's\"",
                           "a:\n  b:\n    - x\n    - c: 'it''s'  # it\n"},
                      Edit{"a: \"old\"\n", "/a", "\"new\"", "a: \"new\"\n"},
                      Edit{"a: {b: 1, c: 2}\n", "/a/b", "3", "a: {b: 3, c: 2}\n"},
                      Edit{"a: {b: 1}\n", "/a/z", "3", "a: {z: 3, b: 1}\n"},
                      Edit{"s:\n  a: 1\nt: 2\n", "/s/b", "true", "s:\n  a: 1\n  b: true\nt: 2\n"},
                      Edit{"a: yes\n", "/a", "\"no\"", "a: \"no\"\n"}, Edit{"a: yes\n", "/a", "true", "a: true\n"},
                      Edit{"port: 80\n", "/port", "\"80\"", "port: \"80\"\n"},
                      Edit{"port: 80\n", "/port", "80", "port: 80\n"},
                      Edit{"a: text with words\nb: 1\n", "/a", "\"other\"", "a: other\nb: 1\n"},
                      Edit{"a: 'x'\n", "/a", "\"x\"", "a: 'x'\n"}));

INSTANTIATE_TEST_SUITE_P(
    EmptyValues, YamlEdit,
    ::testing::Values(Edit{"port:\nhost: a\n", "/port", "80", "port: 80\nhost: a\n"},
                      Edit{"port:   # none\nhost: a\n", "/port", "80", "port: 80   # none\nhost: a\n"},
                      Edit{"port: ~\nhost: a\n", "/port", "80", "port: 80\nhost: a\n"},
                      Edit{"port: null # none\n", "/port", "80", "port: 80 # none\n"},
                      Edit{"port: NULL", "/port", "80", "port: 80"}, Edit{"port: ~\n", "/port", "null", "port: ~\n"},
                      Edit{"port: 80\n", "/port", "null", "port: null\n"},
                      Edit{"l:\n  -\n  - b\n", "/l/0", "\"a\"", "l:\n  - a\n  - b\n"},
                      Edit{"a: {b, c: 1}\n", "/a/b", "2", "a: {b: 2, c: 1}\n"},
                      Edit{"a: {b: , c: 1}\n", "/a/b", "2", "a: {b: 2 , c: 1}\n"},
                      Edit{"server: {}\n", "/server/port", "80", "server: {port: 80}\n"},
                      Edit{"server: { } # none\n", "/server/port", "80", "server: { port: 80 } # none\n"},
                      Edit{"server:\n# end\n", "/server/port", "80", "server:\n  port: 80\n# end\n"},
                      Edit{"a:\n    b: 1\nserver: # s\n", "/server/port", "80",
                           "a:\n    b: 1\nserver: # s\n    port: 80\n"},
                      Edit{"server: ~\n", "/server/port", "80", "server: {port: 80}\n"},
                      Edit{"l: [{}, 1]\n", "/l/0/a", "80", "l: [{a: 80}, 1]\n"}));

INSTANTIATE_TEST_SUITE_P(
    AnchorsMergesAndTags, YamlEdit,
    ::testing::Values(Edit{"x: &c\n  image: app:1\ns:\n  web:\n    <<: *c\n", "/s/web/image", "\"app:2\"",
                           "x: &c\n  image: app:1\ns:\n  web:\n    <<: *c\n    image: app:2\n"},
                      Edit{"x: &c\n  image: app:1\ny: &d\n  port: 1\ns:\n  <<: [*c, *d]\n  port: 2\n", "/s/image",
                           "\"app:1\"", "x: &c\n  image: app:1\ny: &d\n  port: 1\ns:\n  <<: [*c, *d]\n  port: 2\n"},
                      Edit{"x: &c\n  port: 1\ns:\n  <<: *c\n  port: 2\n", "/x/port", "3",
                           "x: &c\n  port: 3\ns:\n  <<: *c\n  port: 2\n"},
                      Edit{"a: &p 1\nb: *p\n", "/b", "2", "a: &p 1\nb: 2\n"},
                      Edit{"a: &p 1\nb: *p\n", "/b", "1", "a: &p 1\nb: *p\n"},
                      Edit{"a: &p 1\nb: 1\n", "/a", "2", "a: &p 2\nb: 1\n"},
                      Edit{"a: &p\nb: 1\n", "/a", "2", "a: &p 2\nb: 1\n"}, Edit{"a: !!str 80\n", "/a", "80", "a: 80\n"},
                      Edit{"a: !!str 80\n", "/a", "\"80\"", "a: !!str 80\n"},
                      Edit{"a: !vault |\n  x\nb: !reference [x, y]\nc: 1\n", "/c", "2",
                           "a: !vault |\n  x\nb: !reference [x, y]\nc: 2\n"}));

INSTANTIATE_TEST_SUITE_P(
    Layouts, YamlEdit,
    ::testing::Values(Edit{"s:\r\n  host: a\r\nx: 1\r\n", "/s/port", "80", "s:\r\n  host: a\r\n  port: 80\r\nx: 1\r\n"},
                      Edit{"\xef\xbb\xbfport: 80\nhost: a\n", "/port", "81", "\xef\xbb\xbfport: 81\nhost: a\n"},
                      Edit{"\xef\xbb\xbfport: 80\n", "/host", "\"a\"", "\xef\xbb\xbfport: 80\nhost: a\n"},
                      Edit{"a: 1", "/b", "2", "a: 1\nb: 2"},
                      Edit{"a: 1 # one\n# end\n", "/b", "2", "a: 1 # one\nb: 2\n# end\n"},
                      Edit{"---\na: 1\n...\n", "/b", "2", "---\na: 1\nb: 2\n...\n"},
                      Edit{"%YAML 1.1\n---\na: 1\n", "/a", "2", "%YAML 1.1\n---\na: 2\n"},
                      Edit{"---\n---\na: 1\n", "/a", "2", "---\n---\na: 2\n"},
                      Edit{"---\na: 1\n---\nb: {c: 1}\n", "/b/c", "2", "---\na: 1\n---\nb: {c: 2}\n"},
                      Edit{"l:\n- a: 1\n- b: 2\n", "/l/1/c", "3", "l:\n- a: 1\n- b: 2\n  c: 3\n"},
                      Edit{"l:\n    - a: 1\n      b: 2\n", "/l/0/b", "3", "l:\n    - a: 1\n      b: 3\n"},
                      Edit{"- - x\n  - y\n", "/0/1", "\"z\"", "- - x\n  - z\n"},
                      Edit{"'k k': 1\n\"q\": 2\n8080: 3\non: 4\n", "/k k", "5", "'k k': 5\n\"q\": 2\n8080: 3\non: 4\n"},
                      Edit{"8080: 3\non: 4\n", "/8080", "5", "8080: 5\non: 4\n"},
                      Edit{"on: 4\n", "/on", "5", "on: 5\n"}, Edit{"a: 1\n", "/on", "5", "a: 1\n\"on\": 5\n"},
                      Edit{"a: 1\n", "/8080", "5", "a: 1\n\"8080\": 5\n"},
                      Edit{"a: {\n  b: 1,\n  c: 2\n}\n", "/a/d", "3", "a: {\n  d: 3,\n  b: 1,\n  c: 2\n}\n"},
                      Edit{"{\"a\": 1, \"b\": {}}\n", "/b/c", "\"x\"", "{\"a\": 1, \"b\": {\"c\": \"x\"}}\n"},
                      Edit{"a: [x, 'y', z]\n", "/a/1", "\"w\"", "a: [x, 'w', z]\n"}));

INSTANTIATE_TEST_SUITE_P(
    LongTexts, YamlEdit,
    ::testing::Values(Edit{"a: |\n  many\n  lines\nb: 1\n", "/a", "1", "a: 1\nb: 1\n"},
                      Edit{"a: >- # why\n  many\n  lines\nb: 1\n", "/a", "\"x\"", "a: x # why\nb: 1\n"},
                      Edit{"a: |\n  x\n  y\n", "/a", "\"x\\ny\\n\"", "a: |\n  x\n  y\n"},
                      Edit{"a: >\n  x\n  y\n\n  z\n", "/a", "\"x y\\nz\\n\"", "a: >\n  x\n  y\n\n  z\n"},
                      Edit{"a: two\n  words\nb: 1\n", "/a", "\"x\"", "a: x\nb: 1\n"},
                      Edit{"a: \"two\n  words\"\nb: 1\n", "/a", "\"x\"", "a: \"x\"\nb: 1\n"},
                      Edit{"s:\n  a: |\n    x\n\nb: 1\n", "/s/c", "1", "s:\n  a: |\n    x\n  c: 1\n\nb: 1\n"},
                      Edit{"s:\n  a: |+\n    x\n\nb: 1\n", "/s/c", "1", "s:\n  a: |+\n    x\n\n  c: 1\nb: 1\n"},
                      Edit{"s:\n  a: |\n    x", "/s/c", "1", "s:\n  c: 1\n  a: |\n    x"},
                      Edit{"- a: |\n    x", "/0/c", "1", "- c: 1\n  a: |\n    x"}));

// Blanks that no line break ends do not belong to the text above them, and must not become a line of it.
INSTANTIATE_TEST_SUITE_P(
    BlanksAtTheEnd, YamlEdit,
    ::testing::Values(Edit{"s:\n  a: |+\n    x\n\n ", "/s/c", "1", "s:\n  a: |+\n    x\n\n  c: 1\n "},
                      Edit{"s:\n  a: >+\n    x\n    ", "/s/c", "1", "s:\n  a: >+\n    x\n  c: 1\n    "},
                      Edit{"s:\n  a: |+\n ", "/s/c", "1", "s:\n  a: |+\n  c: 1\n "},
                      Edit{"s:\n  a: |+\n    x\n\n      ", "/s/c", "1", "s:\n  c: 1\n  a: |+\n    x\n\n      "},
                      Edit{"s:\r\n  a: |+\r\n    x\r\n  ", "/s/c", "1", "s:\r\n  a: |+\r\n    x\r\n  c: 1\r\n  "},
                      Edit{"s:\n  a: |\n    x\n\n ", "/s/c", "1", "s:\n  a: |\n    x\n  c: 1\n\n "},
                      Edit{"s:\n  a: |-\n    x\n ", "/s/c", "1", "s:\n  a: |-\n    x\n  c: 1\n "},
                      Edit{"s:\n  a: 1\n ", "/s/c", "2", "s:\n  a: 1\n  c: 2\n "},
                      Edit{"s:\n  - a: |+\n      x\n\n  ", "/s/0/c", "1", "s:\n  - a: |+\n      x\n\n    c: 1\n  "},
                      Edit{"a: |+\n  x\n ", "/a", "1", "a: 1\n "}));

// Text that a reader of YAML 1.1 or 1.2 could take for something else is quoted; numbers stay as they are written.
TEST(SettingsEdit, ScalarsAreWrittenAsConfigured) {
  for (const char* special :
       {"yes",      "NO",           "on",           "y",    "true", "null", "~", "1.10", "010", "0o17", "0x1F", "1_000",
        "1e5",      "10:20",        "2026-11-29",   ".inf", ".NaN", "<<",   "=", "",     " x",  "x: y", "x #y", "- a",
        "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "a\nb", "\x7f"}) {
    const std::string scalar = nlohmann::json(special).dump();
    const auto edited = set_setting("a: 1\n", SettingsFormat::yaml, "/a", scalar);
    ASSERT_TRUE(edited) << scalar;
    EXPECT_THAT(*edited, ::testing::StartsWith("a: \"")) << scalar;
    EXPECT_THAT(judge_settings("a: 1\n", *edited, SettingsFormat::yaml, {{"/a", scalar}}), ::testing::IsEmpty())
        << *edited;
  }
  for (const char* plain : {"web", "app:2", "/usr/bin:/bin", "v1.10", "a-b_c", "e5"}) {
    const std::string scalar = nlohmann::json(plain).dump();
    expect_edit(SettingsFormat::yaml, {"a: 1\n", "/a", scalar, "a: " + std::string(plain) + "\n"});
  }
  for (const char* number : {"1.10", "-0", "0.50", "1.0e+5", "12345678901234567890123"})
    expect_edit(SettingsFormat::yaml, {"a: 1\n", "/a", number, "a: " + std::string(number) + "\n"});
  for (const char* kept : {"1.2.3", "10.0.0.1", "two words", "1.2-rc"})
    expect_edit(SettingsFormat::yaml, {"a: " + std::string(kept) + "\n", "/a", nlohmann::json(kept).dump(),
                                       "a: " + std::string(kept) + "\n"});
  const auto exponent = set_setting("a: 1\n", SettingsFormat::yaml, "/a", "1e5");
  ASSERT_FALSE(exponent);
  EXPECT_THAT(exponent.error().hint, HasSubstr("1.0e+5"));
}

struct RefusedEdit {
  std::string text, pointer, why;
};
void PrintTo(const RefusedEdit& edit, std::ostream* out) {
  *out << edit.pointer << " in " << ::testing::PrintToString(edit.text);
}

class JsonRefusal : public ::testing::TestWithParam<RefusedEdit> {};
INSTANTIATE_TEST_SUITE_P(
    Settings, JsonRefusal,
    ::testing::Values(
        RefusedEdit{"", "/a", "empty"}, RefusedEdit{"\xef\xbb\xbf \n", "/a", "empty"},
        RefusedEdit{"{", "/a", "line 1, column 2: the file ends"},
        RefusedEdit{"{\"a\": 1,}", "/a", "line 1, column 9: a comma stands before"},
        RefusedEdit{"[1,\n 2,\n]", "/0", "line 3, column 1: a comma stands before"},
        RefusedEdit{"{\"a\": 1 // one\n}", "/a", "line 1, column 9: a comment"},
        RefusedEdit{"/* top */ {\"a\": 1}", "/a", "line 1, column 1: a comment"},
        RefusedEdit{"{\n# c\n\"a\": 1}", "/a", "line 2, column 1: a comment"},
        RefusedEdit{"{\"a\": 1} {\"a\": 2}", "/a", "line 1, column 10: text stands behind the end"},
        RefusedEdit{"{\"a\": 01}", "/a", "begin with 0"}, RefusedEdit{"{\"a\": 1.}", "/a", "number"},
        RefusedEdit{"{\"a\": NaN}", "/a", "no value of JSON"}, RefusedEdit{"{'a': 1}", "/a", "single quotes"},
        RefusedEdit{"{\"a\": 'x'}", "/a", "single quotes"}, RefusedEdit{"{a: 1}", "/a", "a name in double quotes"},
        RefusedEdit{"{\"a\" 1}", "/a", "a colon is missing"},
        RefusedEdit{"{\"a\": 1 \"b\": 2}", "/a", "neither a comma"},
        RefusedEdit{"{\"a\": \"x\ty\"}", "/a", "a tab stands"}, RefusedEdit{"{\"a\": \"x\ny\"}", "/a", "a line ends"},
        RefusedEdit{"{\"a\": \"\x01\"}", "/a", "control character"},
        RefusedEdit{"{\"a\": \"\\x\"}", "/a", "no such escape"}, RefusedEdit{"{\"a\": \"\\ud800\"}", "/a", "surrogate"},
        RefusedEdit{"{\"a\": \"\\udc00\"}", "/a", "surrogate"},
        RefusedEdit{"{\"a\": \"\xff\"}", "/a", "line 1, column 8 is not UTF-8"},
        RefusedEdit{"\xff\xfe{", "/a", "UTF-16"}, RefusedEdit{"{\"a\": {}}", "/a", "an object stands there"},
        RefusedEdit{"{\"a\": [1]}", "/a", "a list stands there"}, RefusedEdit{"{\"a\": [1]}", "/a/1", "no element 1"},
        RefusedEdit{"{\"a\": [1]}", "/a/01", "no element 01"}, RefusedEdit{"{\"a\": [1]}", "/a/-", "no element -"},
        RefusedEdit{"{\"a\": 1}", "/a/b", "below a single value"},
        RefusedEdit{"{\"a\": 1}", "/b/c", "no \"b\" on the way"}));
TEST_P(JsonRefusal, NamesTheTrueReason) {
  const auto edited = set_setting(GetParam().text, SettingsFormat::json, GetParam().pointer, "1");
  ASSERT_FALSE(edited) << *edited;
  EXPECT_THAT(edited.error().message, HasSubstr(GetParam().why));
}

class YamlRefusal : public ::testing::TestWithParam<RefusedEdit> {};
INSTANTIATE_TEST_SUITE_P(
    Settings, YamlRefusal,
    ::testing::Values(
        RefusedEdit{"", "/a", "empty"}, RefusedEdit{"# nothing\n---\n", "/a", "empty"},
        RefusedEdit{"a: [1\n", "/a", "line 1, column 4: the bracket or brace"},
        RefusedEdit{"a: 'x\n", "/a", "line 1, column 4: the quote"},
        RefusedEdit{"a: 1\n\tb: 2\n", "/a", "a tab indents"},
        RefusedEdit{"a:\n\t- b\n", "/a", "line 2, column 1: a tab indents"},
        RefusedEdit{"a: 1\n", "/" + std::string(1025, 'n'), "the name takes 1025 bytes"},
        RefusedEdit{"a:\n", "/a/" + std::string(200, '\x01'), "the name takes"},
        RefusedEdit{"a: |\n  x\n\t\n", "/b", "line 3, column 1: a tab indents"},
        RefusedEdit{"a: |\n  x\n \t\nb: 1\n", "/b", "line 3, column 2: a tab indents"},
        RefusedEdit{"? a\n: 1\n", "/a", "line 1, column 1: a name is written as a value of its own"},
        RefusedEdit{"a: 1\n? b\n: 2\n", "/a", "line 2, column 1: a name is written as a value of its own"},
        RefusedEdit{"[a, b]: 1\n", "/a", "line 1, column 7: a second colon"},
        RefusedEdit{"a: {{ x }}\n", "/a", "line 1, column 4: {{ begins what looks like a template"},
        RefusedEdit{"a: b: c\n", "/a", "line 1, column 5: a second colon"},
        RefusedEdit{"a: 1\n  b: 2\n", "/a", "line 2, column 3: this line goes on"},
        RefusedEdit{"a:\n  b: 1\n   c: 2\n", "/a/b", "line 3, column 4"},
        RefusedEdit{"a: 1\nb\n", "/a", "line 2, column 1: a name"},
        RefusedEdit{"a: 1\n\xef\xbb\xbf"
                    "b: 2\n",
                    "/a", "line 2, column 1: a byte-order mark"},
        RefusedEdit{"a: @x\n", "/a", "cannot begin with @"}, RefusedEdit{"a: \"\\q\"\n", "/a", "no such escape"},
        RefusedEdit{"a: \x01\n", "/a", "control character"}, RefusedEdit{"a: \xff\n", "/a", "is not UTF-8"},
        RefusedEdit{"a: 1\na: 2\n", "/a", "stands twice, at line 1, column 1 and at line 2, column 1"},
        RefusedEdit{"&a: {b: 1}\n", "/b", "readers differ on where the name"},
        RefusedEdit{"a: &b.c 1\n", "/a", "readers differ on where the name"},
        RefusedEdit{"a: *b\n", "/a", "line 1, column 4: the alias *b"},
        RefusedEdit{"a: &p 1\nb: *p\n", "/a", "stands in &p (line 1, column 4), which /b repeats"},
        RefusedEdit{"x: &c\n  i: {p: 1}\ns:\n  <<: *c\n", "/x/i/p", "which /s/i/p repeats"},
        RefusedEdit{"x: &c\n  i: {p: 1}\ns:\n  <<: *c\n", "/s/i/p", "comes from a merge (<<)"},
        RefusedEdit{"x: &c\n  p: 1\ns: *c\n", "/s/p", "goes through the alias *c (line 3, column 4)"},
        RefusedEdit{"x: &c\n  p: 1\ns: *c\n", "/x/q", "which /s/q repeats"},
        RefusedEdit{"a: !vault x\n", "/a", "has the tag !vault (line 1, column 4)"},
        RefusedEdit{"a: {b: 1}\n", "/a", "an object stands there"}, RefusedEdit{"a: []\n", "/a", "a list stands there"},
        RefusedEdit{"a: []\n", "/a/b", "no element b"}, RefusedEdit{"a: 1\n", "/b/c", "no \"b\" on the way"},
        RefusedEdit{"a: 1\n", "/a/b", "below a single value"},
        RefusedEdit{"---\na: 1\n---\na: 2\n", "/a",
                    "2 documents, and 2 of them have a top level (line 2, column 1; line 4"},
        RefusedEdit{"---\na: {x: 1}\n---\na: {y: 2}\n", "/a/x", "2 of them have a /a"}));
TEST_P(YamlRefusal, NamesTheTrueReason) {
  const auto edited = set_setting(GetParam().text, SettingsFormat::yaml, GetParam().pointer, "9");
  ASSERT_FALSE(edited) << *edited;
  EXPECT_THAT(edited.error().message, HasSubstr(GetParam().why));
}

TEST(SettingsEdit, ZeroBytesThatAPowerCutLeftAreNoJson) {
  const auto edited = set_setting(std::string("{\"port\": 80}\n\0\0\0\0", 17), SettingsFormat::json, "/port", "8080");
  ASSERT_FALSE(edited);
  EXPECT_THAT(edited.error().message, HasSubstr("a zero byte stands at line 2, column 1"));
}

// The anchor's place and all that repeat it change together, if that is what is declared.
TEST(SettingsEdit, AnAnchorIsEditedWhenEveryPlaceThatRepeatsItIsDeclared) {
  const std::string text = "x: &c\n  image: app:1\ns:\n  web:\n    <<: *c\n";
  const SettingValues set = {{"/x/image", "\"app:2\""}, {"/s/web/image", "\"app:2\""}};
  const auto edited = set_settings(text, SettingsFormat::yaml, set);
  ASSERT_TRUE(edited) << edited.error().message;
  EXPECT_EQ(edited->text, "x: &c\n  image: app:2\ns:\n  web:\n    <<: *c\n");
  EXPECT_EQ(edited->changed, std::vector<std::string>{"/x/image"});
  EXPECT_THAT(judge_settings(text, edited->text, SettingsFormat::yaml, set), ::testing::IsEmpty());
  EXPECT_FALSE(set_settings(text, SettingsFormat::yaml, {{"/x/image", "\"app:2\""}, {"/s/web/image", "\"app:3\""}}));
}

TEST(SettingsEdit, RefusesWhatIsNoPointerOrNoValue) {
  EXPECT_FALSE(set_setting("{}", SettingsFormat::json, "a", "1"));
  EXPECT_FALSE(set_setting("{}", SettingsFormat::json, "/a~2", "1"));
  EXPECT_FALSE(set_setting("{}", SettingsFormat::json, "/\xce", "1"));
  EXPECT_FALSE(set_setting("a: 1\n", SettingsFormat::yaml, "/\xce", "1"));
  for (const char* value : {"{}", "[]", "", "x", "1 2", "tru", " 1", "1\n", "\xef\xbb\xbf\x31"}) {
    EXPECT_FALSE(set_setting("{}", SettingsFormat::json, "/a", value)) << value;
    EXPECT_FALSE(set_setting("a: 1\n", SettingsFormat::yaml, "/a", value)) << value;
  }
}

TEST(SettingsEdit, DeepFilesAreRefusedBeforeTheyAreFollowed) {
  for (const std::string& open : {std::string(100'000, '['), std::string("{\"a\": ") + std::string(1'000'000, '[')}) {
    for (const auto format : {SettingsFormat::json, SettingsFormat::yaml}) {
      const auto edited = set_setting(open, format, "/a", "2");
      ASSERT_FALSE(edited);
      EXPECT_THAT(edited.error().message, HasSubstr("nested deeper than 500 levels"));
      EXPECT_FALSE(read_setting(open, format, "/a"));
    }
  }
  std::string dashes;
  for (int more = 0; more < 100'000; ++more) dashes += "- ";
  EXPECT_FALSE(set_setting(dashes, SettingsFormat::yaml, "/0", "2"));
  EXPECT_FALSE(read_setting(dashes, SettingsFormat::yaml, "/0"));
  const std::string large(largest_settings_bytes + 1, ' ');
  EXPECT_FALSE(set_setting(large, SettingsFormat::json, "/a", "2"));
  EXPECT_FALSE(read_setting(large, SettingsFormat::yaml, "/a"));
}

TEST(SettingsEdit, AliasesThatUnfoldWithoutMeasureAreNotFollowed) {
  std::string doubling = "a: 1\nb0: &b0 [x, x]\n";
  for (int level = 1; level < 64; ++level) {
    const std::string below = "*b" + std::to_string(level - 1), name = "b" + std::to_string(level);
    doubling += name + ": &" + name + " [" + below + ", " + below + "]\n";
  }
  const auto edited = set_setting(doubling, SettingsFormat::yaml, "/a", "2");
  ASSERT_TRUE(edited) << "the editor has no need to follow them";
  EXPECT_THAT(judge_settings(doubling, *edited, SettingsFormat::yaml, {{"/a", "2"}}),
              ::testing::Contains(HasSubstr("unfold without measure")));
  const auto in_them = set_setting(doubling, SettingsFormat::yaml, "/b0/0", "2");
  ASSERT_FALSE(in_them);
  EXPECT_THAT(in_them.error().message, HasSubstr("too many places"));
  EXPECT_THAT(judge_settings("a: 1\nb: &b [*b]\n", "a: 2\nb: &b [*b]\n", SettingsFormat::yaml, {{"/a", "2"}}),
              ::testing::Contains(HasSubstr("leads to itself")));
}

TEST(SettingsEdit, InARandomDocumentOnlyTheValueAtThePointerChanges) {
  // A small generator with a fixed seed: the same documents on every machine.
  std::uint32_t state = 7;
  const auto next = [&state](std::uint32_t limit) { return (state = state * 1664525U + 1013904223U) / 65536U % limit; };
  for (int round = 0; round < 300; ++round) {
    nlohmann::json document = nlohmann::json::object();
    for (std::uint32_t key = 0; key < 1 + next(5); ++key) {
      nlohmann::json inner = nlohmann::json::object();
      for (std::uint32_t deep = 0; deep < 1 + next(4); ++deep)
        inner["k" + std::to_string(deep)] =
            next(2) == 0 ? nlohmann::json(next(1000)) : nlohmann::json("t\"" + std::to_string(next(9)));
      document["o" + std::to_string(key)] = inner;
    }
    const std::string outer = "o" + std::to_string(next(static_cast<std::uint32_t>(document.size())));
    const std::string pointer = "/" + outer + "/k0";
    const std::string text = document.dump(next(2) == 0 ? -1 : 2);
    for (const auto format : {SettingsFormat::json, SettingsFormat::yaml}) {
      const auto changed = set_setting(text, format, pointer, "\"changed\"");
      ASSERT_TRUE(changed) << changed.error().message;
      auto expected = document;
      expected[nlohmann::json::json_pointer(pointer)] = "changed";
      const auto read = nlohmann::json::parse(*changed, nullptr, false);
      EXPECT_EQ(read, expected) << *changed;
    }
  }
}

}  // namespace
}  // namespace autoheal::workflows
