// Configurations that are broken, swapped, foreign, contradictory or endless (hostile cases 21, 22, 38 to 44): refused
// with their place, and with bounded memory.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "autoheal/engine/base/digest.hpp"
#include "tools/config/configuration.hpp"

namespace autoheal::config {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class HostileConfiguration : public ::testing::Test {
 protected:
  HostileConfiguration() {
    std::string name = ::testing::TempDir() + "hostile." + std::string(6, 'X');
    folder_ = ::mkdtemp(name.data());
  }
  ~HostileConfiguration() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string at(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& text, const std::string& name = "autoheal.yaml") const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  static std::string engine(const std::string& name, const std::string& more = "") {
    return "  - { name: " + name + ", self_test: [ { name: a, command: [ls] } ]" + more + " }\n";
  }
  void engines(const std::string& text, const std::string& head = "") const {
    write("version: 1\n" + head + "engines:\n" + text);
  }
  auto load_it(std::map<std::string, std::string> environment = {}) const {
    return load(at("autoheal.yaml"),
                {std::move(environment), [](const std::string& content) { return sha256_name(content); }});
  }
  std::string problem(std::map<std::string, std::string> environment = {}) const {
    const auto loaded = load_it(std::move(environment));
    return loaded ? "accepted" : to_text(loaded.error().front());
  }
  // "file:line:column: "
  auto has_place(int line, int column) const {
    return ::testing::StartsWith(at("autoheal.yaml") + ":" + std::to_string(line) + ":" + std::to_string(column) +
                                 ": ");
  }

  fs::path folder_;
};

// ---- 21, 22: roles

TEST_F(HostileConfiguration, Case21_TheLastAdmiralStaysOne) {
  const auto with = [&](const std::string& principals) {
    engines(engine("E"), "principals: [ " + principals + " ]\n");
    return problem();
  };
  EXPECT_EQ(with("{ name: autoheal, role: admiral }"), "accepted");
  EXPECT_THAT(with("{ name: autoheal, role: captain }"), HasSubstr("admiral"));
  EXPECT_THAT(with("{ name: ops, role: admiral, os_user: root }"), HasSubstr("admiral"));
}

TEST_F(HostileConfiguration, Case22_RolesThatLookLikeOneAreNone) {
  for (const std::string role : {"Admiral", "ADMIRAL", "\"admiral \"", "\" admiral\"", "\"\\u0430dmiral\"", "\"\"",
                                 "\"admiral\\0\"", "[admiral]", "administrator", "root"}) {
    engines(engine("E"), "principals: [ { name: autoheal, role: admiral }, { name: ops, role: " + role + " } ]\n");
    EXPECT_THAT(problem(), AllOf(HasSubstr("autoheal.yaml:2:"), HasSubstr("role"))) << role;
  }
}

// ---- 38: what is no configuration

TEST_F(HostileConfiguration, Case38_AnEmptyFile) {
  write("");
  EXPECT_THAT(problem(), AllOf(has_place(1, 1), HasSubstr("is empty")));
  write("# only a remark\n");
  EXPECT_THAT(problem(), HasSubstr("is empty"));
}

TEST_F(HostileConfiguration, Case38_AFileThatWasCutOff) {
  const std::string whole = "version: 1\nengines:\n  - name: \"E\"\n    self_test: [ { name: a, command: [ls] } ]\n";
  write(whole);
  ASSERT_EQ(problem(), "accepted");
  for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
    write(whole.substr(0, size));
    EXPECT_THAT(problem(), ContainsRegex("autoheal.yaml:[1-9][0-9]*:[1-9][0-9]*: ")) << whole.substr(0, size);
  }
}

TEST_F(HostileConfiguration, Case38_AFileOfZeros) {
  write(std::string(4096, '\0'));
  EXPECT_THAT(problem(), AllOf(has_place(1, 1), HasSubstr("control character")));
  write("version: 1\nledger: \"a" + std::string(1, '\0') + "b\"\n");
  EXPECT_THAT(problem(), AllOf(has_place(2, 11), HasSubstr("control character")));
}

TEST_F(HostileConfiguration, Case38_AGibibyteIsRefusedUnread) {
  write("version: 1\n");
  ASSERT_EQ(::truncate(at("autoheal.yaml").c_str(), 1 << 30), 0);  // a hole: no bytes on the disk
  rusage before{}, after{};
  ::getrusage(RUSAGE_SELF, &before);
  EXPECT_THAT(problem(), HasSubstr("larger than 1 MiB"));
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 * 1024) << "KiB";
}

