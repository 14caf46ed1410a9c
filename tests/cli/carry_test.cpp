// An incident carried to another machine: exported here, replayed there from nothing but its file.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "autoheal/store/evidence/evidence_bundle.hpp"
#include "tests/support/worlds/bridge.hpp"

namespace autoheal::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* two_files =
    "  - name: EnvRecon\n"
    "    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]\n"
    "    repair:\n"
    "      files: [ { path: etc/app.conf, baseline: baseline/app.conf, mode: \"0640\" } ]\n"
    "      settings: [ { file: etc/app.json, set: { /port: 8080 } } ]\n";

constexpr const char* env_engine =
    "  - name: EnvScribe\n"
    "    self_test: [ { name: env, env: { file: .env, require: [PORT] } } ]\n"
    "    repair: { env: [ { file: .env, set: { PORT: \"8080\", API_TOKEN: { from: token } } } ] }\n";

// A machine with a heal, and another one that has nothing but the program.
class Carried : public ::testing::Test {
 protected:
  void heal_files() {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.configure(two_files);
    bridge_.write("etc/app.conf", "port = oops\n", 0666);
    bridge_.write("etc/app.json", "{\"port\": 1, \"host\": \"here\"}\n");
    heal("EnvRecon");
  }
  void heal_env(const char* engine = env_engine) {
    bridge_.write("token", "t0psecret-value\n", 0600);
    bridge_.write(".env", "# ours\nPORT=1\nAPI_TOKEN=\"wrong-one\"\n", 0600);
    bridge_.configure(engine);
    heal("EnvScribe");
  }
  void heal(const std::string& engine) {
    const Ran healed = bridge_.autoheal({"heal", engine, "--error", "it was told"});
    ASSERT_EQ(healed.exit_code, 0) << healed.err;
  }
  Ran exported(std::vector<std::string> more = {}, const std::string& name = "heal.tar") {
    std::vector<std::string> arguments = {"replay", "last", "--export", name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Ran ran = bridge_.autoheal(arguments);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    stranger_.write(name, bridge_.read(name));
    return ran;
  }
  Ran there(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), AUTOHEAL_PROGRAM);
    return run({arguments, {{"HOME", stranger_.path("home")}}, {}, stranger_.path("")});
  }
  std::string key() {
    std::string line = bridge_.autoheal({"ledger", "key"}).out;
    line.pop_back();
    return line;
  }

  Bridge bridge_, stranger_;
};

TEST_F(Carried, Case106_AHealIsTheSameWhereThereIsNeitherLedgerNorConfiguration) {
  heal_files();
  for (const std::string name : {"heal.tar", "heal.tgz"}) {
    exported({}, name);
    const Ran replayed = there({"replay", "--import", name, "--key", key()});
    EXPECT_EQ(replayed.exit_code, 0) << replayed.out << replayed.err;
    EXPECT_EQ(replayed.out, bridge_.autoheal({"replay", "last"}).out);
    EXPECT_THAT(replayed.out, HasSubstr("✓ same"));
    EXPECT_THAT(replayed.err, HasSubstr("verify by the key that was given"));
    EXPECT_EQ(there({"ledger", "check", name, "--key", key()}).exit_code, 0);
  }
  EXPECT_EQ(json::parse(there({"replay", "--import", "heal.tar", "-o", "json"}).out),
            json::parse(bridge_.autoheal({"replay", "last", "-o", "json"}).out));
}

TEST_F(Carried, TheFileIsTheOneThatShowPacks) {
  heal_files();
  exported();
  ASSERT_EQ(bridge_.autoheal({"show", "last", "--evidence", "evidence.tar"}).exit_code, 0);
  EXPECT_EQ(bridge_.read("evidence.tar"), bridge_.read("heal.tar"));
  EXPECT_EQ(bridge_.autoheal({"replay", "last", "--export", "heal.tar"}).exit_code, 2) << "never overwritten";
}

TEST_F(Carried, WithoutAKeyItSaysThatNobodyKnowsWhoPackedIt) {
  heal_files();
  exported();
  const Ran replayed = there({"replay", "--import", "heal.tar"});
  EXPECT_EQ(replayed.exit_code, 0) << replayed.err;
  EXPECT_THAT(replayed.err, AllOf(HasSubstr("no --key was given"), HasSubstr("would prove nothing")));
}

TEST_F(Carried, Case107_AFlippedBitAnywhereIsRefusedAndNothingIsReplayed) {
  heal_files();
  exported();
  const std::string good = bridge_.read("heal.tar"), by = key();
  const std::size_t step = long_runs() ? 41 : good.size() / 40;
  for (std::size_t at = 3; at < good.size(); at += step) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    stranger_.write("flipped.tar", flipped);
    for (const std::vector<std::string>& with : {std::vector<std::string>{"--key", by}, {}}) {
      std::vector<std::string> arguments = {"replay", "--import", "flipped.tar"};
      arguments.insert(arguments.end(), with.begin(), with.end());
      const Ran refused = there(arguments);
      EXPECT_EQ(refused.exit_code, 1) << at << refused.out;
      EXPECT_EQ(refused.out, "") << at;
      EXPECT_THAT(refused.err, HasSubstr("nothing is replayed")) << at;
    }
  }
}

