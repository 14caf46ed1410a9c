#include "tools/host/watch/watched_paths.hpp"

#include <gmock/gmock.h>

namespace autoheal::host {
namespace {

using namespace workflows;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Probe probe_of(decltype(Probe::what) what) { return {"probe", {}, true, std::move(what)}; }

TEST(WatchedPathsTest, ListsWhatTestsRepairsAndCertificatesDependOnOnce) {
  EngineSpec spec;
  spec.name = "Demo";
  spec.root = "/srv/demo";
  spec.self_test = {probe_of(FileProbe{"etc/app.conf", {}, {}, {}, {}, {}}),
                    probe_of(EnvProbe{".env", {}, {}}),
                    probe_of(TcpProbe{"localhost", 80}),
                    probe_of(ProcessProbe{"run/app.pid"}),
                    probe_of(SettingsProbe{"etc/probed.yaml", {}, {"/a"}}),
                    probe_of(LinkProbe{"linked", "there"})};
  spec.repair.checks = {probe_of(FileProbe{"etc/checked", {}, {}, {}, {}, {}})};
  spec.repair.files = {{"etc/app.conf", {}, {}, {}, {}, {}}, {"etc/more.conf", {}, {}, {}, {}, {}}};
  spec.repair.env = {{".env", {}, {}, {}}};
  spec.repair.settings = {{"etc/app.json", {}}};
  spec.repair.links = {{"bin/app", "app-2"}};
  spec.repair.policy = {{"keys", {}, {}, true, false, {}}};
  spec.repair.release = {{"current", "releases"}};
  spec.repair.build = {{{}, {"dist/app.js", "dist/*.css"}, {}}};
  spec.repair.platform.emplace_back();
  spec.repair.service = ServiceRepair{};
  spec.repair.service->pidfile = "run/app.pid";
  spec.certify.hashes = {"etc/app.conf", "lib/**"};
  spec.certify.security.paths = {"etc"};
  const WatchedEngine watched = watched_paths(spec);
  EXPECT_EQ(watched.name, "Demo");
  EXPECT_EQ(watched.root, "/srv/demo");
  EXPECT_THAT(watched.paths,
              ElementsAre(".env", "bin/app", "current", "dist/app.js", "etc", "etc/app.conf", "etc/app.json",
                          "etc/checked", "etc/more.conf", "etc/probed.yaml", "keys", "linked", "run/app.pid"));
  EXPECT_THAT(watched.patterns, ElementsAre("dist/*.css", "lib/**"));
  EXPECT_THAT(watched.presence, IsEmpty());
  EXPECT_THAT(watched_processes(spec), ElementsAre(WatchedProcess{"Demo", "/srv/demo", "run/app.pid"}));
}

TEST(WatchedPathsTest, UnitsAreThoseOfItsServiceAndItsProbes) {
  EngineSpec spec;
  spec.self_test = {probe_of(ProcessProbe{"run/app.pid"}), probe_of(ProcessProbe{{}, "probed"})};
  spec.repair.checks = {probe_of(ProcessProbe{{}, "checked.service"})};
  EXPECT_THAT(watched_units(spec), ElementsAre("checked.service", "probed"));
  spec.repair.service = ServiceRepair{};
  spec.repair.service->unit = "app";
  EXPECT_THAT(watched_units(spec), ElementsAre("app", "checked.service", "probed"));
  EXPECT_THAT(watched_processes(spec), ElementsAre(WatchedProcess{"", "", "run/app.pid"}));
}

TEST(WatchedPathsTest, StateCountsByItsPresenceEvenWhereAProbeLooksAtIt) {
  EngineSpec spec;
  spec.self_test = {probe_of(FileProbe{"var/data.db", {}, {}, {}, {}, {}})};
  StateRepair state;
  state.path = "var/data.db";
  spec.repair.state = {state};
  const WatchedEngine watched = watched_paths(spec);
  EXPECT_THAT(watched.paths, IsEmpty());
  EXPECT_THAT(watched.presence, ElementsAre("var/data.db"));
}

}  // namespace
}  // namespace autoheal::host
