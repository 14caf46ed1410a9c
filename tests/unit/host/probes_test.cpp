#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>

#include <array>
#include <atomic>
#include <thread>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/unit/host/host_fixture.hpp"
#include "tools/host/probe/local_probes.hpp"
#include "tools/host/probe/url.hpp"
#include "tools/host/system/access_lists.hpp"

namespace autoheal::host {
namespace {

using namespace workflows;

// Answers every connection with the same bytes after it has read a request's head; with none, it never answers.
class LocalServer {
 public:
  explicit LocalServer(std::string answer)
      : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  ~LocalServer() {
    thread_.request_stop();
    ::shutdown(listener_.get(), SHUT_RDWR);
  }
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }

 private:
  void serve(const std::stop_token& stop) {
    std::vector<UniqueFd> silent;
    while (!stop.stop_requested()) {
      UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection) return;
      if (answer_.empty()) {
        silent.push_back(std::move(connection));
        continue;
      }
      std::string request;
      std::array<char, 4096> piece;
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::read(connection.get(), piece.data(), piece.size());
        if (got <= 0) break;
        request.append(piece.data(), static_cast<std::size_t>(got));
      }
      for (std::size_t sent = 0; sent < answer_.size();) {
        const ssize_t written = ::send(connection.get(), answer_.data() + sent, answer_.size() - sent, MSG_NOSIGNAL);
        if (written <= 0) break;
        sent += static_cast<std::size_t>(written);
      }
    }
  }

  std::string answer_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

class ProbesTest : public HostTest {
 protected:
  template <class What>
  ProbeResult probe(What what, Duration timeout = std::chrono::seconds(5)) {
    return host().probe(spec_, Probe{"probe", timeout, true, std::move(what)}, mark_);
  }
  template <class What>
  ProbeVerdict verdict(What what, Duration timeout = std::chrono::seconds(5)) {
    return probe(std::move(what), timeout).verdict;
  }
  ProgramRun run(const std::string& text) {
    return {{script("probe.sh", text).string()}, spec_.root, {}, {}, std::chrono::seconds(5)};
  }
};

TEST_F(ProbesTest, File) {
  write("a.conf", "text", 0640);
  FileProbe file{"a.conf", "baseline/a.conf", sha256_name("text"), {}, 0640, {}};
  EXPECT_EQ(verdict(file), ProbeVerdict::pass);
  file.mode = 0600;
  EXPECT_EQ(verdict(file), ProbeVerdict::fail);
  file.mode.reset();
  file.baseline = sha256_name("other");
  EXPECT_EQ(verdict(file), ProbeVerdict::fail);
  file.baseline.clear();
  file.sha256 = sha256_name("text").substr(7);
  EXPECT_EQ(verdict(file), ProbeVerdict::pass);
  file.owner = std::to_string(::geteuid()) + ":" + std::to_string(::getegid());
  EXPECT_EQ(verdict(file), ProbeVerdict::pass);
  EXPECT_EQ(verdict(FileProbe{"missing", {}, {}, {}, {}, {}}), ProbeVerdict::fail);
  EXPECT_EQ(verdict(FileProbe{"../outside", {}, {}, {}, {}, {}}), ProbeVerdict::fail);
  ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(verdict(FileProbe{"fifo", {}, {}, {}, {}, {}}), ProbeVerdict::fail);
}

TEST_F(ProbesTest, FileTellsAnAccessListThatIsNotDeclared) {
  write("a.conf", "text", 0640);
  const auto give = [&](const std::string& acl, unsigned mode) {
    const UniqueFd open(::open((root_ / "a.conf").c_str(), O_PATH | O_CLOEXEC));
    return set_access_list(open.get(), acl, mode).has_value() && ::chmod((root_ / "a.conf").c_str(), mode) == 0;
  };
  FileProbe file{"a.conf", {}, {}, {}, 0640, {}, "none"};
  EXPECT_EQ(verdict(file), ProbeVerdict::pass);
  if (!give("user:33:rw-,group::r--", 0640)) GTEST_SKIP() << "no access lists on this file system";
  EXPECT_EQ(probe(file).message, "a.conf has an access list (user:33:rw-,group::r--), none was declared");
  file.acl.reset();
  EXPECT_EQ(verdict(file), ProbeVerdict::pass) << "only where it is declared";
  file.acl = "user:33:rw";
  EXPECT_EQ(verdict(file), ProbeVerdict::pass) << "the mode is declared: it is the mask";
  file.mode.reset();
  EXPECT_EQ(verdict(file), ProbeVerdict::fail) << "without a mode it is all that the entries ask for";
  file.acl = "user:33:rw,mask::r";
  EXPECT_EQ(verdict(file), ProbeVerdict::pass);
  file.acl = "user:33:rw,group::rw,mask::r";
  EXPECT_EQ(verdict(file), ProbeVerdict::fail);
  file.acl = "user:34:rw";
  EXPECT_EQ(verdict(file), ProbeVerdict::fail);
  ASSERT_TRUE(give("", 0640));
  EXPECT_EQ(verdict(file), ProbeVerdict::fail) << "it is gone";
  file.acl = "user:nobody-has-this-name:r";
  EXPECT_EQ(verdict(file), ProbeVerdict::unknown);
}