TEST_F(HostileConfiguration, Case38_DosLineEndsAreNamed) {
  write("version: 1\r\nengines:\r\n" + engine("E"));
  EXPECT_THAT(problem(), AllOf(has_place(1, 11), HasSubstr("carriage return"), HasSubstr("line feeds alone")));
}

TEST_F(HostileConfiguration, Case38_BinaryIsNamedWhereItBegins) {
  write("version: 1\nledger: a\xff\xfe\x80\n");
  EXPECT_THAT(problem(), AllOf(has_place(2, 10), HasSubstr("not valid UTF-8")));
  write(
      "\x7f"
      "ELF\x02\x01\x01");
  EXPECT_THAT(problem(), AllOf(has_place(1, 1), HasSubstr("control character")));
  write(
      "\xff\xfe"
      "v");
  EXPECT_THAT(problem(), has_place(1, 1));
}

// ---- 39: swapped between the check and the load

TEST_F(HostileConfiguration, Case39_WhatWasCheckedIsWhatIsUsed) {
  write("version: 1\nengines:\n" + engine("Checked"), "right");
  write("version: 1\nengines:\n" + engine("Swapped"), "wrong");
  ::chmod(at("wrong").c_str(), 0666);
  std::atomic<bool> done = false;
  std::atomic<unsigned> swaps = 0;
  fs::copy_file(at("right"), at("autoheal.yaml"));
  std::thread swapper([&] {
    while (!done) {
      for (const char* name : {"wrong", "right"}) {
        ::unlink(at("next").c_str());
        if (::link(at(name).c_str(), at("next").c_str()) == 0 &&
            ::rename(at("next").c_str(), at("autoheal.yaml").c_str()) == 0)
          ++swaps;
      }
    }
  });
  unsigned accepted = 0, refused = 0, swapped = 0;
  while (swaps < 4'000 || accepted < 20 || refused < 20) {
    const auto loaded = load_it();
    ++(loaded ? accepted : refused);
    if (loaded && loaded->engines.front().name == "Swapped") ++swapped;
  }
  done = true;
  swapper.join();
  EXPECT_EQ(swapped, 0U) << "of " << accepted << " that were accepted";
}

// ---- 40: of others

TEST_F(HostileConfiguration, Case40_WhatOthersCanWriteIsRefused) {
  engines(engine("E"));
  ASSERT_EQ(problem(), "accepted");
  ::chmod(at("autoheal.yaml").c_str(), 0646);
  EXPECT_THAT(problem(), AllOf(HasSubstr("can write this file"), HasSubstr("chmod")));
  ::chmod(at("autoheal.yaml").c_str(), 0664);  // one's own group: oneself, where each user has one
  EXPECT_EQ(problem(), "accepted");
  write("version: 1\ninclude: [conf.d/*.yaml]\n");
  write("version: 1\nengines:\n" + engine("E"), "conf.d/a.yaml");
  ASSERT_EQ(problem(), "accepted");
  ::chmod(at("conf.d/a.yaml").c_str(), 0666);
  EXPECT_THAT(problem(), AllOf(HasSubstr("conf.d/a.yaml"), HasSubstr("can write this file")));
}

TEST_F(HostileConfiguration, Case40_WhatBelongsToAnotherIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  engines(engine("E"));
  ASSERT_EQ(::chown(at("autoheal.yaml").c_str(), 65534, 0), 0);
  EXPECT_THAT(problem(), AllOf(HasSubstr("belongs to user 65534"), HasSubstr("chown")));
  ASSERT_EQ(::chown(at("autoheal.yaml").c_str(), 0, 65534), 0);
  EXPECT_EQ(problem(), "accepted");
  ::chmod(at("autoheal.yaml").c_str(), 0664);
  EXPECT_THAT(problem(), HasSubstr("group 65534 can write this file"));
}

// ---- 41: contradictions name both places

