// Hostile cases 131 and 132 (tests/README.md): secrets in every coding, and in what a heal runs.
#include <gmock/gmock.h>

#include <regex>
#include <set>

#include "autoheal/workflows/effects/kept_output.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/plan/plan_secrets.hpp"
#include "autoheal/workflows/secrets/secret_literals.hpp"
#include "autoheal/workflows/secrets/secret_mask.hpp"
#include "tests/support/examples/heal_examples.hpp"
#include "tests/unit/workflows/full_specification.hpp"

namespace autoheal {
namespace {

using namespace autoheal::testing;
using namespace workflows;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* secret = "warp core/7?>~";

std::string base64(std::string_view bytes, std::string_view last_two = "+/") {
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + std::string(last_two);
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned three = 0;
    for (std::size_t index = at; index < at + 3; ++index)
      three = three << 8U | (index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0U);
    for (unsigned shift = 24; shift > 0; shift -= 6) out += letters[three >> (shift - 6) & 63U];
  }
  const std::size_t missing = (3 - bytes.size() % 3) % 3;
  return out.substr(0, out.size() - missing) + std::string(missing, '=');
}

std::string hex(std::string_view bytes, bool upper) {
  std::string out;
  char two[3];
  for (const char byte : bytes) {
    std::snprintf(two, sizeof two, upper ? "%02X" : "%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    out += two;
  }
  return out;
}

TEST(HostileSecrets, Case132_Base64IsFoundInBothAlphabetsAndAtAnyAlignment) {
  for (const char* value : {secret, "pass", "hunter2", "0123456789abcdef0123456789abcdef"}) {
    SecretMask mask{SecretRules{}};
    mask.learn(value);
    for (const char* last_two : {"+/", "-_"}) {
      for (std::size_t before = 0; before < 4; ++before) {
        for (std::size_t after = 0; after < 4; ++after) {
          const std::string coded = base64(std::string(before, 'u') + value + std::string(after, ':'), last_two);
          EXPECT_EQ(mask("sent " + coded + " there"), "sent *** there") << value << " " << before << " " << after;
        }
      }
    }
  }
}

TEST(HostileSecrets, Case132_Base64ThatIsWrappedIsFound) {
  SecretMask mask{SecretRules{}};
  mask.learn(secret);
  std::string coded = base64(std::string("user:") + secret + ":and more that follows");
  const std::string of_secret = coded.substr(8, 12);
  for (std::size_t at = 5; at < coded.size(); at += 6) coded.insert(at, "\n");
  const std::string masked = mask(coded);
  EXPECT_THAT(masked, HasSubstr("***"));
  std::string rest = masked;
  std::erase(rest, '\n');
  EXPECT_THAT(rest, Not(HasSubstr(of_secret)));
}

TEST(HostileSecrets, Case132_HexUrlAndJsonCodingsAreFound) {
  SecretMask mask{SecretRules{}};
  mask.learn(secret);
  EXPECT_EQ(mask("x " + hex(secret, false) + " y"), "x *** y");
  EXPECT_EQ(mask("x " + hex(secret, true) + " y"), "x *** y");
  EXPECT_EQ(mask("GET /?q=warp%20core%2F7%3F%3E~&b"), "GET /?q=***&b");
  EXPECT_EQ(mask("GET /?q=warp+core%2f7%3f%3e%7E&b"), "GET /?q=***&b");
  EXPECT_EQ(mask(R"({"say":"warp core\/7?\u003e~"})"), R"({"say":"***"})");
  mask.learn("quo\"te\\d");
  EXPECT_EQ(mask(R"(is "quo\"te\\d")"), R"(is "***")");
}

TEST(HostileSecrets, Case132_NothingOfASecretWithBlanksAndCommasStays) {
  SecretMask mask{SecretRules{}};
  mask.learn("one, two;three four");
  EXPECT_EQ(mask("PASSWORD=one, two;three four!"), "PASSWORD=***!");
  EXPECT_EQ(mask("API_TOKEN=a,b;c next"), "API_TOKEN=*** next") << "not learned";
  EXPECT_EQ(mask(R"(password: "a \" b" next)"), R"(password: "***" next)");
}

TEST(HostileSecrets, Case131_NamesInEveryWritingAreKnown) {
  const SecretMask mask{SecretRules{}};
  EXPECT_EQ(mask(R"({"db":{"password":"hunter2","port":1}})"), R"({"db":{"password":"***","port":1}})");
  EXPECT_EQ(mask(R"("{\"api_token\":\"hunter2\"}")"), R"("{\"api_token\":\"***")");
  EXPECT_EQ(mask("run tool --db-password hunter2 --verbose"), "run tool --db-password *** --verbose");
  EXPECT_EQ(mask("run tool --api-key=hunter2"), "run tool --api-key=***");
  EXPECT_EQ(mask("X-Api-Key: hunter2"), "X-Api-Key: ***");
  EXPECT_EQ(mask("Authorization: Bearer hunter2"), "Authorization: Bearer ***");
  EXPECT_EQ(mask("authorization: hunter2"), "authorization: ***");
  EXPECT_EQ(mask("sent bearer abcdef123456 there"), "sent bearer *** there");
  EXPECT_EQ(mask("answer: token=hunter2"), "answer: token=***");
  EXPECT_EQ(mask("GET http://h/?token=hunter2"), "GET http://h/?token=***");
  const std::string key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd\n-----END RSA PRIVATE KEY-----\nrest";
  EXPECT_EQ(mask(key), "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nrest");
}

TEST(HostileSecrets, Case132_ACutOutputLosesTheLineThatIsNotWhole) {
  RunOutcome ran;
  ran.output_cut = true;
  ran.standard_output = "one\ntwo\nwarp co";
  EXPECT_EQ(what_it_printed(ran), "one\ntwo\n");
  ran.standard_output = std::string(10'000, 'x') + "warp co";
  EXPECT_EQ(what_it_printed(ran).size(), 10'007U - 4096U);
  ran.standard_output = "one\nwarp coderest of it\ntwo\nthree";
  ran.standard_output_gap = 9;
  EXPECT_EQ(what_it_printed(ran), "one\n...\ntwo\nthree") << "nor the one that begins in what was left out";
  ran.standard_output = "one\nwarp" + std::string(10'000, 'x') + "\nlast\n";
  ran.standard_output_gap = 8;
  EXPECT_EQ(what_it_printed(ran), "one\n...\n" + std::string(10'000 - 4096, 'x') + "\nlast\n");
}

// An engine whose command, undo, capture and service hold secrets in arguments and environments.
struct SecretWorld {
  explicit SecretWorld(int status) {
    world.spec.name = "Hush";
    world.spec.healing.max_retries = 1;
    CommandRepair command;
    command.run = runs({"/bin/login", "--password", "planted-argument", "--port", "80"});
    command.run.environment = {{"API_TOKEN", "planted-environment"}, {"MODE", "fast"}};
    command.undo = runs({"/bin/logout", "https://u:planted-address@h/", "{captured}"});
    command.capture = runs({"/bin/peek", "PASSWORD=planted-capture"});
    world.spec.repair.commands = {command};
    world.host.install("/bin/peek", see(0));
    world.host.install("/bin/login", see(status));
    world.host.install("/bin/logout", see(0));
    world.host.install("/tests/works", program(0));
    world.spec.self_test = {probe("works", CommandProbe{runs({"/tests/works"})})};
  }
  workflows::testing::SimulatedHost::Program see(int status) {
    return [this, status](const RunRequest& request) {
      for (const std::string& argument : request.run.argv) seen.push_back(argument);
      for (const auto& [name, value] : request.run.environment) seen.push_back(name + "=" + value);
      return ended(status, "was-there");
    };
  }
  std::string recorded() const {
    std::string all;
    const auto entries = world.ledger.read_stream(world.heal, 1);
    for (const auto& entry : *entries) all += entry.type + " " + entry.data + "\n";
    return all;
  }
  HealWorld world;
  std::vector<std::string> seen;
};

TEST(HostileSecrets, Case131_APlanNamesSecretsAndItsProgramsGetThem) {
  for (const int status : {0, 1}) {
    SecretWorld hush(status);
    const HealState state = heal(hush.world);
    EXPECT_EQ(state.phase(), status == 0 ? Phase::complete : Phase::exhausted) << state.so_far.last_problem;
    EXPECT_THAT(hush.recorded(), Not(HasSubstr("planted")));
    EXPECT_THAT(hush.recorded(), HasSubstr("secret:hmac-sha256:"));
    EXPECT_THAT(hush.recorded(), HasSubstr(R"("--port","80")")) << "what is none stays readable";
    EXPECT_THAT(hush.seen, Contains("planted-argument"));
    EXPECT_THAT(hush.seen, Contains("API_TOKEN=planted-environment"));
    EXPECT_THAT(hush.seen, Contains("PASSWORD=planted-capture"));
    if (status == 0) continue;
    EXPECT_THAT(hush.seen, Contains("https://u:planted-address@h/"));
    EXPECT_THAT(hush.seen, Contains("was-there")) << "what was captured";
  }
}

TEST(HostileSecrets, Case131_WhatTheVaultLostIsAFailedAttemptAndNotAnEmptyArgument) {
  store::MemoryBlobs empty;
  ProgramRun run = runs({"/bin/x", "secret:hmac-sha256:" + std::string(64, 'a')});
  EXPECT_FALSE(put_secrets_back(empty, run));
  EXPECT_EQ(run.argv.size(), 2U);
  run = runs({"/bin/x", "secret:no-name"});
  EXPECT_TRUE(put_secrets_back(empty, run));
  EXPECT_EQ(run.argv.back(), "secret:no-name");
}

TEST(HostileSecrets, Case133_TheSecretsOfAConfigurationAreKnownBeforeAnythingRuns) {
  EngineSpec spec;
  spec.repair.env = {
      {".env", {{"DB_PASSWORD", {"literal-one", {}}}, {"PORT", {"8080", {}}}, {"KEY", {{}, "/s"}}}, {}, {}}};
  spec.repair.settings = {{"a.json", {{"/db/password", "\"literal-two\""}}}};
  Probe web;
  web.what = HttpProbe{"http://u:literal-three@h/", 200, {}, {{"Authorization", "Bearer literal-four"}, {"A", "b"}}};
  Probe env;
  env.what = EnvProbe{".env", {}, {{"API_TOKEN", "literal-five"}}};
  Probe settings;
  settings.what = SettingsProbe{"a.yaml", {{"/db/password", "\"literal-six\""}}, {}};
  spec.self_test = {web, env, settings};
  const auto found = secret_literals(spec, SecretMask(spec.secrets));
  for (const char* one : {"literal-one", "literal-two", "literal-three", "literal-four", "literal-five", "literal-six"})
    EXPECT_THAT(found, Contains(one));
  EXPECT_THAT(found, Not(Contains("8080")));
  EXPECT_EQ(secret_files(spec), std::vector<std::string>{"/s"});
}

// The stored form holds all that a specification says, also in places that were added since.
TEST(HostileSecrets, Case133_ASecretIsFoundWhereverASpecificationCanHoldOne) {
  const EngineSpec spec = full_specification();
  const std::string text = encode_engine_spec(spec);
  const auto found = secret_literals(spec, SecretMask(spec.secrets));
  std::set<std::string> secrets;
  const std::regex expression(planted("[a-z-]+"));
  for (std::sregex_iterator one(text.begin(), text.end(), expression), end; one != end; ++one) {
    EXPECT_TRUE(secrets.insert(one->str()).second) << "two places have " << one->str();
  }
  for (const std::string& one : secrets) EXPECT_THAT(found, Contains(one));
  EXPECT_EQ(secrets.size(), 62U);
}

}  // namespace
}  // namespace autoheal