TEST_F(ProbesTest, LinkTellsWhatIsThereInstead) {
  const LinkProbe link{"current", "releases/2"};
  EXPECT_EQ(probe(link).message, "current is missing: a link to releases/2 belongs there");
  fs::create_symlink("releases/1", root_ / "current");
  EXPECT_EQ(probe(link).message, "current points to releases/1, not to releases/2");
  fs::remove(root_ / "current");
  fs::create_symlink("./releases/2", root_ / "current");
  EXPECT_EQ(verdict(link), ProbeVerdict::fail) << "as written";
  fs::remove(root_ / "current");
  fs::create_symlink("releases/2", root_ / "current");
  EXPECT_EQ(verdict(link), ProbeVerdict::pass) << "whether or not anything is there";
  fs::remove(root_ / "current");
  write("current", "releases/2");
  EXPECT_EQ(probe(link).message, "current is a file: a link to releases/2 belongs there");
  fs::remove(root_ / "current");
  fs::create_directory(root_ / "current");
  EXPECT_EQ(probe(link).message, "current is a folder: a link to releases/2 belongs there");
  EXPECT_EQ(verdict(LinkProbe{"missing/current", "x"}), ProbeVerdict::fail);
  EXPECT_EQ(verdict(LinkProbe{"../outside", "x"}), ProbeVerdict::fail);
}

TEST_F(ProbesTest, APipeInAFilesPlaceIsCalledWhatItIs) {
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0644), 0);
  const std::string problem = "pipe is a pipe, a socket or a device, not a file";
  EXPECT_EQ(probe(FileProbe{"pipe", {}, {}, {}, 0644, {}}).message, problem);
  EXPECT_EQ(probe(EnvProbe{"pipe", {"PORT"}, {}}).message, problem);
  EXPECT_EQ(probe(SettingsProbe{"pipe", {}, {"/port"}}).message, problem);
  EXPECT_EQ(probe(LinkProbe{"pipe", "a"}).message, "pipe is a pipe, a socket or a device: a link to a belongs there");
}

TEST_F(ProbesTest, EnvSaysWhatStandsInTheFilesPlace) {
  const EnvProbe env{".env", {"PORT"}, {}};
  EXPECT_EQ(probe(env).message, ".env is missing");
  fs::create_directory(root_ / ".env");
  EXPECT_EQ(probe(env).message, ".env is a folder, not a file");
}

TEST_F(ProbesTest, EnvNeverTellsAValue) {
  write(".env", "PORT=8080\nexport TOKEN='s3cret'\n");
  EXPECT_EQ(verdict(EnvProbe{".env", {"PORT", "TOKEN"}, {{"PORT", "8080"}}}), ProbeVerdict::pass);
  const auto result = probe(EnvProbe{".env", {"HOST"}, {{"TOKEN", "wanted"}}});
  EXPECT_EQ(result.verdict, ProbeVerdict::fail);
  EXPECT_EQ(result.message, ".env: HOST is not set, TOKEN is not as declared");
}

