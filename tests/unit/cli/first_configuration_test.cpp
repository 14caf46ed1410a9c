// The first configuration as text: the loader understands every name that may stand in it, and each engine as meant.
#include "tools/autoheal/init/first_configuration.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/workflows/text/glob.hpp"
#include "tools/config/configuration.hpp"

namespace autoheal::cli {
namespace {

namespace fs = std::filesystem;
using namespace workflows;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class FirstConfigurationText : public ::testing::Test {
 protected:
  FirstConfigurationText() {
    std::string name = ::testing::TempDir() + "first." + std::string(6, 'X');
    folder_ = ::mkdtemp(name.data());
    first_.folder = folder_.string();
    first_.ledger = "var/ledger.db";
    first_.reports = "logs/selftest_reports";
  }
  ~FirstConfigurationText() override { fs::remove_all(folder_); }

  // A folder with these files, and the same as good copies.
  ManagedFolder folder_of(const std::vector<ManagedFile>& files) const {
    ManagedFolder folder;
    folder.root = (folder_ / "app").string();
    folder.baseline = (folder_ / "baseline").string();
    folder.files = files;
    for (const ManagedFile& file : files) {
      fs::create_directories((folder_ / "baseline" / file.path).parent_path());
      std::ofstream(folder_ / "baseline" / file.path) << file.path;
    }
    return folder;
  }
  // Programs that may not be installed where the test runs are called by another name.
  config::Configuration loaded() {
    auto text = text_of(first_);
    EXPECT_TRUE(text.has_value());
    for (const std::string program : {"[nginx", "[systemctl"}) {
      for (auto at = text->find(program); at != std::string::npos; at = text->find(program, at))
        text->replace(at, program.size(), "[true");
    }
    std::ofstream(folder_ / "autoheal.yaml") << text.value_or("");
    auto configuration = config::load((folder_ / "autoheal.yaml").string(),
                                      {{}, [](const std::string& content) { return sha256_name(content); }});
    if (configuration) return std::move(*configuration);
    ADD_FAILURE() << to_text(configuration.error().front()) << "\n" << *text;
    return {};
  }
  NginxEngine nginx_of(ManagedFolder folder) const {
    NginxEngine engine;
    engine.name = "nginx";
    engine.folder = std::move(folder);
    engine.folder.root = "/etc/nginx";
    engine.pidfile = "/run/nginx.pid";
    engine.host = "127.0.0.1";
    return engine;
  }

  fs::path folder_;
  FirstConfiguration first_;
};

TEST_F(FirstConfigurationText, EveryNameArrivesAsItIs) {
  const std::vector<ManagedFile> files = {{"plain.conf", 0640, "root:7"},
                                          {"with blank", 0644},
                                          {"größe.conf", 0644},
                                          {"\"quoted\" and 'quoted'", 0600},
                                          {"back\\slash\\n", 0644},
                                          {"{file}: [a]*? # & * ! | > % @ `", 0755},
                                          {"- dash", 0644},
                                          {"~", 0644},
                                          {"true", 0644},
                                          {"sub/true", std::nullopt},
                                          {"sub-true", 0644}};
  first_.folders.push_back({"app", folder_of(files)});
  const config::Configuration configuration = loaded();
  ASSERT_EQ(configuration.engines.size(), 1U);
  const EngineSpec& engine = configuration.engines.front();
  EXPECT_TRUE(engine.healing.observe_only);
  EXPECT_EQ(engine.strategy, Strategy::arie);
  EXPECT_EQ(engine.root, first_.folders.front().folder.root);
  EXPECT_EQ(engine.every, std::chrono::seconds(30));
  ASSERT_EQ(engine.repair.files.size(), files.size());
  for (std::size_t index = 0; index < files.size(); ++index) {
    const FileRepair& repair = engine.repair.files[index];
    EXPECT_EQ(repair.path, files[index].path);
    EXPECT_EQ(repair.mode, files[index].mode);
    EXPECT_EQ(repair.owner, files[index].owner);
    EXPECT_EQ(repair.baseline, sha256_name(files[index].path));
    const auto& probe = std::get<FileProbe>(engine.self_test[index].what);
    EXPECT_EQ(probe.path, files[index].path);
    EXPECT_EQ(probe.mode, files[index].mode);
    EXPECT_EQ(probe.owner, files[index].owner);
    EXPECT_TRUE(glob_matches(engine.certify.hashes[index], files[index].path)) << engine.certify.hashes[index];
  }
  EXPECT_FALSE(glob_matches(engine.certify.hashes[5], "{file}: a** # & * ! | > % @ `"));
}

TEST_F(FirstConfigurationText, ANameThatDecidesAStrategyDecidesNothingHere) {
  first_.folders.push_back({"Cascade", folder_of({{"a", 0644}})});
  EXPECT_EQ(loaded().engines.front().strategy, Strategy::arie);
}

TEST_F(FirstConfigurationText, GoodCopiesElsewhereAreNamedWhole) {
  first_.folders.push_back({"app", folder_of({{"a", 0644}})});
  fs::create_directory(folder_ / "etc");
  first_.folder = (folder_ / "etc").string();
  EXPECT_THAT(*text_of(first_), HasSubstr("baseline: \"" + (folder_ / "baseline/a").string() + "\""));
}

TEST_F(FirstConfigurationText, NginxUnderSystemdIsAskedFromOutsideAndReloadedThroughItsUnit) {
  first_.nginx = nginx_of(folder_of({{"nginx.conf", 0644}}));
  first_.nginx->systemd = true;
  first_.nginx->port = 8080;
  first_.nginx->status = 301;
  EXPECT_THAT(
      *text_of(first_),
      AllOf(HasSubstr("root: \"/etc/nginx\""), HasSubstr("command: [nginx, -t]"),
            HasSubstr("tcp: { host: \"127.0.0.1\", port: 8080 }"),
            HasSubstr("http: { url: \"http://127.0.0.1:8080/\", status: 301 }"), HasSubstr("systemd: nginx.service"),
            HasSubstr("reload: [systemctl, reload-or-restart, nginx.service]"),
            HasSubstr("process: { unit: nginx.service }"),
            HasSubstr("{ path: \"nginx.conf\", baseline: \"baseline/nginx.conf\", mode: \"0644\" }"),
            Not(HasSubstr("pidfile"))));
}

TEST_F(FirstConfigurationText, NginxWithoutSystemdHasItsPidfileBelowTheRoot) {
  first_.nginx = nginx_of(folder_of({{"nginx.conf", 0644}}));
  EXPECT_THAT(*text_of(first_), AllOf(HasSubstr("root: \"/\""), HasSubstr("process: { pidfile: \"run/nginx.pid\" }"),
                                      HasSubstr("start: [nginx]"), HasSubstr("path: \"etc/nginx/nginx.conf\""),
                                      HasSubstr("- \"etc/nginx/nginx.conf\""), Not(HasSubstr("systemctl"))));
  const config::Configuration configuration = loaded();
  ASSERT_EQ(configuration.engines.size(), 1U);
  EXPECT_EQ(configuration.engines.front().root, "/");
  EXPECT_EQ(configuration.engines.front().repair.service->pidfile, "run/nginx.pid");
  EXPECT_EQ(configuration.engines.front().repair.files.front().path, "etc/nginx/nginx.conf");
}

TEST_F(FirstConfigurationText, TlsAloneIsAskedByTcpAndIpv6InBrackets) {
  first_.nginx = nginx_of(folder_of({{"nginx.conf", 0644}}));
  first_.nginx->tls = true;
  EXPECT_THAT(*text_of(first_), Not(HasSubstr("http:")));
  first_.nginx->tls = false;
  first_.nginx->host = "::1";
  EXPECT_THAT(*text_of(first_), AllOf(HasSubstr("host: \"::1\""), HasSubstr("\"http://[::1]/\"")));
}

TEST_F(FirstConfigurationText, AUnitIsAskedAndRestartedThroughSystemd) {
  first_.units.push_back({"Truth", "dev-disk\\x2d1.service"});
  EXPECT_THAT(*text_of(first_),
              AllOf(HasSubstr("strategy: generic"), HasSubstr("process: { unit: \"dev-disk\\\\x2d1.service\" }"),
                    HasSubstr("service: { systemd: \"dev-disk\\\\x2d1.service\" }")));
  const config::Configuration configuration = loaded();
  ASSERT_EQ(configuration.engines.size(), 1U);
  EXPECT_EQ(configuration.engines.front().strategy, Strategy::generic);
  EXPECT_EQ(configuration.engines.front().repair.service->restart->argv.back(), "dev-disk\\x2d1.service");
  EXPECT_EQ(std::get<ProcessProbe>(configuration.engines.front().self_test.front().what).unit,
            "dev-disk\\x2d1.service");
}

TEST_F(FirstConfigurationText, MoreThanAConfigurationMayHoldIsRefused) {
  ManagedFolder large;
  large.root = large.baseline = "/x";
  for (int number = 0; number < 5'000; ++number)
    large.files.push_back({std::string(60, 'x') + std::to_string(number), 0644});
  first_.folders.push_back({"large", std::move(large)});
  const auto refused = text_of(first_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  EXPECT_THAT(refused.error().message, HasSubstr("1 MiB"));
}

TEST(EngineNames, AreLegalAndEasyToType) {
  std::set<std::string> taken;
  EXPECT_EQ(engine_name("app", taken), "app");
  EXPECT_EQ(engine_name("app", taken), "app-2");
  EXPECT_EQ(engine_name("My App; rm -rf", taken), "My-App--rm--rf");
  EXPECT_EQ(engine_name("größe", taken), "größe");
  EXPECT_EQ(engine_name("--help", taken), "help");
  EXPECT_EQ(engine_name(".config", taken), "config");
  EXPECT_EQ(engine_name("", taken), "folder");
  EXPECT_EQ(engine_name("///", taken), "folder-2");
  EXPECT_EQ(engine_name("\xff\xfe", taken), "folder-3");
  EXPECT_EQ(engine_name(std::string(99, 'x') + "ü", taken), std::string(99, 'x'));
}

TEST(ProbeNames, AreWordsOncePerEngine) {
  std::set<std::string> taken = {"port"};
  EXPECT_EQ(probe_name("etc/app.conf", taken), "etc-app.conf");
  EXPECT_EQ(probe_name("etc-app.conf", taken), "etc-app.conf-2");
  EXPECT_EQ(probe_name("port", taken), "port-2");
  EXPECT_EQ(probe_name("a b", taken), "a_b");
  EXPECT_EQ(probe_name(std::string(300, 'x'), taken).size(), 100U);
}

}  // namespace
}  // namespace autoheal::cli
