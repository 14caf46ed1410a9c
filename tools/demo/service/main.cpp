// A small real HTTP service for the demonstration: one configuration file, a pid file, start, stop, check. It refuses a
// configuration that it cannot read, as real services do. One with an upstream begins a session there when it starts,
// and knows no way back when the upstream is another process later: it has to be restarted, after its upstream.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <string>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

struct Settings {
  unsigned short port = 0;
  unsigned short upstream = 0;  // its port; 0: it needs nobody
  std::string greeting;
};

bool take_port(const std::string& text, unsigned short& into) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), into);
  return fault == std::errc() && end == text.data() + text.size() && into != 0;
}

// "name = value" lines; empty with a message on stderr where one is missing or wrong.
std::optional<Settings> read_settings(const std::string& file) {
  std::ifstream stream(file);
  std::map<std::string, std::string> values;
  for (std::string line; std::getline(stream, line);) {
    const auto equals = line.find(" = ");
    if (equals == std::string::npos) continue;
    values[line.substr(0, equals)] = line.substr(equals + 3);
  }
  Settings settings;
  settings.greeting = values["greeting"];
  const bool upstream_is_right = !values.contains("upstream") || take_port(values["upstream"], settings.upstream);
  if (!take_port(values["port"], settings.port) || !upstream_is_right || settings.greeting.empty()) {
    std::cerr << file << ": expected lines `port = NUMBER`, `greeting = TEXT` and perhaps `upstream = PORT`\n";
    return std::nullopt;
  }
  return settings;
}

// The session that the upstream keeps: its process. Empty where it does not answer.
std::string session_at(asio::io_context& context, unsigned short upstream) {
  boost::system::error_code error;
  tcp::socket socket(context);
  socket.connect({asio::ip::address_v4::loopback(), upstream}, error);
  http::request<http::empty_body> request(http::verb::get, "/session", 11);
  request.set(http::field::host, "localhost");
  if (!error) http::write(socket, request, error);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> answer;
  if (!error) http::read(socket, buffer, answer, error);
  return error ? "" : answer.body();
}

// Its answer to a request; `session` is the one that began when it started.
http::response<http::string_body> answer_to(const http::request<http::empty_body>& request, const Settings& settings,
                                            asio::io_context& context, const std::string& session) {
  http::response<http::string_body> answer(http::status::ok, request.version());
  if (request.target() == "/health") {
    answer.body() = settings.greeting + "\n";
  } else if (request.target() == "/session") {
    answer.body() = std::to_string(::getpid());
  } else if (request.target() == "/chain") {
    const bool holds = settings.upstream == 0 || session_at(context, settings.upstream) == session;
    answer.result(holds ? http::status::ok : http::status::service_unavailable);
    answer.body() = holds ? "the chain holds\n" : "the upstream is not the one of my session\n";
  } else if (request.target() == "/end") {
    answer.body() = "I end\n";
  } else {
    answer.result(http::status::not_found);
    answer.body() = "not here\n";
  }
  return answer;
}

// Until somebody asks for its end.
void serve(tcp::acceptor& acceptor, const Settings& settings, asio::io_context& context, const std::string& session) {
  while (true) {
    boost::system::error_code error;
    tcp::socket socket(acceptor.get_executor());
    acceptor.accept(socket, error);
    if (error) continue;
    boost::beast::flat_buffer buffer;
    http::request<http::empty_body> request;
    http::read(socket, buffer, request, error);
    if (error) continue;
    auto answer = answer_to(request, settings, context, session);
    answer.set(http::field::content_type, "text/plain");
    answer.keep_alive(false);
    answer.prepare_payload();
    http::write(socket, answer, error);
    socket.shutdown(tcp::socket::shutdown_both, error);
    if (request.target() == "/end") return;
  }
}

pid_t pid_in(const std::string& pidfile) {
  std::ifstream stream(pidfile);
  pid_t pid = 0;
  return stream >> pid ? pid : 0;
}

// A process that ended counts as gone, also where nobody has collected it.
bool lives(pid_t pid) {
  const int process = pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1;
  if (process < 0) return false;
  pollfd ended{process, POLLIN, 0};
  const bool alive = ::poll(&ended, 1, 0) == 0;
  ::close(process);
  return alive;
}

// Starts and stops of one service, one after the other, from any caller: held until its descriptor is closed.
int take_turn(const std::string& pidfile) {
  const int lock = ::open((pidfile + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  while (lock >= 0 && ::flock(lock, LOCK_EX) != 0 && errno == EINTR) {
  }
  return lock;
}

// Returns once the port listens, so that nobody has to guess when the service is up.
int start(const std::string& config, const std::string& pidfile) {
  const auto settings = read_settings(config);
  if (!settings) return 2;
  const int turn = take_turn(pidfile);  // until this process ends
  if (lives(pid_in(pidfile))) return 0;
  asio::io_context context;
  const std::string session = settings->upstream != 0 ? session_at(context, settings->upstream) : "";
  if (settings->upstream != 0 && session.empty()) {
    std::cerr << "the upstream at port " << settings->upstream << " does not answer: start it first\n";
    return 5;
  }
  boost::system::error_code error;
  tcp::acceptor acceptor(context);
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), settings->port);
  acceptor.open(endpoint.protocol(), error);
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    std::cerr << "port " << settings->port << ": " << error.message() << "\n";
    return 3;
  }
  context.notify_fork(asio::execution_context::fork_prepare);
  const pid_t child = ::fork();
  if (child != 0) {
    std::ofstream(pidfile) << child << "\n";
    return child > 0 ? 0 : 4;
  }
  context.notify_fork(asio::execution_context::fork_child);
  ::setsid();
  ::close(turn);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, number);
  serve(acceptor, *settings, context, session);
  return 0;
}

int stop(const std::string& pidfile) {
  take_turn(pidfile);
  const pid_t pid = pid_in(pidfile);
  std::filesystem::remove(pidfile);
  if (pid <= 0) return 0;
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  ::kill(pid, SIGTERM);
  if (process >= 0) {
    pollfd ended{process, POLLIN, 0};
    ::poll(&ended, 1, 5000);
    ::close(process);
  }
  return 0;
}

// Below the ports that the kernel gives to outgoing connections: one of those could take it while the service is down.
int free_port() {
  asio::io_context context;
  std::random_device random;
  std::uniform_int_distribution<unsigned short> between(20'000, 31'999);
  for (int tries = 0; tries < 100; ++tries) {
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), between(random));
    boost::system::error_code error;
    tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.bind(endpoint, error);
    if (error) continue;
    std::cout << endpoint.port() << "\n";
    return 0;
  }
  std::cerr << "no free port was found\n";
  return 3;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "start" && argc == 4) return start(argv[2], argv[3]);
  if (command == "stop" && argc == 3) return stop(argv[2]);
  if (command == "check" && argc == 3) return read_settings(argv[2]) ? 0 : 2;
  if (command == "free-port" && argc == 2) return free_port();
  std::cerr << "usage: demo-service start CONFIG PIDFILE | stop PIDFILE | check CONFIG | free-port\n";
  return 64;
}
