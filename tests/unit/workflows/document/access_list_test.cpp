// The rights of access lists, and plans for them, for new targets and for the wrong kind in place.
#include "autoheal/workflows/spec/access_list.hpp"

#include <gmock/gmock.h>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/workflows/plan/observation_fields.hpp"
#include "autoheal/workflows/plan/strategy.hpp"

namespace autoheal::workflows {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(AccessList, ReadsWhatItWrites) {
  const std::string text = "user::rwx,user:33:r--,group::r-x,group:7:-w-,mask::rwx,other::---";
  EXPECT_EQ(text_of(entries_of(text)), text);
  EXPECT_THAT(entries_of("user:33,nonsense:1:rwx,user:33:r-x "), IsEmpty());
  EXPECT_THAT(entries_of(""), IsEmpty());
}

TEST(AccessList, AWiderMaskWidensWhoeverIsNamed) {
  const std::string acl = "user:33:rw-,group::r--,group:7:r--";
  EXPECT_THAT(widened_by(acl, 0600, 0640), ElementsAre("user:33 (--- to r--)", "group:7 (--- to r--)"));
  EXPECT_THAT(widened_by(acl, 0640, 0660), ElementsAre("user:33 (r-- to rw-)"));
  EXPECT_THAT(widened_by(acl, 0660, 0640), IsEmpty());
  EXPECT_THAT(widened_by(acl, 0640, 0646), IsEmpty()) << "the others are not named";
  EXPECT_THAT(widened_by("", 0600, 0660), IsEmpty());
}

TEST(AccessList, WithoutItTheOwningGroupGetsNoMoreThanItHad) {
  EXPECT_EQ(mode_without_list(0660, "user:33:rw-,group::---"), 0600U);
  EXPECT_EQ(mode_without_list(0640, "user:33:rw-,group::rw-"), 0640U);
  EXPECT_EQ(mode_without_list(0640, ""), 0640U);
}

TEST(AccessList, ADeclaredOneBringsItsMaskAlong) {
  EXPECT_EQ(with_list("user:33:r--", 0600, 0600, false), (ListAndMode{"user:33:r--,group::---", 0640}));
  EXPECT_EQ(with_list("user:33:rw-,mask::r--", 0640, 0640, false), (ListAndMode{"user:33:rw-,group::r--", 0640}));
  EXPECT_EQ(with_list("group:7:r--,user:33:r--,group::rw-", 0644, 0604, false),
            (ListAndMode{"user:33:r--,group::rw-,group:7:r--", 0664}));
}

TEST(AccessList, BesideADeclaredModeTheMaskIsItsGroupBits) {
  EXPECT_EQ(with_list("user:1:rwx", 0640, 0640, true), (ListAndMode{"user:1:rwx,group::r--", 0640}));
  EXPECT_EQ(with_list("user:1:r--", 0660, 0640, true), (ListAndMode{"user:1:r--,group::r--", 0660}))
      << "the owning group keeps what it had";
  EXPECT_EQ(with_list("user:1:r--", 0640, 0670, true), (ListAndMode{"user:1:r--,group::r--", 0640}))
      << "and gets no more than the mode gives";
  EXPECT_EQ(with_list("user:1:r--,group::rwx", 0640, 0600, true), (ListAndMode{"user:1:r--,group::rwx", 0640}));
  EXPECT_EQ(with_list("user:1:r--,mask::rw-", 0640, 0640, true).mode, 0660U) << "who declares both must declare alike";
}

TEST(AccessList, WhatIsNewInheritsAsTheKernelHasIt) {
  const std::string defaults = "user::rwx,user:33:rw-,group::r-x,mask::rw-,other::---";
  EXPECT_EQ(inherited(defaults, 0644, false), (ListAndMode{"user:33:rw-,group::r-x", 0640}));
  EXPECT_EQ(inherited(defaults, 0600, false), (ListAndMode{"user:33:rw-,group::r-x", 0600}));
  EXPECT_EQ(inherited("user::rw-,group::r--,other::---", 0664, false), (ListAndMode{"", 0640}));
  EXPECT_EQ(inherited("", 0644, false), (ListAndMode{"", 0644}));
  // A declared mode stays; nobody who is named gets more than the list allowed.
  EXPECT_EQ(inherited("user::rwx,user:33:rwx,group::r-x,mask::r--,other::---", 0666, true),
            (ListAndMode{"user:33:r--,group::r--", 0666}));
}

class LeastTouchPlan : public ::testing::Test {
 protected:
  LeastTouchPlan() {
    observation_.owners[""] = {0, 0};
    observation_.owners["app:app"] = {5, 6};
    see(".", TargetKind::folder, 0755);
  }
  static std::string name_of_content(std::string_view content, engine::BlobNaming) { return sha256_name(content); }
  TargetFacts& see(const std::string& path, TargetKind kind, FileMode mode, const std::string& content = "") {
    TargetFacts facts;
    facts.path = path;
    facts.kind = kind;
    facts.mode = mode;
    facts.links = kind == TargetKind::absent ? 0 : 1;
    if (kind == TargetKind::file) facts.digest = sha256_name(content);
    if (kind == TargetKind::file) contents_[facts.digest] = content;
    if (kind == TargetKind::file) observation_.contents[path] = facts.digest;
    std::erase_if(observation_.targets, [&](const TargetFacts& one) { return one.path == path; });
    return observation_.targets.emplace_back(facts);
  }
  FileRepair& restore(const std::string& path) {
    const auto name = sha256_name("good");
    contents_[name] = "good";
    FileRepair repair;
    repair.path = path;
    repair.baseline = name;
    return spec_.repair.files.emplace_back(repair);
  }
  Result<PlannedRepair> planned() const {
    return plan_repair({spec_, observation_, contents_, name_of_content, 1, false, {}, earlier_});
  }
  Plan plan() const {
    auto made = planned();
    EXPECT_TRUE(made) << made.error().message;
    return made ? made->plan : Plan{};
  }
  std::string refusal() const {
    const auto made = planned();
    return made ? "none" : made.error().message;
  }