TEST_F(HostileConfiguration, Case41_NamesThatStandTwice) {
  engines(engine("E") + engine("E"));
  EXPECT_THAT(problem(), AllOf(has_place(4, 13), HasSubstr("\"E\""), HasSubstr("line 3")));
  write("version: 1\ninclude: [more.yaml]\nengines:\n" + engine("E"));
  write("version: 1\nengines:\n" + engine("E"), "more.yaml");
  EXPECT_THAT(problem(), AllOf(HasSubstr("more.yaml:3:13"), HasSubstr(at("autoheal.yaml") + ":4")));
  fs::remove(at("more.yaml"));
  engines("  - name: E\n    self_test:\n      - { name: a, command: [ls] }\n      - { name: a, command: [ls] }\n");
  EXPECT_THAT(problem(), AllOf(has_place(6, 9), HasSubstr("line 5")));
  engines(engine("E"), "principals:\n  - { name: autoheal, role: admiral }\n  - { name: autoheal, role: observer }\n");
  EXPECT_THAT(problem(), AllOf(has_place(4, 5), HasSubstr("line 3")));
  engines(
      engine("E"),
      "principals:\n  - { name: autoheal, role: admiral, os_user: u }\n  - { name: x, role: observer, os_user: u }\n");
  EXPECT_THAT(problem(), AllOf(has_place(4, 5), HasSubstr("line 3")));
}

TEST_F(HostileConfiguration, Case41_TargetsOfTwoEngines) {
  engines(engine("A", ", repair: { links: [ { path: x, target: t } ] }") +
          engine("B", ", repair: { links: [ { path: x/y, target: t } ] }"));
  EXPECT_THAT(problem(), AllOf(HasSubstr(":4:"), HasSubstr("one of A"), HasSubstr("line 3")));
}

TEST_F(HostileConfiguration, Case41_UnknownEngineAndStrategy) {
  engines(engine("E", ", depends_on: [Other]"));
  EXPECT_THAT(problem(), AllOf(has_place(3, 71), HasSubstr("no engine \"Other\"")));
  engines(engine("E", ", strategy: cascad"));
  EXPECT_THAT(problem(), AllOf(has_place(3, 69), HasSubstr("did you mean \"cascade\"?")));
}

TEST_F(HostileConfiguration, Case41_ACircleIsNamedWithAllItsPlaces) {
  engines(engine("A", ", depends_on: [B]") + engine("B", ", depends_on: [C]") + engine("C", ", depends_on: [B]"));
  EXPECT_THAT(problem(), AllOf(HasSubstr("B (line 4) -> C (line 5) -> B")));
  engines(engine("A", ", depends_on: [A]"));
  EXPECT_THAT(problem(), HasSubstr("A (line 3) -> A"));
}

