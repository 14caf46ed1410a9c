// Somebody edits a target while it is being healed: the edit is kept, and the heal says so.
#include <gmock/gmock.h>

#include "tests/support/examples/repair_examples.hpp"

namespace autoheal::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class EditsByOthers : public ::testing::Test {
 protected:
  // `validate` runs between plan and exchange, `verdict` between exchange and the last look.
  void prepare_file(const std::string& validate, const std::string& verdict) const {
    bridge_.write("baseline/app.conf", "port = 8080\n");
    bridge_.write("etc/app.conf", "damaged\n");
    bridge_.script("tests/validate", validate + "\ntrue\n");
    bridge_.script("tests/verdict", verdict + "\n");
    bridge_.configure(
        "  - name: EnvRecon\n"
        "    self_test: [ { name: config, file: { path: etc/app.conf, baseline: baseline/app.conf } } ]\n"
        "    repair: { files: [ { path: etc/app.conf, baseline: baseline/app.conf, validate: [tests/validate, "
        "\"{file}\"] } ] }\n"
        "    certify: { tests: [ { name: verdict, command: [tests/verdict] } ] }\n");
  }
  Ran heal() const { return bridge_.autoheal({"heal", "EnvRecon", "--error", "x"}, {{"AUTOHEAL_MAX_RETRIES", "1"}}); }
  std::string shown() const { return bridge_.autoheal({"show", "last"}).out; }
  Bridge bridge_;
};

TEST_F(EditsByOthers, BetweenPlanAndApplyFailsTheAttemptAndIsKept) {
  prepare_file("echo mine > etc/app.conf", "true");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(bridge_.read("etc/app.conf"), "mine\n");
  EXPECT_THAT(shown(), AllOf(HasSubstr("target_changed"), HasSubstr("etc/app.conf")));
}

TEST_F(EditsByOthers, ByRenameBetweenPlanAndApplyIsKeptToTheInode) {
  prepare_file("echo mine > etc/new && mv etc/new etc/app.conf", "true");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(bridge_.read("etc/app.conf"), "mine\n");
}

TEST_F(EditsByOthers, BetweenApplyAndCertificationIsKeptAndNamed) {
  prepare_file("true", "echo mine > etc/app.conf");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(bridge_.read("etc/app.conf"), "mine\n");
  EXPECT_THAT(shown(), AllOf(HasSubstr("rollback_incomplete"), HasSubstr("foreign"), HasSubstr("etc/app.conf")));
}

TEST_F(EditsByOthers, OfTheModeAloneIsSeenToo) {
  prepare_file("true", "chmod 0600 etc/app.conf");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(std::filesystem::status(bridge_.path("etc/app.conf")).permissions(), std::filesystem::perms(0600));
  EXPECT_THAT(shown(), HasSubstr("foreign"));
}

TEST_F(EditsByOthers, BeforeRollbackIsKeptAndRolledBackOnceItIsGone) {
  prepare_file("true", "cp -p etc/app.conf run.saved; echo mine > etc/app.conf; exit 1");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_EQ(bridge_.read("etc/app.conf"), "mine\n");
  EXPECT_THAT(bridge_.autoheal({"heals"}).out, HasSubstr("rollback_incomplete"));
  // The person takes the edit back to what the heal had written; now there is something to roll back.
  bridge_.write("etc/app.conf", "port = 8080\n");
  const Ran again = bridge_.autoheal({"rollback", "last"});
  EXPECT_EQ(again.exit_code, 0) << again.out << again.err << shown();
  EXPECT_EQ(bridge_.read("etc/app.conf"), "damaged\n");
  EXPECT_EQ(bridge_.autoheal({"rollback", "last"}).exit_code, 1);
  EXPECT_EQ(bridge_.autoheal({"ledger", "verify"}).exit_code, 0);
}

TEST_F(EditsByOthers, ARemovedTargetIsNotBroughtBackOverSomebodysWill) {
  prepare_file("true", "rm etc/app.conf; exit 1");
  EXPECT_EQ(heal().exit_code, 1);
  EXPECT_FALSE(bridge_.exists("etc/app.conf"));
  EXPECT_THAT(shown(), HasSubstr("foreign"));
}

}  // namespace
}  // namespace autoheal::testing
