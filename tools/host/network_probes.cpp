#include "tools/host/network_probes.hpp"

#include <netdb.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "tools/host/time_since_boot.hpp"
#include "tools/host/url.hpp"

namespace autoheal::host {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using workflows::HttpProbe;

constexpr std::uint64_t body_limit = 1U << 20U;

using Endpoints = std::vector<tcp::endpoint>;

struct Lookup {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Endpoints> found;
};

Endpoints ask_for(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  Endpoints endpoints;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return endpoints;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    tcp::endpoint endpoint;
    if (one->ai_addrlen > endpoint.capacity()) continue;
    std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen, reinterpret_cast<char*>(endpoint.data()));
    endpoint.resize(one->ai_addrlen);
    endpoint.port(port);
    endpoints.push_back(endpoint);
  }
  ::freeaddrinfo(list);
  return endpoints;
}

// The resolver has time limits of its own that may be longer than ours: then its thread ends later, alone.
Endpoints resolve(const std::string& host, std::uint16_t port, Duration limit) {
  if (auto numeric = ask_for(host, port, AI_NUMERICHOST); !numeric.empty()) return numeric;
  auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host, port] {
    auto found = ask_for(host, port, AI_ADDRCONFIG);
    const std::lock_guard lock(lookup->mutex);
    lookup->found = std::move(found);
    lookup->done.notify_all();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  lookup->done.wait_for(lock, limit, [&] { return lookup->found.has_value(); });
  return lookup->found.value_or(Endpoints{});
}

std::string reason_of(const boost::system::error_code& problem, Duration timeout) {
  if (problem == beast::error::timeout || problem == asio::error::timed_out) {
    return "no answer within " + std::to_string(timeout.count() / 1000) + " ms";
  }
  return problem.message();
}

// One connection with one deadline over all of it.
class Exchange {
 public:
  Exchange(const HttpProbe& probe, const Url& url, Duration timeout)
      : probe_(probe), url_(url), timeout_(timeout), until_(since_boot() + timeout) {}

  Verdict run() {
    const Endpoints endpoints = resolve(url_.host, url_.port, timeout_);
    if (endpoints.empty()) return fails(url_.host + " has no address");
    Verdict verdict = unknown("was not asked");
    asio::io_context io(1);
    const auto ended = [&](const std::exception_ptr& problem) { verdict = judge(problem); };
    asio::co_spawn(io, url_.tls ? ask_with_tls(endpoints) : ask_plainly(endpoints), ended);
    io.run();
    return verdict;
  }

  Verdict only_connect(const Endpoints& endpoints) {
    Verdict verdict = unknown("was not asked");
    asio::io_context io(1);
    asio::co_spawn(io, connect(endpoints), [&](const std::exception_ptr& problem) { verdict = judge(problem); });
    io.run();
    return verdict;
  }

 private:
  [[nodiscard]] Duration left() const { return std::max(Duration(1), until_ - since_boot()); }

  Verdict judge(const std::exception_ptr& problem) const {
    try {
      if (problem) std::rethrow_exception(problem);
      return found_;
    } catch (const boost::system::system_error& error) {
      return fails(url_.host + " port " + std::to_string(url_.port) + ": " + reason_of(error.code(), timeout_));
    } catch (const std::exception& error) {
      return unknown(error.what());
    }
  }

  asio::awaitable<void> connect(Endpoints endpoints) {
    beast::tcp_stream stream(co_await asio::this_coro::executor);
    stream.expires_after(left());
    co_await stream.async_connect(endpoints, asio::use_awaitable);
  }

  asio::awaitable<void> ask_plainly(Endpoints endpoints) {
    beast::tcp_stream stream(co_await asio::this_coro::executor);
    stream.expires_after(left());
    co_await stream.async_connect(endpoints, asio::use_awaitable);
    co_await ask(stream);
  }

  asio::awaitable<void> ask_with_tls(Endpoints endpoints) {
    asio::ssl::context context(asio::ssl::context::tls_client);
    context.set_default_verify_paths();
    context.set_verify_mode(asio::ssl::verify_peer);
    beast::ssl_stream<beast::tcp_stream> stream(co_await asio::this_coro::executor, context);
    stream.set_verify_callback(asio::ssl::host_name_verification(url_.host));
    boost::system::error_code is_no_address;
    asio::ip::make_address(url_.host, is_no_address);
    if (is_no_address) set_server_name(stream.native_handle());
    beast::get_lowest_layer(stream).expires_after(left());
    co_await beast::get_lowest_layer(stream).async_connect(endpoints, asio::use_awaitable);
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    co_await ask(stream);
  }

  // SSL_set_tlsext_host_name, without its cast to a pointer that is not const.
  void set_server_name(SSL* connection) {
    std::string name = url_.host;
    SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }

  template <class Stream>
  asio::awaitable<void> ask(Stream& stream) {
    http::request<http::empty_body> request(http::verb::get, url_.target, 11);
    request.set(http::field::host, url_.host_header);
    request.set(http::field::user_agent, "autoheal");
    request.set(http::field::connection, "close");
    for (const auto& [name, value] : probe_.headers) request.set(name, value);
    co_await http::async_write(stream, request, asio::use_awaitable);
    beast::flat_buffer buffer(64U << 10U);
    http::response_parser<http::string_body> answer;
    answer.body_limit(body_limit);
    co_await http::async_read_header(stream, buffer, answer, asio::use_awaitable);
    if (answer.get().result_int() != probe_.status) {
      found_ =
          fails("status " + std::to_string(answer.get().result_int()) + ", expected " + std::to_string(probe_.status));
      co_return;
    }
    if (probe_.contains.empty()) co_return;
    boost::system::error_code problem;
    co_await http::async_read(stream, buffer, answer, asio::redirect_error(asio::use_awaitable, problem));
    const bool whole = !problem || problem == http::error::body_limit || problem == asio::ssl::error::stream_truncated;
    if (!whole) throw boost::system::system_error(problem);
    if (answer.get().body().find(probe_.contains) == std::string::npos)
      found_ = fails("the answer does not contain the declared text");
  }

  const HttpProbe& probe_;
  const Url& url_;
  Duration timeout_;
  Duration until_;
  Verdict found_;
};

bool is_clean(const std::map<std::string, std::string>& headers) {
  return std::ranges::all_of(headers, [](const auto& one) {
    return (one.first + one.second).find_first_of(std::string("\r\n\0", 3)) == std::string::npos;
  });
}

}  // namespace

Verdict probe_tcp(const workflows::TcpProbe& probe, Duration timeout) {
  const HttpProbe nothing_asked;
  Url url;
  url.host = probe.host;
  url.port = probe.port;
  const Duration began = since_boot();
  const Endpoints endpoints = resolve(probe.host, probe.port, timeout);
  if (endpoints.empty()) return fails(probe.host + " has no address");
  return Exchange(nothing_asked, url, timeout - (since_boot() - began)).only_connect(endpoints);
}

Verdict probe_http(const HttpProbe& probe, Duration timeout) {
  const auto url = read_url(probe.url);
  if (!url) return unknown(url.error().message);
  if (!is_clean(probe.headers)) return unknown("a header holds a line break");
  return Exchange(probe, *url, timeout).run();
}

}  // namespace autoheal::host