TEST_F(ProbesTest, SettingsTellWhatIsThereAndWhatIsWanted) {
  write("a.yaml", "server:\n  port: 80\n  v: 1.1\n  on: yes\n  name:\ndb: {password: s3cret}\n");
  write("a.json", "{\"server\": {\"port\": 8080}, \"l\": [1]}");
  EXPECT_EQ(verdict(SettingsProbe{"a.yaml", {{"/server/port", "80"}, {"/db/password", "\"s3cret\""}}, {"/server"}}),
            ProbeVerdict::pass);
  EXPECT_EQ(verdict(SettingsProbe{"a.json", {{"/server/port", "8080"}}, {"/l/0"}}), ProbeVerdict::pass);
  const auto message = [&](SettingsProbe wanted) {
    const auto result = probe(std::move(wanted));
    EXPECT_EQ(result.verdict, ProbeVerdict::fail);
    return result.message;
  };
  EXPECT_EQ(message({"a.yaml", {{"/server/port", "8080"}, {"/server/v", "1.10"}}, {"/server/name", "/x"}}),
            "a.yaml: /server/name is null, /x is missing, /server/port is 80, not 8080, /server/v is 1.1, not 1.10");
  EXPECT_EQ(message({"a.yaml", {{"/server/port", "\"80\""}}, {}}), "a.yaml: /server/port is 80, not \"80\"");
  EXPECT_EQ(message({"a.yaml", {{"/server/on", "true"}}, {}}),
            "a.yaml: /server/on is yes (which readers of YAML do not agree on), not true");
  EXPECT_EQ(message({"a.yaml", {{"/db/password", "\"other\""}}, {}}), "a.yaml: /db/password is not as declared");
  EXPECT_EQ(message({"a.json", {{"/l", "1"}}, {}}), "a.json: /l is a list, not 1");
  EXPECT_EQ(message({"none.json", {{"/l", "1"}}, {}}), "none.json is missing");
}

TEST_F(ProbesTest, SettingsThatCannotBeReadAreNamedByPlace) {
  write("a.yaml", "a: 1\nb: [\n");
  write("b.json", "{\"a\": 1,}");
  write("c.yaml", "---\na: 1\n---\na: 1\n");
  EXPECT_THAT(probe(SettingsProbe{"a.yaml", {}, {"/a"}}).message,
              ::testing::HasSubstr("a.yaml: not read as YAML at line 3"));
  EXPECT_THAT(probe(SettingsProbe{"b.json", {}, {"/a"}}).message,
              ::testing::HasSubstr("b.json: not read as JSON at line 1"));
  EXPECT_THAT(probe(SettingsProbe{"c.yaml", {}, {"/a"}}).message,
              ::testing::HasSubstr("2 documents stand in the file"));
}

TEST_F(ProbesTest, Tcp) {
  std::uint16_t port = 0;
  {
    const LocalServer server("x");
    port = server.port();
    EXPECT_EQ(verdict(TcpProbe{"127.0.0.1", port}), ProbeVerdict::pass);
    EXPECT_EQ(verdict(TcpProbe{"localhost", port}), ProbeVerdict::pass);
  }
  EXPECT_EQ(verdict(TcpProbe{"127.0.0.1", port}), ProbeVerdict::fail);
  const auto unresolved = probe(TcpProbe{"no-such-host.invalid", port});
  EXPECT_EQ(unresolved.verdict, ProbeVerdict::unknown) << "a resolver's trouble is not the service's";
  EXPECT_THAT(unresolved.message, ::testing::HasSubstr("the address of no-such-host.invalid is not known here"));
}

TEST_F(ProbesTest, Http) {
  const LocalServer server("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nhealthy");
  EXPECT_EQ(verdict(HttpProbe{server.url("/health?x=1"), 200, "health", {{"X-Mine", "1"}}}), ProbeVerdict::pass);
  const auto result = probe(HttpProbe{server.url(), 204, {}, {}});
  EXPECT_EQ(result.verdict, ProbeVerdict::fail);
  EXPECT_EQ(result.message, "status 200, expected 204");
  EXPECT_EQ(verdict(HttpProbe{server.url(), 200, "sick", {}}), ProbeVerdict::fail);
  EXPECT_EQ(verdict(HttpProbe{server.url(), 200, {}, {{"X", "a\r\nY: b"}}}), ProbeVerdict::unknown);
  EXPECT_EQ(verdict(HttpProbe{"file:///etc/passwd", 200, {}, {}}), ProbeVerdict::unknown);
  EXPECT_EQ(verdict(HttpProbe{"https://127.0.0.1:" + std::to_string(server.port()), 200, {}, {}},
                    std::chrono::milliseconds(200)),
            ProbeVerdict::fail);
}

