// The stored form of every engine is frozen: a ledger names it by its digest, and heals of old ledgers replay under it.
#include <gmock/gmock.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/unit/config/every_key.hpp"

namespace autoheal::config {
namespace {

std::string stored(const Configuration& all) {
  std::string text;
  for (const workflows::EngineSpec& spec : all.engines) text += encode_engine_spec(spec) + "\n";
  for (const std::string& name : all.scheduled_by_default) text += name + "\n";
  for (const std::string& warning : all.warnings) text += warning + "\n";
  for (const workflows::Principal& one : all.principals.listed)
    text += one.name + " " + std::string(name_of(one.role)) + " " + one.os_user +
            (one.certificate.empty() ? "" : " " + one.certificate) + "\n";
  workflows::EngineSpec of_all;
  of_all.healing = all.healing;
  of_all.secrets = all.secrets;
  text += encode_engine_spec(of_all) + "\n" + all.ledger + "\n" + all.reports + "\n" + all.principals.actor + "\n";
  for (const std::uint64_t number : {std::uint64_t{all.max_concurrent}, std::uint64_t{all.max_tests},
                                     all.vault_max_blob_bytes, std::uint64_t{all.checkpoints.command.has_value()}})
    text += std::to_string(number) + "\n";
  if (all.checkpoints.command)
    text += all.checkpoints.command->argv.front() + std::to_string(all.checkpoints.command->timeout.count()) + "\n";
  if (all.published.tlog_public) text += "tlog public\n";  // later than the others: they keep their lines
  for (const WebhookSpec& one : all.webhooks) {
    text += one.name + " " + one.url + " " + one.secret_file + " " + one.next_secret_file + " " + one.ca_file + " ";
    for (const auto& list : {one.topics, one.allow})
      for (const std::string& item : list) text += item + " ";
    text += one.format == EventFormat::otlp ? "otlp " : "";
    text += std::to_string(one.max_attempts) + " " + std::to_string(one.timeout.count());
    if (one.command) text += " " + one.command->argv.front() + std::to_string(one.command->timeout.count());
    text += "\n";
  }
  for (const WitnessSpec& one : all.witnesses) {
    text += one.url + " " + one.key + " " + one.ca_file + " " + std::to_string(one.every.count());
    for (const std::string& item : one.allow) text += " " + item;
    text += "\n";
  }
  for (const ListenAddress& one : all.api.listen) text += one.host + " " + std::to_string(one.port) + "\n";
  for (const std::string& one : all.api.names) text += one + "\n";
  if (const unsigned rate = all.api.requests_per_second; rate != ApiSpec{}.requests_per_second)
    text += std::to_string(rate) + " a second\n";
  for (const std::string& one : {all.api.certificate, all.api.key, all.api.client_ca})
    text += one.empty() ? "" : one + "\n";
  return text + all.checkpoints.key + "\n" + all.checkpoints.file + "\n";
}

TEST(FrozenSpecs, EachKeySetToAnotherValue) {
  std::vector<std::string> lines = testing::of_every_key(stored).lines;
  const auto file = testing::own_examples() / "good/everything.yaml";
  const auto all = load(file.string(), {{}, [](const std::string& content) { return sha256_name(content); }});
  ASSERT_TRUE(all.has_value()) << to_text(all.error().front());
  for (const workflows::EngineSpec& spec : all->engines) {
    const std::string text = testing::without_own_folder(encode_engine_spec(spec));
    lines.push_back("everything.yaml " + spec.name + " -> " + to_hex(sha256(text)));
  }
  testing::expect_frozen("specs.txt", lines);
}

// A key that changes nothing here would be frozen in name only.
TEST(FrozenSpecs, EachKeyHasAValueThatTellsItFromItsDefault) {
  EXPECT_THAT(testing::of_every_key(stored).like_default, ::testing::IsEmpty());
}

TEST(FrozenSpecs, NoFileIsLeftOver) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(testing::frozen_folder()))
    names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("specs.txt", "keys.txt"));  // keys.txt: FrozenKeys
}

// Reads back what it wrote, whichever key is set.
TEST(FrozenSpecs, AreReadBackAsTheyWere) {
  std::size_t compared = 0;
  const auto check = [&compared](const Configuration& all) -> std::string {
    for (const workflows::EngineSpec& spec : all.engines) {
      const auto again = workflows::decode_engine_spec(encode_engine_spec(spec));
      EXPECT_TRUE(again.has_value() && *again == spec) << encode_engine_spec(spec);
    }
    ++compared;
    return {};
  };
  std::ignore = testing::of_every_key(check);
  EXPECT_GE(compared, 400U);
}

// A default in the help that is a value, not a sentence.
std::optional<testing::FileTree> value_of(const Field& field) {
  std::string text = field.fallback.text();
  if (text.empty() || text.find_first_of(" <") != std::string::npos) return std::nullopt;
  if (field.type == FieldType::boolean) return text == "true";
  if (field.type == FieldType::integer) return std::stoll(text);
  return text;
}

// A key that is set to the default that help names means the same as a key that is left out.
TEST(DefaultsInHelp, AreThoseInForce) {
  const testing::FileTree smallest = testing::smallest_configuration();
  const auto without = testing::loaded_from(smallest.dump());
  ASSERT_TRUE(without.has_value()) << to_text(without.error().front());
  const std::string expected = stored(*without);
  std::size_t compared = 0;
  testing::each_key(smallest, file_shape(), {}, testing::FileTree::json_pointer(),
                    [&](const std::string& place, const Field& field, const testing::FileTree::json_pointer& at) {
                      // A unit has its own time limits, and what a place of its own names is that place.
                      const std::set<std::string> apart = {"engines[1].repair.service.timeout",
                                                           "engines[0].repair.policy[1].absent"};
                      const auto value = value_of(field);
                      if (!value || apart.contains(place)) return;
                      testing::FileTree tree = smallest;
                      tree[at] = *value;
                      const auto with = testing::loaded_from(tree.dump());
                      ASSERT_TRUE(with.has_value()) << place << ": " << to_text(with.error().front());
                      EXPECT_EQ(stored(*with), expected) << place;
                      ++compared;
                    });
  EXPECT_GE(compared, 60U);
}

}  // namespace
}  // namespace autoheal::config
