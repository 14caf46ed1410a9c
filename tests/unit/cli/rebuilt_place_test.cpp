// Targets of a past heal built again in a folder: as they were, and never outside of it, even if the record was forged.
#include "tools/autoheal/reproduce/rebuilt_place.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "autoheal/store/vault/memory_blobs.hpp"
#include "tests/support/files/temporary_folder.hpp"
#include "tools/autoheal/reproduce/rebuild.hpp"

namespace autoheal::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace workflows;

class RebuiltPlaces : public ::testing::Test {
 protected:
  RebuiltPlaces() {
    spec_.root = "/srv/app";
    course_.attempts[1].observation.emplace();
  }

  TargetFacts& target(const std::string& path, TargetKind kind, const std::string& content = "") {
    TargetFacts& facts = course_.attempts[1].observation->targets.emplace_back();
    facts.path = path;
    facts.kind = kind;
    facts.mode = 0640;
    facts.uid = ::geteuid();
    facts.gid = ::getegid();
    if (kind == TargetKind::file) facts.digest = *blobs_.put(content, engine::BlobNaming::plain);
    if (kind == TargetKind::link) facts.link_target = content;
    return facts;
  }
  Result<RebuiltPlace> rebuilt() { return rebuild(course_, spec_, blobs_, base_ / "again"); }
  std::string read(const std::string& path) {
    std::ifstream file(base_ / "again/root" / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  autoheal::testing::TemporaryFolder base_;
  store::MemoryBlobs blobs_;
  replay::Course course_;
  EngineSpec spec_;
};

TEST_F(RebuiltPlaces, HoldContentsModesAndLinksAsTheyWere) {
  target("etc/app.conf", TargetKind::file, "port = oops\n");
  target("etc/current", TargetKind::link, "app.conf");
  target("etc/gone", TargetKind::absent);
  target("locked", TargetKind::folder).mode = 0500;
  target("locked/inside", TargetKind::file, "kept\n");
  const auto place = rebuilt();
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_THAT(place->missing, ElementsAre());
  EXPECT_THAT(place->paths, ElementsAre("etc/app.conf", "etc/current", "etc/gone", "locked", "locked/inside"));
  EXPECT_EQ(read("etc/app.conf"), "port = oops\n");
  EXPECT_EQ(read("locked/inside"), "kept\n");
  struct stat found{};
  ASSERT_EQ(::stat((base_ / "again/root/etc/app.conf").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0640U);
  ASSERT_EQ(::stat((base_ / "again/root/locked").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0500U);
  EXPECT_EQ(place->moved("/srv/app/bin/x"), place->spec.root + "/bin/x");
  EXPECT_EQ(place->moved("/srv/apple"), "/srv/apple");
}

TEST_F(RebuiltPlaces, NeverLeadOutOfTheirFolder) {
  target("../escaped", TargetKind::file, "evil\n");
  target("/escaped", TargetKind::file, "evil\n");
  target("way", TargetKind::link, "../..");
  target("way/escaped", TargetKind::file, "evil\n");
  const auto place = rebuilt();
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_THAT(place->paths, ElementsAre("way"));
  EXPECT_EQ(place->missing.size(), 3U);
  EXPECT_FALSE(fs::exists(base_ / "escaped"));
  EXPECT_FALSE(fs::exists(base_ / "again/escaped"));
  EXPECT_FALSE(fs::exists("/escaped"));
}

TEST_F(RebuiltPlaces, NameWhatIsNotKept) {
  target("etc/app.conf", TargetKind::file).digest = "sha256:" + std::string(64, 'a');
  const auto place = rebuilt();
  ASSERT_TRUE(place);
  ASSERT_EQ(place->missing.size(), 1U);
  EXPECT_THAT(place->missing.front(), HasSubstr("etc/app.conf: its content is not kept"));
  EXPECT_FALSE(fs::exists(base_ / "again/root/etc/app.conf"));
}

}  // namespace
}  // namespace autoheal::cli
