#include "tools/host/probe/http_exchange.hpp"

#include <netdb.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/core.h>
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

#include "tools/host/probe/http_answer.hpp"
#include "tools/host/probe/name_lookup.hpp"
#include "tools/host/probe/url.hpp"
#include "tools/host/system/own_delay.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::size_t read_at_once = 16U << 10U;

struct Lookup {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Result<Endpoints>> found;
};

// The resolver has time limits of its own that may be longer than ours: then its thread ends later, alone.
Result<Endpoints> resolve(const std::string& host, std::uint16_t port, Duration limit) {
  if (auto numeric = look_up(host, port, AI_NUMERICHOST)) return numeric;
  auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host, port] {
    auto found = look_up(host, port, AI_ADDRCONFIG);
    const std::lock_guard lock(lookup->mutex);
    lookup->found = std::move(found);
    lookup->done.notify_all();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  lookup->done.wait_for(lock, limit, [&] { return lookup->found.has_value(); });
  if (!lookup->found) return not_looked_up(host, fmt::format("no answer within {} ms", limit.count() / 1000));
  return *lookup->found;
}

// A fault of this machine says nothing about the service that would answer.
bool is_our_own(const boost::system::error_code& problem) {
  constexpr std::array own = {ENETUNREACH, ENETDOWN, EADDRNOTAVAIL, ENOBUFS, ENOMEM, EMFILE, ENFILE, EACCES, EPERM};
  return problem.category() == boost::system::system_category() && std::ranges::find(own, problem.value()) != own.end();
}

std::string why_not_reached(const boost::system::error_code& problem, Duration timeout) {
  if (problem == beast::error::timeout || problem == asio::error::timed_out) {
    return fmt::format("no answer within {} ms", timeout.count() / 1000);
  }
  return problem.message();
}

// One connection with one deadline over all of it.
class Exchange {
 public:
  Exchange(const HttpRequest& request, const Url& url, Duration timeout)
      : request_(request), url_(url), timeout_(timeout) {}

  Result<HttpAnswer> run() {
    const auto endpoints = resolve(url_.host, url_.port, timeout_);
    AUTOHEAL_TRY(endpoints);
    return finished(url_.tls ? &Exchange::ask_with_tls : &Exchange::ask_plainly, *endpoints);
  }
  Result<void> only_connect(const Endpoints& endpoints) {
    AUTOHEAL_TRY(finished(&Exchange::connect, endpoints));
    return {};
  }

 private:
  using Way = asio::awaitable<void> (Exchange::*)(Endpoints endpoints);

  Result<HttpAnswer> finished(Way way, const Endpoints& endpoints) {
    // From here on: what the resolver took is not the other side's.
    const LimitWatch limit(timeout_);
    until_ = limit.until();
    std::exception_ptr problem;
    asio::io_context io(1);
    asio::co_spawn(io, (this->*way)(endpoints), [&](const std::exception_ptr& thrown) { problem = thrown; });
    io.run();
    try {
      if (problem) std::rethrow_exception(problem);
      if (problem_) return failure(problem_->kind, place() + ": " + problem_->message);
      return std::move(answer_);
    } catch (const boost::system::system_error& error) {
      const std::string why = place() + ": " + why_not_reached(error.code(), timeout_);
      if (since_boot() >= until_ && limit.kept_waiting()) return failure(ErrorKind::failed, why + "; " + no_processor);
      return failure(is_our_own(error.code()) ? ErrorKind::failed : ErrorKind::unavailable, why);
    } catch (const std::exception& error) {
      return failure(ErrorKind::failed, error.what());
    }
  }

  [[nodiscard]] std::string place() const { return fmt::format("{} port {}", url_.host, url_.port); }
  [[nodiscard]] Duration left() const { return std::max(Duration(1), until_ - since_boot()); }

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
    http::request<http::string_body> request(http::verb::get, url_.target, 11);
    request.method_string(request_.method);
    request.set(http::field::host, url_.host_header);
    request.set(http::field::user_agent, "autoheal");
    request.set(http::field::accept, "*/*");
    request.set(http::field::connection, "close");
    for (const auto& [name, value] : request_.headers) request.set(name, value);
    request.body() = request_.body;
    if (!request_.body.empty() || request_.method != "GET") request.content_length(request_.body.size());
    boost::system::error_code unsent;  // who answers before he has read all of a request may be heard all the same
    co_await http::async_write(stream, request, asio::redirect_error(asio::use_awaitable, unsent));
    HttpAnswerReader reader({request_.body_limit, request_.body_only_of, request_.method == "HEAD"});
    std::string piece(read_at_once, '\0');
    while (!reader.done()) {
      boost::system::error_code problem;
      const std::size_t got =
          co_await stream.async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, problem));
      const bool ends = problem == asio::error::eof || problem == asio::ssl::error::stream_truncated;
      if (problem && !ends) throw boost::system::system_error(unsent ? unsent : problem);
      auto taken = reader.take(std::string_view(piece).substr(0, got));
      if (taken && ends) taken = reader.ended();
      if (!taken) {
        problem_ = std::move(taken.error());
        co_return;
      }
    }
    answer_.status = reader.status();
    answer_.body = std::move(reader.body());
  }

  const HttpRequest& request_;
  const Url& url_;
  Duration timeout_;
  Duration until_{0};
  HttpAnswer answer_;
  std::optional<Error> problem_;  // what came instead of an answer
};

bool is_clean(const std::map<std::string, std::string>& headers) {
  return std::ranges::all_of(headers, [](const auto& one) {
    return (one.first + one.second).find_first_of(std::string("\r\n\0", 3)) == std::string::npos;
  });
}

}  // namespace

Result<void> connect_to(const std::string& host, std::uint16_t port, Duration timeout) {
  const HttpRequest nothing_asked;
  Url url;
  url.host = host;
  url.port = port;
  const auto endpoints = resolve(host, port, timeout);
  AUTOHEAL_TRY(endpoints);
  return Exchange(nothing_asked, url, timeout).only_connect(*endpoints);
}

Result<HttpAnswer> send_request(const HttpRequest& request, Duration timeout) {
  const auto url = read_url(request.url);
  if (!url) return failure(ErrorKind::invalid, url.error().message);
  if (!is_clean(request.headers)) return failure(ErrorKind::invalid, "a header holds a line break");
  return Exchange(request, *url, timeout).run();
}

}  // namespace autoheal::host