TEST_F(ProbesTest, AnswersThatBrowsersAcceptPass) {
  const std::string body = "Content-Length: 3\r\n\r\nok\n";
  std::string cookies;
  for (int number = 0; number < 100; ++number) cookies += "Set-Cookie: c=" + std::string(110, 'v') + "\r\n";
  for (const std::string& answer :
       {"HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\nHTTP/1.1 200 OK\r\n" + body,
        "HTTP/1.1 200 OK\r\n" + cookies + body, "HTTP/1.1 200\r\n" + body, std::string("HTTP/1.0 200 OK\n\nok\n")}) {
    LocalServer server(answer);
    for (const std::string text : {"", "ok"}) {
      const auto result = probe(HttpProbe{server.url(), 200, text, {}});
      EXPECT_EQ(result.verdict, ProbeVerdict::pass) << result.message << "\n" << answer.substr(0, 200);
    }
  }
  LocalServer other("SSH-2.0-OpenSSH_9.2\r\n");
  const auto result = probe(HttpProbe{other.url(), 200, {}, {}});
  EXPECT_EQ(result.verdict, ProbeVerdict::fail);
  EXPECT_NE(result.message.find("is no HTTP answer"), std::string::npos) << result.message;
}

TEST_F(ProbesTest, HttpIsLimitedInTimeAndSize) {
  const LocalServer silent("");
  const auto late = probe(HttpProbe{silent.url(), 200, {}, {}}, std::chrono::milliseconds(200));
  EXPECT_EQ(late.verdict, ProbeVerdict::fail);
  EXPECT_NE(late.message.find("no answer within 200 ms"), std::string::npos) << late.message;
  EXPECT_LT(late.took, std::chrono::seconds(10));
  const LocalServer large("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbegin" + std::string(3U << 20U, 'x') + "end");
  EXPECT_EQ(verdict(HttpProbe{large.url(), 200, {}, {}}), ProbeVerdict::pass);
  EXPECT_EQ(verdict(HttpProbe{large.url(), 200, "end", {}}), ProbeVerdict::fail);
  EXPECT_EQ(verdict(HttpProbe{large.url(), 200, "begin", {}}), ProbeVerdict::pass);
}

TEST_F(ProbesTest, CommandAndPlugin) {
  EXPECT_EQ(verdict(CommandProbe{run("exit 0\n")}), ProbeVerdict::pass);
  EXPECT_EQ(verdict(CommandProbe{run("exit 3\n")}), ProbeVerdict::fail);
  EXPECT_EQ(verdict(CommandProbe{{{"/usr/lib/gone/check"}, spec_.root, {}, {}, std::chrono::seconds(5)}}),
            ProbeVerdict::unknown)
      << "a program of the machine's that is just being replaced";
  EXPECT_EQ(verdict(CommandProbe{{{spec_.root + "/bin/gone"}, spec_.root, {}, {}, std::chrono::seconds(5)}}),
            ProbeVerdict::unknown)
      << "no repair of the engine would bring it back";
  spec_.repair.links.push_back({"bin", "builds/3"});
  EXPECT_EQ(verdict(CommandProbe{{{spec_.root + "/bin/gone"}, spec_.root, {}, {}, std::chrono::seconds(5)}}),
            ProbeVerdict::fail)
      << "one that the engine has lost and repairs";
  EXPECT_EQ(verdict(CommandProbe{run("sleep 60\n")}, std::chrono::milliseconds(100)), ProbeVerdict::fail);
  EXPECT_EQ(verdict(PluginProbe{run("exit 0\n"), false}), ProbeVerdict::pass);
  EXPECT_EQ(verdict(PluginProbe{run("exit 1\n"), false}), ProbeVerdict::warning);
  EXPECT_EQ(verdict(PluginProbe{run("exit 1\n"), true}), ProbeVerdict::fail);
  const auto critical = probe(PluginProbe{run("echo 'DISK CRITICAL'; exit 2\n"), false});
  EXPECT_EQ(critical.verdict, ProbeVerdict::fail);
  EXPECT_EQ(critical.message, "exit status 2: DISK CRITICAL");
  EXPECT_EQ(verdict(PluginProbe{run("exit 3\n"), false}), ProbeVerdict::unknown);
  EXPECT_EQ(verdict(PluginProbe{run("exit 64\n"), false}), ProbeVerdict::unknown);
  EXPECT_EQ(verdict(PluginProbe{run("kill -9 $$\n"), false}), ProbeVerdict::unknown);
}