  EngineSpec spec_;
  Observation observation_;
  Contents contents_;
  bool earlier_ = false;
};

TEST_F(LeastTouchPlan, AHealOfEarlierRulesIsRefusedInTheWordsOfThatTime) {
  earlier_ = true;
  restore("a");
  see("a", TargetKind::folder, 0755);
  EXPECT_EQ(refusal(), "a is a folder, a file was declared");
  see("a", TargetKind::file, 0644, "good").links = 2;
  EXPECT_THAT(refusal(), HasSubstr("hard links"));
  spec_.repair = {};
  spec_.repair.links = {{"a", "b"}};
  EXPECT_EQ(refusal(), "a is a file, a link was declared");
  spec_.repair = {};
  PolicyRepair policy;
  policy.path = "a";
  policy.max_mode = 0600;
  spec_.repair.policy = {policy};
  see("a", TargetKind::other, 0755);
  EXPECT_EQ(refusal(), "a is neither file, folder nor link");
}

TEST_F(LeastTouchPlan, AModeThatWidensANamedEntryIsRefusedUnlessItIsDeclared) {
  FileRepair& file = restore("a");
  file.mode = 0640;
  see("a", TargetKind::file, 0600, "good").acl = "user:33:rw-,group::r--";
  EXPECT_THAT(refusal(), HasSubstr("user:33 (--- to r--)"));
  EXPECT_THAT(refusal(), HasSubstr("`acl: none`"));
  file.acl = "keep";
  EXPECT_EQ(plan().changes.at(0).after.acl, "user:33:rw-,group::r--");
  EXPECT_EQ(plan().changes.at(0).after.mode, 0640U);
  file.acl = "none";
  EXPECT_EQ(plan().changes.at(0).after.acl, "");
  file.acl = "user:www-data:r";
  observation_.acls["user:www-data:r"] = "user:33:r--";
  EXPECT_EQ(plan().changes.at(0).after.acl, "user:33:r--,group::---") << "the owning group had nothing";
  EXPECT_TRUE(is_in_place(plan().changes.at(0)));
}

TEST_F(LeastTouchPlan, ADeclaredModeIsTheModeWhateverTheListSays) {
  FileRepair& file = restore("a");
  file.mode = 0640;
  file.acl = "user:daemon:rwx";
  observation_.acls["user:daemon:rwx"] = "user:1:rwx";
  see("a", TargetKind::file, 0640, "good");
  EXPECT_EQ(plan().changes.at(0).after.mode, 0640U);
  EXPECT_EQ(plan().changes.at(0).after.acl, "user:1:rwx,group::r--");
  see("a", TargetKind::file, 0670, "good").acl = "user:2:rwx,group::---";
  EXPECT_EQ(plan().changes.at(0).after.acl, "user:1:rwx,group::---") << "the owning group had nothing before";
  see("a", TargetKind::file, 0640, "good").acl = "user:1:rwx,group::r--";
  EXPECT_TRUE(plan().empty()) << "as it was left";
  see("a", TargetKind::absent, 0);
  EXPECT_EQ(plan().changes.at(0).after.acl, "user:1:rwx,group::r--");
  EXPECT_EQ(plan().changes.at(0).after.mode, 0640U);
  observation_.acls["user:daemon:rwx"] = "user:1:rwx,mask::rwx";
  EXPECT_THAT(refusal(), HasSubstr("write both alike"));
  observation_.acls["user:daemon:rwx"] = "user:1:rwx,mask::r--";
  EXPECT_EQ(plan().changes.at(0).after.mode, 0640U);

  file.mode = 0660;
  file.acl = "none";
  see("a", TargetKind::file, 0640, "good").acl = "user:1:rw-,group::r--";
  EXPECT_EQ(plan().changes.at(0).after.acl, "");
  EXPECT_EQ(plan().changes.at(0).after.mode, 0660U) << "both are declared, both are set";
}

TEST_F(LeastTouchPlan, APolicyNarrowsTheMaskAndTakesAListOff) {
  PolicyRepair policy;
  policy.path = "a";
  policy.max_mode = 0640;
  spec_.repair.policy = {policy};
  see("a", TargetKind::file, 0664, "log").acl = "user:33:rw-,group::---";
  EXPECT_EQ(plan().changes.at(0).after.mode, 0640U);
  EXPECT_EQ(plan().changes.at(0).after.acl, "user:33:rw-,group::---") << "what it grants is r--, the mask says so";
  EXPECT_FALSE(declares_content(plan().changes.at(0)));
  spec_.repair.policy[0].acl = "none";
  EXPECT_EQ(plan().changes.at(0).after.acl, "");
  EXPECT_EQ(plan().changes.at(0).after.mode, 0600U) << "the owning group had nothing";
}

TEST_F(LeastTouchPlan, ANewFileHasWhatItsBaselineAndItsFolderGive) {
  FileRepair& file = restore("etc/a");
  TargetFacts& folder = see("etc", TargetKind::folder, 02755);
  folder.gid = 77;
  folder.default_acl = "user::rwx,user:33:rwx,group::r-x,mask::r-x,other::---";
  see("etc/a", TargetKind::absent, 0);
  EXPECT_EQ(plan().changes.at(0).after.mode, 0640U);
  EXPECT_EQ(plan().changes.at(0).after.gid, 77U) << "a setgid folder gives its group";
  EXPECT_EQ(plan().changes.at(0).after.acl, "user:33:rwx,group::r-x");
  file.baseline_mode = 0600;
  EXPECT_EQ(plan().changes.at(0).after.mode, 0600U);
  file.baseline_mode = 04777;
  EXPECT_EQ(plan().changes.at(0).after.mode, 0640U) << "no wider than any new file";
  file.mode = 0604;
  file.owner = "app:app";
  EXPECT_EQ(plan().changes.at(0).after.mode, 0604U);
  EXPECT_EQ(plan().changes.at(0).after.gid, 6U);
}

TEST_F(LeastTouchPlan, WhatIsThereKeepsItsOwnerAndMode) {
  restore("a").baseline_mode = 0600;
  see("a", TargetKind::file, 0664, "bad").uid = 9;
  EXPECT_EQ(plan().changes.at(0).after.mode, 0664U);
  EXPECT_EQ(plan().changes.at(0).after.uid, 9U);
}

TEST_F(LeastTouchPlan, MissingFoldersAreChangesOfTheirOwnBeforeWhatLiesInThem) {
  restore("x/y/a");
  restore("b");
  restore("x/c");
  TargetFacts& root = see(".", TargetKind::folder, 02750);
  root.uid = 3;
  root.gid = 4;
  for (const char* path : {"x", "x/y", "x/y/a", "x/c", "b"}) see(path, TargetKind::absent, 0);
  const Plan made = plan();
  std::vector<std::string> paths;
  std::vector<bool> in_turn;
  for (const Change& change : made.changes) {
    paths.push_back(change.before.path);
    in_turn.push_back(change.in_turn);
  }
  EXPECT_THAT(paths, ElementsAre("x", "x/y", "x/y/a", "x/c", "b"));
  EXPECT_THAT(in_turn, ElementsAre(false, true, true, true, false));
  EXPECT_EQ(made.changes[1].after, (TargetAfter{TargetKind::folder, {}, 02750, 3, 4, {}, {}, {}}));
  EXPECT_EQ(made.changes[2].after.gid, 4U);
}

TEST_F(LeastTouchPlan, AFileWhereAFolderBelongsIsNamed) {
  restore("x/a");
  see("x", TargetKind::link, 0777);
  see("x/a", TargetKind::absent, 0);
  EXPECT_THAT(refusal(), HasSubstr("x is a link, a folder is needed for x/a"));
}

TEST_F(LeastTouchPlan, TheWrongKindGivesWayWhereThatIsDeclared) {
  for (const TargetKind kind : {TargetKind::folder, TargetKind::link, TargetKind::other}) {
    spec_.repair = {};
    see("a", kind, 0777);
    FileRepair& file = restore("a");
    EXPECT_THAT(refusal(), HasSubstr("`replace: true`"));
    file.replace = true;
    EXPECT_EQ(plan().changes.at(0).after.kind, TargetKind::file);
    EXPECT_EQ(plan().changes.at(0).before.kind, kind);
    EXPECT_EQ(plan().changes.at(0).after.mode, 0644U);

    spec_.repair = {};
    spec_.repair.env = {{"a", {{"X", {"1", {}}}}, {}, {}}};
    EXPECT_THAT(refusal(), HasSubstr("`replace: true`"));
    spec_.repair.env[0].replace = true;
    EXPECT_EQ(plan().changes.at(0).after.mode, 0600U);

    spec_.repair = {};
    spec_.repair.settings = {{"a", {{"/x", "1"}}}};
    EXPECT_THAT(refusal(), HasSubstr("`replace: true`"));
    spec_.repair.settings[0].replace = true;
    EXPECT_THAT(refusal(), HasSubstr("`files` restores one"));
  }
}

TEST_F(LeastTouchPlan, ALinkComesBackOverAPlainFileAndOverAnythingElseWhereThatIsDeclared) {
  spec_.repair.links = {{"a", "b"}};
  see("a", TargetKind::file, 0644, "edited").links = 2;
  EXPECT_EQ(plan().changes.at(0).after.kind, TargetKind::link);
  for (const TargetKind kind : {TargetKind::folder, TargetKind::other}) {
    spec_.repair.links[0].replace = false;
    see("a", kind, 0755);
    EXPECT_THAT(refusal(), HasSubstr("`replace: true`"));
    spec_.repair.links[0].replace = true;
    EXPECT_EQ(plan().changes.at(0).after.link_target, "b");
  }
}

TEST_F(LeastTouchPlan, AStrangerBelowAPolicyIsHeldToItAndBlocksNobody) {
  PolicyRepair policy;
  policy.path = "d";
  policy.recursive = true;
  policy.max_mode = 0640;
  spec_.repair.policy = {policy};
  see("d", TargetKind::folder, 0750);
  see("d/socket", TargetKind::other, 0777);
  see("d/file", TargetKind::file, 0666, "x");
  const Plan made = plan();
  ASSERT_EQ(made.changes.size(), 2U);
  for (const Change& change : made.changes) EXPECT_TRUE(is_in_place(change));
}

TEST_F(LeastTouchPlan, SeveralNamesAreNoMatterWhereOnlyTheModeIsWrong) {
  restore("a").mode = 0640;
  see("a", TargetKind::file, 0666, "good").links = 2;
  EXPECT_EQ(plan().changes.size(), 1U);
  see("a", TargetKind::file, 0666, "bad").links = 2;
  EXPECT_THAT(refusal(), HasSubstr("hard links"));
}

TEST_F(LeastTouchPlan, WhatIsKnownToBeImpossibleIsRefusedByItsReasonAndOnlyWhereItIsInTheWay) {
  restore("a").mode = 0640;
  see("a", TargetKind::file, 0640, "good").cannot_change = "is immutable";
  EXPECT_EQ(plan().changes.size(), 0U);
  see("a", TargetKind::file, 0644, "good").cannot_change = "is immutable";
  EXPECT_EQ(refusal(), "a is immutable");
  see("a", TargetKind::file, 0644, "good").cannot_replace = "is a mount of its own";
  EXPECT_EQ(plan().changes.size(), 1U) << "its mode can be set all the same";
  see("a", TargetKind::file, 0644, "bad").cannot_replace = "is a mount of its own";
  EXPECT_EQ(refusal(), "a is a mount of its own");
}

TEST_F(LeastTouchPlan, IsRecordedAndReadAgain) {
  restore("x/a").acl = "none";
  see("x", TargetKind::absent, 0).cannot_replace = "why";
  TargetFacts& file = see("b", TargetKind::file, 0644, "bad");
  file.acl = "user:33:r--,group::r--";
  file.default_acl = "user::rwx";
  file.capability = "00ff";
  file.generation = 77;
  observation_.acls["user:www-data:r"] = "user:33:r--";
  JsonWriter out;
  StoredJson::write(out, observation_);
  const std::string text = out.take();
  const EntryJsonDocument document(text);
  Observation again;
  StoredJson::read(document.root(), again);
  EXPECT_EQ(again, observation_);
}

}  // namespace
}  // namespace autoheal::workflows
