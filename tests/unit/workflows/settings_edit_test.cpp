// JSON and YAML files: one value changes, everything else stays to the byte; what cannot be edited so is refused.
#include "workflows/settings_edit.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace autoheal::workflows {
namespace {

struct Edit {
  std::string before, pointer, scalar, after;
};

class JsonEdit : public ::testing::TestWithParam<Edit> {};
INSTANTIATE_TEST_SUITE_P(
    Settings, JsonEdit,
    ::testing::Values(Edit{"{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n", "/a", "2", "{\n  \"a\": 2,\n  \"b\": \"x\"\n}\n"},
                      Edit{"{ \"a\" :  { \"b\": [1, {\"c\": null}] } }", "/a/b/1/c", "\"t\"",
                           "{ \"a\" :  { \"b\": [1, {\"c\": \"t\"}] } }"},
                      Edit{"{\"a/b\":{\"m~n\":true}}", "/a~1b/m~0n", "false", "{\"a/b\":{\"m~n\":false}}"},
                      Edit{"{\n  \"a\": 1\n}\n", "/b", "\"new\"", "{\n  \"a\": 1,\n  \"b\": \"new\"\n}\n"},
                      Edit{"{}", "/b", "1", "{\"b\": 1}"},
                      Edit{"{\"a\": \"quote \\\" brace } \", \"b\": 1}", "/b", "2",
                           "{\"a\": \"quote \\\" brace } \", \"b\": 2}"},
                      Edit{"{\"a\": 1.50}", "/a", "1.5", "{\"a\": 1.50}"}));
TEST_P(JsonEdit, ChangesOneValue) {
  const auto changed = set_setting(GetParam().before, SettingsFormat::json, GetParam().pointer, GetParam().scalar);
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(*changed, GetParam().after);
}

class YamlEdit : public ::testing::TestWithParam<Edit> {};
INSTANTIATE_TEST_SUITE_P(Settings, YamlEdit,
                         ::testing::Values(Edit{"# top\na: 1   # one\nb: x\n", "/a", "2",
                                                "# top\na: 2   # one\nb: x\n"},
                                           Edit{"a:\n  b:\n    - x\n    - c: 'old'  # it\n", "/a/b/1/c", "\"it's\"",
                                                "a:\n  b:\n    - x\n    - c: 'it''s'  # it\n"},
                                           Edit{"a: \"old\"\n", "/a", "\"new\"", "a: \"new\"\n"},
                                           Edit{"a: {b: 1, c: 2}\n", "/a/b", "3", "a: {b: 3, c: 2}\n"},
                                           Edit{"a: {b: 1}\n", "/a/z", "3", "a: {z: 3, b: 1}\n"},
                                           Edit{"s:\n  a: 1\nt: 2\n", "/s/b", "true", "s:\n  a: 1\n  b: true\nt: 2\n"},
                                           Edit{"a: yes\n", "/a", "\"no\"", "a: \"no\"\n"},
                                           Edit{"port: 80\n", "/port", "\"80\"", "port: \"80\"\n"},
                                           Edit{"port: 80\n", "/port", "80", "port: 80\n"},
                                           Edit{"a: text with words\nb: 1\n", "/a", "\"other\"", "a: other\nb: 1\n"},
                                           Edit{"a: 'x'\n", "/a", "\"x\"", "a: 'x'\n"}));
TEST_P(YamlEdit, ChangesOneValue) {
  const auto changed = set_setting(GetParam().before, SettingsFormat::yaml, GetParam().pointer, GetParam().scalar);
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(*changed, GetParam().after);
}

TEST(SettingsEdit, RefusesWhatItCannotDoWell) {
  EXPECT_FALSE(set_setting("{", SettingsFormat::json, "/a", "1"));
  EXPECT_FALSE(set_setting("{\"a\": 1}", SettingsFormat::json, "/b/c", "1"));
  EXPECT_FALSE(set_setting("{\"a\": [1]}", SettingsFormat::json, "/a/1", "1"));
  EXPECT_FALSE(set_setting("{\"a\": [1]}", SettingsFormat::json, "/a/01", "1"));
  EXPECT_FALSE(set_setting("{\"a\": 1}", SettingsFormat::json, "/a/b", "1"));
  EXPECT_FALSE(set_setting("a: [", SettingsFormat::yaml, "/a", "1"));
  EXPECT_FALSE(set_setting("a: 1\n", SettingsFormat::yaml, "/b/c", "1"));
  const auto block = set_setting("a: |\n  many\n  lines\nb: 1\n", SettingsFormat::yaml, "/a", "1");
  ASSERT_FALSE(block);
  EXPECT_THAT(block.error().hint, ::testing::HasSubstr("one line"));
  EXPECT_FALSE(set_setting("{}", SettingsFormat::json, "a", "1"));
  EXPECT_FALSE(set_setting("{}", SettingsFormat::json, "/a~2", "1"));
  EXPECT_FALSE(set_setting("{}", SettingsFormat::json, "/a", "{}"));
}

TEST(SettingsEdit, HostileFilesAreRefusedWithoutBeingUnfolded) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  const auto too_deep = set_setting("{\"a\": 1, \"b\": " + deep + "}", SettingsFormat::json, "/a", "2");
  ASSERT_FALSE(too_deep);
  EXPECT_THAT(too_deep.error().message, ::testing::HasSubstr("deep"));
  EXPECT_FALSE(set_setting("a: 1\nb: " + deep + "\n", SettingsFormat::yaml, "/a", "2"));

  std::string doubling = "a: 1\nb0: &b0 [x, x]\n";
  for (int level = 1; level < 64; ++level) {
    const std::string below = "*b" + std::to_string(level - 1), name = "b" + std::to_string(level);
    doubling += name + ": &" + name + " [" + below + ", " + below + "]\n";
  }
  std::string repeated = "a: 1\nb: &b " + std::string(100'000, 'x') + "\nc: [*b";
  for (int more = 0; more < 20; ++more) repeated += ", *b";
  const std::string itself = "a: 1\nb: &b [*b]\n", root = "&a\na: 1\nb: *a\n";
  for (const std::string& text : {doubling, repeated + "]\n", itself, root}) {
    const auto unfolds = set_setting(text, SettingsFormat::yaml, "/a", "2");
    ASSERT_FALSE(unfolds) << text.substr(0, 100);
    EXPECT_THAT(unfolds.error().message, ::testing::HasSubstr("aliases"));
  }
  const auto few = set_setting("a: 1\nb: &b [x]\nc: *b\n", SettingsFormat::yaml, "/a", "2");
  EXPECT_EQ(few.value_or("refused"), "a: 2\nb: &b [x]\nc: *b\n");
}

TEST(SettingsEdit, APointerIsText) {
  EXPECT_FALSE(set_setting("{}", SettingsFormat::json, "/\xce", "1"));
  EXPECT_FALSE(set_setting("a: 1\n", SettingsFormat::yaml, "/\xce", "1"));
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
    const auto changed = set_setting(text, SettingsFormat::json, pointer, "\"changed\"");
    ASSERT_TRUE(changed) << changed.error().message;
    document[nlohmann::json::json_pointer(pointer)] = "changed";
    EXPECT_EQ(nlohmann::json::parse(*changed), document);
  }
}

}  // namespace
}  // namespace autoheal::workflows
