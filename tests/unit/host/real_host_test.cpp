#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/unit/host/host_fixture.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class RealHostTest : public HostTest {
 protected:
  std::vector<std::string> rules(const SecuritySpec& policy, const std::vector<std::string>& touched = {}) {
    const auto findings = host().scan(spec_, policy, touched);
    EXPECT_TRUE(findings) << (findings ? "" : findings.error().message);
    std::vector<std::string> found;
    for (const auto& one : findings.value_or(std::vector<SecurityFinding>{}))
      found.push_back(one.path + " " + one.rule);
    return found;
  }
};

TEST_F(RealHostTest, ObservesTargetsContentsSecretsAndOwners) {
  write("a.conf", "text");
  write(".env", "PORT=1\n", 0600);
  write("etc/deep/b.conf", "b");
  write("etc/.autoheal", "a file of this name elsewhere is a target as any other");
  write(".autoheal/next.x", "not observed");
  const auto secret = write(base_ / "secret", "value\n");
  spec_.repair.env.push_back({".env", {}, {}, {}});
  ObserveRequest request;
  request.targets = {{"a.conf", true, false, false},
                     {".env", true, true, false},
                     {"etc", false, false, true},
                     {"missing/file", true, false, false}};
  request.owners = {"", "root:root"};
  request.secrets = {{std::string(".env\0TOKEN", 10), secret.string()}};
  const auto seen = host().observe(spec_, request);
  ASSERT_TRUE(seen) << seen.error().message;
  std::vector<std::string> paths;
  for (const auto& target : seen->targets) paths.push_back(target.path);
  EXPECT_THAT(paths, ElementsAre(".", ".env", "a.conf", "etc", "etc/.autoheal", "etc/deep", "etc/deep/b.conf",
                                 "missing", "missing/file"));
  EXPECT_EQ(seen->targets[2].digest, sha256_name("text"));
  EXPECT_EQ(seen->targets[7].kind, TargetKind::absent) << "the folder above what is missing, too";
  EXPECT_EQ(seen->targets[8].kind, TargetKind::absent);
  EXPECT_TRUE(seen->targets[1].digest.starts_with("hmac-sha256:"));
  EXPECT_EQ(*blobs_.get(seen->contents.at(".env")), "PORT=1\n");
  EXPECT_TRUE(seen->secrets.begin()->second.starts_with("hmac-sha256:"));
  EXPECT_EQ(*blobs_.get(seen->secrets.begin()->second), "value");
  EXPECT_EQ(seen->owners.at("root:root"), (std::pair<std::uint32_t, std::uint32_t>{0, 0}));
  EXPECT_EQ(seen->owners.at("").first, ::geteuid());
  request.owners = {"nobody-of-this-name:root"};
  EXPECT_FALSE(host().observe(spec_, request));
  EXPECT_EQ(facts(".env"), seen->targets[1]);
}

TEST_F(RealHostTest, HashesWhatPatternsMatchAndSkipsItsOwnFiles) {
  write("etc/a.conf", "a");
  write("etc/deep/b.conf", "b");
  write("etc/c.txt", "c");
  const auto ledger = write("etc/ledger.conf", "own");
  write(".autoheal/next.conf", "staged");
  fs::create_symlink("a.conf", root_ / "etc/link.conf");
  RealHost host({blobs_, {ledger, root_ / "not-there"}, 1, {}, {}});
  const auto paths = [&](const std::vector<std::string>& globs, const std::vector<std::string>& more = {}) {
    const auto findings = host.hash(spec_, {globs, more});
    std::vector<std::string> found;
    for (const auto& one : findings.value()) found.push_back(one.path + (one.digest.empty() ? " missing" : ""));
    return found;
  };
  EXPECT_THAT(paths({"etc/*.conf"}), ElementsAre("etc/a.conf", "etc/link.conf"));
  EXPECT_THAT(paths({"**.conf"}), ElementsAre("etc/a.conf", "etc/deep/b.conf", "etc/link.conf"));
  EXPECT_THAT(paths({"etc/c.txt", "etc/none.txt"}, {"etc/a.conf", "etc"}),
              ElementsAre("etc/a.conf", "etc/c.txt", "etc/none.txt missing"));
  EXPECT_EQ(host.hash(spec_, {{"etc/a.conf"}, {}})->front().digest, sha256_name("a"));
  EXPECT_EQ(host.hash(spec_, {{"etc/link.conf"}, {}})->front().digest, sha256_name("link:a.conf"));
  EXPECT_FALSE(host.look(spec_, {"etc/ledger.conf"}));
  EXPECT_FALSE(host.hash(spec_, {{"../*"}, {"../x"}}));
}