TEST_F(ProbesTest, Process) {
  write("run/app.pid", std::to_string(::getpid()) + "\n");
  EXPECT_EQ(verdict(ProcessProbe{"run/app.pid"}), ProbeVerdict::pass);
  ServiceRepair service;
  service.pidfile = "run/app.pid";
  EXPECT_EQ(host().service_status(spec_, service).state, ServiceState::running);
  for (const std::string content : {"", "0", "-1", "12x", "99999999999", "4194304"}) {
    write("run/app.pid", content);
    EXPECT_EQ(verdict(ProcessProbe{"run/app.pid"}), ProbeVerdict::fail) << content;
  }
  const pid_t zombie = ::fork();
  if (zombie == 0) ::_exit(0);
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(zombie), &ended, WEXITED | WNOWAIT);
  write("run/app.pid", std::to_string(zombie));
  EXPECT_EQ(host().service_status(spec_, service).state, ServiceState::stopped);
  ::waitid(P_PID, static_cast<id_t>(zombie), &ended, WEXITED);
}

class HaltedProcess {
 public:
  HaltedProcess() : pid_(::fork()) {
    if (pid_ == 0) {
      while (true) ::pause();
    }
    ::kill(pid_, SIGSTOP);
    siginfo_t stopped{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &stopped, WSTOPPED);
  }
  ~HaltedProcess() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  HaltedProcess(const HaltedProcess&) = delete;
  HaltedProcess& operator=(const HaltedProcess&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }
  void go_on() const {
    ::kill(pid_, SIGCONT);
    siginfo_t continued{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &continued, WCONTINUED);
  }

 private:
  pid_t pid_;
};

// It lives, and does nothing: restarting it is the only help.
TEST_F(ProbesTest, AProcessThatIsHalted) {
  const HaltedProcess process;
  write("run/app.pid", std::to_string(process.pid()) + "\n");
  EXPECT_EQ(verdict(ProcessProbe{"run/app.pid"}), ProbeVerdict::fail);
  EXPECT_EQ(probe(ProcessProbe{"run/app.pid"}).message,
            "process " + std::to_string(process.pid()) + " of run/app.pid is halted (SIGSTOP) and does nothing");
  process.go_on();
  EXPECT_EQ(verdict(ProcessProbe{"run/app.pid"}), ProbeVerdict::pass);
}

TEST(UnitProbe, PassesWhileTheUnitIsActiveAndItsMainProcessIsNotHalted) {
  const auto judged = [](ServiceState state, long process) {
    ServiceStatus status;
    status.state = state;
    status.why = "in its manager's words";
    status.main_process = process;
    return judge_unit("app.service", status);
  };
  EXPECT_EQ(judged(ServiceState::running, ::getpid()).verdict, ProbeVerdict::pass);
  EXPECT_EQ(judged(ServiceState::running, 0).verdict, ProbeVerdict::pass) << "a target, or one that ran to its end";
  EXPECT_EQ(judged(ServiceState::reloading, ::getpid()).verdict, ProbeVerdict::pass);
  for (const ServiceState state : {ServiceState::stopped, ServiceState::starting, ServiceState::stopping,
                                   ServiceState::failed, ServiceState::held_back}) {
    EXPECT_EQ(judged(state, 0).verdict, ProbeVerdict::fail);
    EXPECT_EQ(judged(state, 0).message, "app.service is in its manager's words");
  }
  EXPECT_EQ(judged(ServiceState::unknown, 0).verdict, ProbeVerdict::unknown) << "nobody could be asked";
  const HaltedProcess process;
  EXPECT_EQ(judged(ServiceState::running, process.pid()).verdict, ProbeVerdict::fail);
}

TEST(UrlTest, ReadsAndRefuses) {
  const auto url = read_url("https://[::1]:8443/a?b=c#d");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->host_header, "[::1]:8443");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a?b=c");
  EXPECT_EQ(read_url("http://host?x")->target, "/?x");
  for (const std::string bad : {"ftp://host", "http://", "http://u:p@host/", "http://host:0/", "http://host:99999/",
                                "http://host/\r\n", "http://ho st/"}) {
    EXPECT_FALSE(read_url(bad)) << bad;
  }
}

}  // namespace
}  // namespace autoheal::host