TEST_F(Carried, AForeignKeyRefusesItAndWishesThatDoNotFitAreTold) {
  heal_files();
  exported();
  Bridge other;
  other.configure(two_files);
  other.write("baseline/app.conf", "port = 8080\n");
  other.write("etc/app.conf", "port = oops\n");
  other.write("etc/app.json", "{}\n");
  EXPECT_EQ(other.autoheal({"heal", "EnvRecon", "--error", "x"}).exit_code, 0);
  std::string foreign = other.autoheal({"ledger", "key"}).out;
  foreign.pop_back();
  EXPECT_EQ(there({"replay", "--import", "heal.tar", "--key", foreign}).exit_code, 1);
  EXPECT_EQ(there({"replay", "--import", "heal.tar", "--key", "nonsense"}).exit_code, 2);
  EXPECT_EQ(there({"replay", "--import", "nothing-here"}).exit_code, 5);
  EXPECT_EQ(there({"replay", "last", "--import", "heal.tar"}).exit_code, 2);
  EXPECT_EQ(bridge_.autoheal({"replay", "--all", "--export", "all.tar"}).exit_code, 2);
}

TEST_F(Carried, ContentsOfEnvFilesStayUnlessTheyAreAskedForAndThenItIsTheSame) {
  heal_env();
  const Ran without = exported();
  EXPECT_THAT(without.err, HasSubstr("left out: "));
  const std::string archive = bridge_.read("heal.tar");
  for (const std::string secret : {"t0psecret-value", "wrong-one"}) EXPECT_THAT(archive, Not(HasSubstr(secret)));
  const Ran set_aside = there({"replay", "--import", "heal.tar"});
  EXPECT_EQ(set_aside.exit_code, 1);
  EXPECT_THAT(set_aside.out, AllOf(HasSubstr("? set aside"), HasSubstr("--with-secrets")));

  exported({"--with-secrets"}, "whole.tar");
  EXPECT_THAT(bridge_.read("whole.tar"), HasSubstr("t0psecret-value"));
  const Ran same = there({"replay", "--import", "whole.tar", "--key", key()});
  EXPECT_EQ(same.exit_code, 0) << same.out << same.err;
  EXPECT_THAT(same.out, HasSubstr("✓ same"));
  EXPECT_THAT(same.err, HasSubstr("only the ledger's owner can check these"));
}

TEST_F(Carried, AConfigurationWithASecretAsLiteralStaysToo) {
  heal_env(
      "  - name: EnvScribe\n"
      "    self_test: [ { name: env, env: { file: .env, require: [PORT] } } ]\n"
      "    repair: { env: [ { file: .env, set: { API_TOKEN: literal-t0ken } } ] }\n");
  const Ran without = exported();
  EXPECT_THAT(without.err, HasSubstr("1 content with a secret in clear"));
  EXPECT_THAT(bridge_.read("heal.tar"), Not(HasSubstr("literal-t0ken")));
  EXPECT_EQ(there({"ledger", "check", "heal.tar", "--key", key()}).exit_code, 0);
  const Ran set_aside = there({"replay", "--import", "heal.tar"});
  EXPECT_THAT(set_aside.out, AllOf(HasSubstr("? set aside"), HasSubstr("the bundle does not hold sha256:")));
  exported({"--with-secrets"}, "whole.tar");
  EXPECT_EQ(there({"replay", "--import", "whole.tar"}).exit_code, 0);
}

TEST_F(Carried, ABaselineThatWasAdoptedComesAlongAndIsMissedInWordsWhereItDoesNot) {
  bridge_.write("baseline/app.conf", "port = 8080\n");
  bridge_.configure(two_files);
  bridge_.write("etc/app.json", "{\"port\": 8080}\n");
  bridge_.write("etc/app.conf", "port = 8080\n", 0640);
  ASSERT_EQ(bridge_.autoheal({"baseline", "adopt", "EnvRecon"}).exit_code, 0);
  bridge_.write("etc/app.conf", "port = oops\n");
  heal("EnvRecon");
  exported();
  const Ran same = there({"replay", "--import", "heal.tar", "--key", key()});
  EXPECT_EQ(same.exit_code, 0) << same.out << same.err;

  auto bundle = store::unpack(bridge_.read("heal.tar"));
  ASSERT_TRUE(bundle) << bundle.error().message;
  std::erase_if(bundle->blobs, [](const auto& blob) { return blob.second.starts_with(R"({"files":)"); });
  stranger_.write("less.tar", *store::pack(*bundle, store::Packing::plain));
  const Ran set_aside = there({"replay", "--import", "less.tar"});
  EXPECT_EQ(set_aside.exit_code, 1);
  EXPECT_THAT(set_aside.out,
              AllOf(HasSubstr("? set aside"), HasSubstr("the entry that adopted it stands in the ledger")));
}

}  // namespace
}  // namespace autoheal::testing