TEST_F(RealHostTest, NeverOpensItsOwnFiles) {
  const auto ledger = write("ledger.db", "own");
  // Closing any descriptor of the file would drop this process's lock on it.
  const UniqueFd held(::open(ledger.c_str(), O_RDWR | O_CLOEXEC));
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  ASSERT_EQ(::fcntl(held.get(), F_SETLK, &lock), 0);
  RealHost host({blobs_, {ledger}, 1, {}, {}});
  EXPECT_TRUE(host.hash(spec_, {{"**"}, {}}));
  EXPECT_FALSE(host.look(spec_, {"ledger.db"}));
  SecuritySpec policy;
  policy.paths = {"."};
  policy.forbid = {"own"};
  EXPECT_THAT(*host.scan(spec_, policy, {"ledger.db"}), IsEmpty());
  const pid_t child = ::fork();
  if (child == 0) {
    lock.l_type = F_WRLCK;
    ::_exit(::fcntl(held.get(), F_SETLK, &lock) == 0 ? 1 : 0);  // 0: still locked
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(RealHostTest, ALinkThatIsDeclaredMayLeadWhereItIsDeclaredTo) {
  const std::vector<std::pair<std::string, std::string>> links = {
      {"absolute", "/usr/share/zoneinfo/UTC"}, {"up", "../x"}, {"to", "chain"}, {"self", "self"}, {"none", "/no/such"}};
  fs::create_symlink("/etc/passwd", root_ / "chain");
  std::vector<std::string> touched;
  for (const auto& [path, target] : links) {
    fs::create_symlink(target, root_ / path);
    touched.push_back(path);
  }
  SecuritySpec policy;
  policy.paths = {"."};
  EXPECT_THAT(rules(policy, touched),
              UnorderedElementsAre("absolute outside", "to outside", "chain outside", "self symlink"))
      << "nobody declared them; what leads nowhere leads not out";
  for (const auto& [path, target] : links) spec_.repair.links.push_back({path, target});
  EXPECT_THAT(rules(policy, touched), ElementsAre("chain outside")) << "that one nobody declared";
  spec_.repair.links[0].target = "/usr/share/zoneinfo/CET";
  EXPECT_THAT(rules(policy, touched), UnorderedElementsAre("chain outside", "absolute outside"));
  spec_.self_test = {{"link", std::chrono::seconds(1), true, LinkProbe{"absolute", "/usr/share/zoneinfo/UTC"}}};
  EXPECT_THAT(rules(policy, touched), ElementsAre("chain outside")) << "a probe declares, too";
  policy.allow_symlinks = false;
  EXPECT_EQ(rules(policy, touched).size(), 6U);
}

TEST_F(RealHostTest, FileCapabilitiesAreFoundAsSetidIs) {
  write("bin/web", "x", 0755);
  const std::string capability("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  if (::setxattr((root_ / "bin/web").c_str(), "security.capability", capability.data(), capability.size(), 0) != 0)
    GTEST_SKIP() << "no file capabilities here";
  SecuritySpec policy;
  EXPECT_THAT(rules(policy, {"bin/web"}), IsEmpty()) << "nothing was declared";
  policy.paths = {"bin"};
  EXPECT_THAT(rules(policy), ElementsAre("bin/web capability"));
  EXPECT_NE(host().scan(spec_, policy, {})->front().message.find("`allow_setid: true`"), std::string::npos);
  policy.allow_setid = true;
  EXPECT_THAT(rules(policy), IsEmpty());
}

// 64 GiB, which nobody could read within a test.
TEST_F(RealHostTest, WhatOnlyGetsItsModeIsNotRead) {
  write("logs/huge", "start", 0666);
  fs::resize_file(root_ / "logs/huge", std::uintmax_t{1} << 36U);
  PolicyRepair policy;
  policy.path = "logs";
  policy.recursive = true;
  policy.max_mode = 0640;
  spec_.repair.policy = {policy};
  const auto seen = host().observe(spec_, what_to_observe(spec_, 1));
  ASSERT_TRUE(seen) << seen.error().message;
  const auto target = std::ranges::find(seen->targets, "logs/huge", &TargetFacts::path);
  ASSERT_NE(target, seen->targets.end());
  EXPECT_EQ(target->digest, "");
  std::vector<Change> changes(1);
  changes[0].kind = ChangeKind::policy;
  changes[0].before = *target;
  changes[0].after = {TargetKind::file, {}, 0640, target->uid, target->gid, {}, {}, {}};
  const auto outcomes = host().apply(spec_, changes, 1, mark_);
  ASSERT_EQ(outcomes.front().status, ChangeStatus::done) << outcomes.front().message;
  EXPECT_EQ(facts("logs/huge"), outcomes.front().left);
  SecuritySpec security;
  security.paths = {"logs"};
  security.max_mode = 0750;
  EXPECT_THAT(rules(security, {"logs/huge"}), ElementsAre("logs max_mode"));
  EXPECT_EQ(host().restore(spec_, changes, 1, outcomes, mark_).front().status, UndoStatus::restored);
  EXPECT_EQ(status("logs/huge").st_mode & 07777U, 0666U);
  FileProbe probe{"logs/huge", {}, {}, {}, 0666, {}};
  EXPECT_EQ(host().probe(spec_, Probe{"mode", std::chrono::seconds(5), true, probe}, mark_).verdict,
            ProbeVerdict::pass);
}

TEST_F(RealHostTest, WhatIsReplacedOrRemovedIsReadHoweverLarge) {
  write("logs/large", std::string((16U << 20U) + 1, 'x'), 0666);
  PolicyRepair below;
  below.path = "logs";
  below.recursive = true;
  below.max_mode = 0640;
  spec_.repair.policy = {below};
  spec_.repair.links = {{"logs/large", "elsewhere"}};
  auto seen = host().observe(spec_, what_to_observe(spec_, 1));
  EXPECT_NE(std::ranges::find(seen->targets, "logs/large", &TargetFacts::path)->digest, "");
  spec_.repair.links.clear();
  PolicyRepair absent;
  absent.path = "logs/large";
  absent.absent = true;
  spec_.repair.policy.push_back(absent);
  seen = host().observe(spec_, what_to_observe(spec_, 1));
  EXPECT_NE(std::ranges::find(seen->targets, "logs/large", &TargetFacts::path)->digest, "");
}

TEST_F(RealHostTest, FindsWhatBreaksSecurity) {
  write("etc/good.conf", "fine", 0640);
  write("etc/wide.conf", "fine", 0666);
  write("etc/key.conf", std::string((16U << 20U) - 4, 'x') + "PRIVATE KEY", 0600);
  write("etc/setid", "x", 04755);
  fs::create_symlink("good.conf", root_ / "etc/inside");
  fs::create_symlink(root_ / "etc/good.conf", root_ / "etc/inside-too");
  fs::create_symlink("/etc/passwd", root_ / "etc/outside");
  fs::create_symlink("nowhere", root_ / "etc/dangling");
  write(".autoheal/before", "PRIVATE KEY", 0666);
  SecuritySpec policy;
  policy.paths = {"."};
  policy.max_mode = 0755;
  policy.forbid = {"PRIVATE KEY"};
  EXPECT_THAT(rules(policy), UnorderedElementsAre("etc/wide.conf max_mode", "etc/key.conf forbid", "etc/setid setid",
                                                  "etc/outside outside"));
  policy.paths = {"etc/good.conf"};
  EXPECT_THAT(rules(policy, {"etc/wide.conf", "etc/removed"}), ElementsAre("etc/wide.conf max_mode"));
  policy.max_mode = 0640;
  policy.forbid.clear();
  policy.allow_setid = true;
  policy.allow_symlinks = false;
  policy.paths = {"etc"};
  EXPECT_THAT(rules(policy),
              UnorderedElementsAre("etc max_mode", "etc/wide.conf max_mode", "etc/setid max_mode", "etc/inside symlink",
                                   "etc/inside-too symlink", "etc/outside symlink", "etc/dangling symlink"));
  policy.owner = "0:12345";
  EXPECT_EQ(rules(policy, {}).size(), 7U + 9U);
  policy.paths = {"missing"};
  EXPECT_FALSE(host().scan(spec_, policy, {}));
}

TEST_F(RealHostTest, AppliesManyChangesAndPutsThemBackInReverse) {
  std::vector<Change> changes;
  for (int index = 0; index < 20; ++index) {
    const std::string path = "f" + std::to_string(index);
    write(path, "old" + path);
    changes.push_back(rewriting(path, "new" + path));
  }
  write("f7", "edited");
  const auto outcomes = host().apply(spec_, changes, 1, mark_);
  ASSERT_EQ(outcomes.size(), 20U);
  for (unsigned index = 0; index < 20; ++index) {
    EXPECT_EQ(outcomes[index].number, index + 1);
    EXPECT_EQ(outcomes[index].status, index == 7 ? ChangeStatus::target_changed : ChangeStatus::done)
        << outcomes[index].message;
  }
  const auto undone = host().restore(spec_, changes, 1, outcomes, mark_);
  EXPECT_EQ(undone.front().number, 20U);
  for (const auto& one : undone) EXPECT_EQ(one.status, UndoStatus::restored) << one.message;
  EXPECT_EQ(read("f0"), "oldf0");
  EXPECT_EQ(read("f7"), "edited");
  EXPECT_THAT(host().settle(spec_, {heal_, 0, {}}), IsEmpty());
  EXPECT_THAT(staged(), IsEmpty());
}

TEST_F(RealHostTest, ASecondHealerBelowTheSameRootIsRefusedAndTouchesNothing) {
  write("a", "old");
  const std::vector<Change> changes = {rewriting("a", "new")};
  RealHost first({blobs_, {}, 1, {}, {}});
  ASSERT_EQ(first.apply(spec_, changes, 1, mark_).front().status, ChangeStatus::done);
  write("b", "old");
  const std::vector<Change> others = {rewriting("b", "new")};
  RealHost second({blobs_, {}, 1, {}, {}});
  const auto refused = second.apply(spec_, others, 1, mark_).front();
  EXPECT_EQ(refused.status, ChangeStatus::failed);
  EXPECT_THAT(refused.message, ::testing::HasSubstr("another autoheal"));
  EXPECT_EQ(read("b"), "old");
}

TEST_F(RealHostTest, AHookThatThrowsIsAFailedChange) {
  write("a", "old");
  RealHost host({blobs_, {}, 1, [](std::string_view) { throw 1; }, {}});
  const std::vector<Change> changes = {rewriting("a", "new")};
  EXPECT_EQ(host.apply(spec_, changes, 1, mark_).front().status, ChangeStatus::failed);
}

TEST_F(RealHostTest, ImagesOfEnvFilesAreKeptUnderTheKey) {
  write(".env", "TOKEN=s3cret\n", 0600);
  spec_.repair.env.push_back({".env", {}, {}, {}});
  Change change = rewriting(".env", "", 0600);
  change.kind = ChangeKind::env;
  change.after.content = *blobs_.put("TOKEN=other\n", engine::BlobNaming::keyed);
  const std::vector<Change> changes = {change};
  const auto outcomes = host().apply(spec_, changes, 1, mark_);
  EXPECT_EQ(outcomes.front().status, ChangeStatus::done) << outcomes.front().message;
  EXPECT_THAT(host().settle(spec_, {heal_, 0, {}}), IsEmpty());
  EXPECT_EQ(*blobs_.get(change.before.digest), "TOKEN=s3cret\n");
  EXPECT_FALSE(blobs_.get(sha256_name("TOKEN=s3cret\n")));
  EXPECT_EQ(host().restore(spec_, changes, 1, outcomes, mark_).front().status, UndoStatus::restored);
  EXPECT_EQ(read(".env"), "TOKEN=s3cret\n");
}

}  // namespace
}  // namespace autoheal::host