// Without a memory of where it was, a walk would take as many ways as there are: 2 to the 40th.
TEST_F(HostileConfiguration, Case41_ManyWaysWithoutACircleAreWalkedOnce) {
  std::string ladder;
  for (int rung = 0; rung < 40; ++rung) {
    const std::string next = std::to_string(rung + 1);
    for (const char* side : {"L", "R"}) {
      ladder += engine(side + std::to_string(rung), rung == 39 ? "" : ", depends_on: [L" + next + ", R" + next + "]");
    }
  }
  engines(ladder);
  EXPECT_EQ(problem(), "accepted");
  std::string chain;
  for (int link = 0; link < 3'000; ++link)
    chain += engine("E" + std::to_string(link), ", depends_on: [E" + std::to_string((link + 1) % 3'000) + "]");
  engines(chain);
  EXPECT_THAT(problem(), HasSubstr("go round in a circle"));
}

// ---- 43: attempts that are none

TEST_F(HostileConfiguration, Case43_AttemptLimitsThatAreNone) {
  for (const char* wrong : {"0", "-1", "1.5", "three", "\"3\"", "101", "1000000000", "4294967297",
                            "18446744073709551617", "0x3", "1e1", "~", "[3]", "true"}) {
    engines(engine("E"), std::string("healing: { max_retries: ") + wrong + " }\n");
    EXPECT_THAT(problem(), AllOf(has_place(2, 25), HasSubstr("expected a whole number from 1 to 100"))) << wrong;
    engines(engine("E", std::string(", healing: { max_retries: ") + wrong + " }"));
    EXPECT_THAT(problem(), AllOf(has_place(3, 83), HasSubstr("expected a whole number from 1 to 100"))) << wrong;
  }
  engines(engine("E"));
  for (const char* wrong :
       {"0", "-1", "1.5", "three", "101", "1000000000", "4294967297", "", " 3", "3 ", "+3", "0x3"}) {
    EXPECT_THAT(problem({{"AUTOHEAL_MAX_RETRIES", wrong}}),
                AllOf(HasSubstr("environment: AUTOHEAL_MAX_RETRIES"), HasSubstr("from 1 to 100")))
        << wrong;
  }
}

// ---- 44: what refers to itself or has no end

TEST_F(HostileConfiguration, Case44_VariablesOfTheEnvironmentAreTextLikeAnyOther) {
  engines(engine("\"${USER}\""), "ledger: \"$HOME/`id`/%h/~/$(id)\"\n");
  const auto loaded = load_it({{"HOME", "/root"}, {"USER", "root"}});
  ASSERT_TRUE(loaded.has_value()) << to_text(loaded.error().front());
  EXPECT_EQ(loaded->ledger, at("$HOME/`id`/%h/~/$(id)"));
  EXPECT_EQ(loaded->engines.front().name, "${USER}");
}

TEST_F(HostileConfiguration, Case44_AFileThatIncludesItself) {
  engines(engine("E"), "include: [autoheal.yaml]\n");
  EXPECT_THAT(problem(), AllOf(has_place(2, 1), HasSubstr("\"include\" belongs into the main file")));
  engines(engine("E"), "include: [\"*.yaml\"]\n");
  EXPECT_THAT(problem(), HasSubstr("\"include\" belongs into the main file"));
  engines(engine("E"), "include: [other.yaml]\n");
  write("version: 1\ninclude: [autoheal.yaml]\n", "other.yaml");
  EXPECT_THAT(problem(), AllOf(HasSubstr("other.yaml:2:1"), HasSubstr("\"include\" belongs into the main file")));
}

TEST_F(HostileConfiguration, Case44_MoreFilesThanAnybodyReads) {
  for (int number = 0; number < 64; ++number) write("version: 1\n", "conf.d/" + std::to_string(number) + ".yaml");
  engines(engine("E"), "include: [conf.d/*.yaml]\n");
  EXPECT_THAT(problem(), AllOf(has_place(2, 11), HasSubstr("more than 64 files")));
}

TEST_F(HostileConfiguration, Case44_APatternOverAWholeDiskEnds) {
  engines(engine("E"), "include: [\"/*/*/*/*/*/*/*\"]\n");
  EXPECT_THAT(problem(), AllOf(has_place(2, 11), HasSubstr("last part")));
  engines(engine("E"), "include: [\"" + std::string(5'000, '*') + "\"]\n");
  EXPECT_THAT(problem(), HasSubstr("include"));
}

TEST_F(HostileConfiguration, Case44_AnchorsAreRefusedBeforeTheyGrow) {
  std::string laughs = "version: 1\na: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char name = 'b'; name < 'k'; ++name) {
    const std::string before(1, static_cast<char>(name - 1));
    laughs += std::string(1, name) + ": &" + name + " [*" + before;
    for (int copy = 0; copy < 8; ++copy) laughs += ", *" + before;
    laughs += "]\n";
  }
  write(laughs);
  EXPECT_THAT(problem(), AllOf(has_place(2, 4), HasSubstr("anchor")));
  write("version: 1\nengines: &all [*all]\n");
  EXPECT_THAT(problem(), AllOf(has_place(2, 10), HasSubstr("anchor")));
}

// A file as large as one may be, made to cost as much as it can.
TEST_F(HostileConfiguration, Case44_AMebibyteOfNestingEndsWithOneSentence) {
  for (const char* part :
       {"[", "{", "- ", "? ", "a: ", "{a: ", "[{", "\"", "'", "!", "&a ", "*a ", "|\n ", "[]\n", "%"}) {
    std::string text = "version: 1\nengines: ";
    while (text.size() + 8 < (1U << 20U)) text += part;
    write(text);
    EXPECT_THAT(problem(), HasSubstr("autoheal.yaml:")) << part;
  }
}

TEST_F(HostileConfiguration, Case44_AMebibyteOfProblemsIsToldInAPage) {
  std::string text = "version: 1\nengines: [";
  while (text.size() + 8 < (1U << 20U)) text += "1,";
  write(text + "]\n");
  const auto loaded = load_it();
  ASSERT_FALSE(loaded.has_value());
  EXPECT_LE(loaded.error().size(), 101U);
  EXPECT_THAT(loaded.error().back().message, HasSubstr("more"));
}

}  // namespace
}  // namespace autoheal::config
