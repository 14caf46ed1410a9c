// A small real HTTP service for the demonstration: one configuration file, a pid file, start, stop, check. It refuses a
// configuration that it cannot read, as real services do.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

struct Settings {
  unsigned short port = 0;
  std::string greeting;
};

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
  const std::string& port = values["port"];
  const auto [end, fault] = std::from_chars(port.data(), port.data() + port.size(), settings.port);
  if (port.empty() || fault != std::errc() || end != port.data() + port.size() || settings.greeting.empty()) {
    std::cerr << file << ": expected lines `port = NUMBER` and `greeting = TEXT`\n";
    return std::nullopt;
  }
  return settings;
}

void serve(tcp::acceptor& acceptor, const Settings& settings) {
  while (true) {
    boost::system::error_code error;
    tcp::socket socket(acceptor.get_executor());
    acceptor.accept(socket, error);
    if (error) continue;
    boost::beast::flat_buffer buffer;
    http::request<http::empty_body> request;
    http::read(socket, buffer, request, error);
    if (error) continue;
    const bool known = request.target() == "/health";
    http::response<http::string_body> answer(known ? http::status::ok : http::status::not_found, request.version());
    answer.set(http::field::content_type, "text/plain");
    answer.body() = known ? settings.greeting + "\n" : "not here\n";
    answer.keep_alive(false);
    answer.prepare_payload();
    http::write(socket, answer, error);
    socket.shutdown(tcp::socket::shutdown_both, error);
  }
}

pid_t pid_in(const std::string& pidfile) {
  std::ifstream stream(pidfile);
  pid_t pid = 0;
  return stream >> pid ? pid : 0;
}

// A process that was killed and that nobody has waited for yet has a number still, but is no more.
bool lives(pid_t pid) {
  std::ifstream stream("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(stream, line);
  const auto name_end = line.rfind(')');
  return name_end != std::string::npos && line.size() > name_end + 2 && line[name_end + 2] != 'Z' &&
         line[name_end + 2] != 'X';
}

// Returns once the port listens, so that nobody has to guess when the service is up.
int start(const std::string& config, const std::string& pidfile) {
  const auto settings = read_settings(config);
  if (!settings) return 2;
  if (const pid_t running = pid_in(pidfile); running > 0 && lives(running)) return 0;
  asio::io_context context;
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
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, number);
  serve(acceptor, *settings);
  return 0;
}

int stop(const std::string& pidfile) {
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

int free_port() {
  asio::io_context context;
  const tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  std::cout << acceptor.local_endpoint().port() << "\n";
  return 0;
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
