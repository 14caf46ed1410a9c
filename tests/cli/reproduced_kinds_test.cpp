// An incident of every repair kind, and so of every strategy, carried to somebody who has neither ledger nor originals
// and is another user where that can be had: healed there again in a folder, with the same digests and verdicts.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/repair_examples.hpp"

namespace autoheal::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// The machine of the incident, and the folder of a stranger with nothing in it but the file that was sent.
class Carrying {
 public:
  const Bridge& here() const { return here_; }
  const Bridge& there() const { return there_; }

  // Packs the newest heal, closes its machine to everybody and heals it again elsewhere.
  Ran reproduced(bool vouched_for = true, const std::string& output = "json") {
    const Ran packed = here_.autoheal({"replay", "last", "--export", there_.path("heal.tar"), "--with-secrets"});
    EXPECT_EQ(packed.exit_code, 0) << packed.err;
    std::vector<std::string> command = {"replay", "--import", "heal.tar", "--reproduce", "again", "-o", output};
    if (vouched_for) {
      std::string key = here_.autoheal({"ledger", "key"}).out;
      key.pop_back();
      command.insert(command.end(), {"--key", key});
    }
    fs::permissions(here_.path(""), fs::perms::none);
    Ran ran = run(by_a_stranger(std::move(command)));
    fs::permissions(here_.path(""), fs::perms::owner_all);
    return ran;
  }
  json told(int exit_code = 0, bool vouched_for = true) {
    const Ran ran = reproduced(vouched_for);
    EXPECT_EQ(ran.exit_code, exit_code) << ran.out << ran.err;
    return json::parse(ran.out, nullptr, false);
  }

 private:
  Invocation by_a_stranger(std::vector<std::string> command) {
    Invocation one = there_.invocation(std::move(command), {{"HOME", there_.path("home")}});
    if (::geteuid() != 0) return one;
    constexpr unsigned nobody = 65534;
    for (const char* mine : {"", "heal.tar"}) EXPECT_EQ(::chown(there_.path(mine).c_str(), nobody, nobody), 0);
    const std::string id = std::to_string(nobody);
    one.arguments.insert(one.arguments.begin(), {"/usr/bin/setpriv", "--reuid", id, "--regid", id, "--clear-groups"});
    return one;
  }

  Bridge here_, there_;
};

class ReproducedKind : public ::testing::TestWithParam<RepairExample> {
 protected:
  void heal(int exit_code) {
    const Ran healed = at_.here().autoheal({"heal", "Sample", "--error", "it is broken"});
    ASSERT_EQ(healed.exit_code, exit_code) << healed.err << at_.here().autoheal({"show", "last"}).out;
  }
  Carrying at_;
};
INSTANTIATE_TEST_SUITE_P(Program, ReproducedKind, ::testing::ValuesIn(repair_examples()),
                         [](const auto& example) { return example.param.name; });

TEST_P(ReproducedKind, IsHealedAgainByAStranger) {
  prepare(at_.here(), GetParam());
  heal(0);
  const json told = at_.told();
  EXPECT_EQ(told.at("verdict"), "same") << told.dump(1);
}

TEST_P(ReproducedKind, IsRolledBackAgainByAStranger) {
  prepare(at_.here(), GetParam());
  at_.here().write("refuse", "");
  heal(1);
  const json told = at_.told();
  EXPECT_EQ(told.at("verdict"), "same") << told.dump(1);
}

}  // namespace
}  // namespace autoheal::testing
