#include "tools/outward/client.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "tools/host/probe/http_answer.hpp"

namespace autoheal::outward {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

using boost::system::error_code;
using Moment = std::chrono::steady_clock::time_point;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t read_at_once = 8U << 10U;

std::string place_of(const Url& url) { return fmt::format("{} port {}", url.host, url.port); }

std::unexpected<Error> no_answer(const Url& url, const std::string& why) {
  return failure(ErrorKind::unavailable, fmt::format("{}: {}", place_of(url), why));
}

bool is_clean(const Request& request) {
  return std::ranges::all_of(request.headers, [](const auto& one) {
    return (one.first + one.second).find_first_of(std::string("\r\n\0", 3)) == std::string::npos;
  });
}

Result<void> check_all(const Endpoints& endpoints, const Request& request) {
  if (endpoints.empty()) return host::not_looked_up(request.url.host, "it has none");
  for (const auto& endpoint : endpoints) {
    auto allowed = request.allow.check(endpoint.address(), request.url.host);
    if (!allowed) {
      return failure(ErrorKind::refused, fmt::format("{}: {}", place_of(request.url), allowed.error().message),
                     allowed.error().hint);
    }
  }
  return {};
}

std::string words_of(const error_code& problem, const Limits& limits) {
  if (problem == beast::error::timeout) return fmt::format("no answer within {} ms", limits.all.count() / 1000);
  if (problem == asio::error::eof || problem == asio::ssl::error::stream_truncated)
    return "it closed the connection without an answer";
  return problem.message();
}

http::request<http::string_body> message_of(const Request& request) {
  http::request<http::string_body> message(http::verb::post, request.url.target, 11);
  message.method_string(request.method);
  message.set(http::field::host, request.url.host_header);
  message.set(http::field::user_agent, "autoheal");
  message.set(http::field::accept, "*/*");
  message.set(http::field::connection, "close");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.body() = request.body;
  message.content_length(request.body.size());
  return message;
}

// Reads until the answer is whole, its limit or the deadline: who has sent a status is believed, however the body ends.
template <class Stream>
asio::awaitable<Result<Answer>> read_answer(Stream& stream, const Request& request, const Limits& limits,
                                            error_code unsent) {
  host::HttpAnswerReader reader({limits.answer_bytes + 1, 0, request.method == "HEAD"});
  std::string piece(read_at_once, '\0');
  std::string problem;
  std::size_t came = 0;
  while (!reader.done() && problem.empty()) {
    error_code ended;
    const std::size_t got =
        co_await stream.async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, ended));
    came += got;
    auto taken = reader.take(std::string_view(piece).substr(0, got));
    if (taken && (ended == asio::error::eof || ended == asio::ssl::error::stream_truncated)) taken = reader.ended();
    if (!taken) {
      problem = taken.error().message;
    } else if (ended && !reader.done()) {
      problem = words_of(unsent ? unsent : ended, limits);
    } else if (came > limits.answer_bytes) {
      problem = fmt::format("its answer is longer than {} bytes", limits.answer_bytes);
    }
  }
  if (!reader.head_is_read()) co_return no_answer(request.url, problem);
  if (reader.body().size() > limits.answer_bytes) reader.body().resize(limits.answer_bytes);
  co_return Answer{reader.status(), std::move(reader.body()), std::move(problem), reader.content_type()};
}

template <class Stream>
asio::awaitable<Result<Answer>> ask(Stream& stream, const Request& request, const Limits& limits) {
  const auto message = message_of(request);
  error_code unsent;  // who answers before all of a request was read may be heard all the same
  co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, unsent));
  co_return co_await read_answer(stream, request, limits, unsent);
}

asio::awaitable<Result<Answer>> ask_plainly(const Request& request, const Endpoints& endpoints, const Limits& limits,
                                            Moment until) {
  PlainStream stream(co_await asio::this_coro::executor);
  stream.expires_at(until);
  error_code problem;
  co_await stream.async_connect(endpoints, asio::redirect_error(asio::use_awaitable, problem));
  if (problem) co_return no_answer(request.url, words_of(problem, limits));
  co_return co_await ask(stream, request, limits);
}

Result<void> trust(asio::ssl::context& context, const Request& request) {
  error_code problem;
  context.set_verify_mode(asio::ssl::verify_peer, problem);
  if (!problem && request.authorities.empty()) context.set_default_verify_paths(problem);
  if (!problem && !request.authorities.empty()) context.load_verify_file(request.authorities, problem);
  if (!problem) return {};
  return failure(ErrorKind::failed, fmt::format("trusted certificates cannot be read: {}", problem.message()));
}

// SSL_set_tlsext_host_name, without its cast to a pointer that is not const. An address is no name for it (RFC 6066).
void name_server(SSL* connection, const std::string& host) {
  error_code is_no_address;
  asio::ip::make_address(host, is_no_address);
  std::string name = host;
  if (is_no_address) SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

asio::awaitable<Result<Answer>> ask_with_tls(const Request& request, const Endpoints& endpoints, const Limits& limits,
                                             Moment until) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  AUTOHEAL_CO_TRY(trust(context, request));
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  TlsStream stream(co_await asio::this_coro::executor, context);
  stream.set_verify_callback(asio::ssl::host_name_verification(request.url.host));
  name_server(stream.native_handle(), request.url.host);
  beast::get_lowest_layer(stream).expires_at(until);
  error_code problem;
  co_await beast::get_lowest_layer(stream).async_connect(endpoints, asio::redirect_error(asio::use_awaitable, problem));
  if (!problem)
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, problem));
  if (problem) co_return no_answer(request.url, words_of(problem, limits));
  co_return co_await ask(stream, request, limits);
}

}  // namespace

asio::awaitable<Result<Answer>> Client::send(Request request) {
  if (!is_clean(request)) co_return failure(ErrorKind::invalid, "a header holds a line break");
  const Moment until = std::chrono::steady_clock::now() + limits_.all;
  std::string host = request.url.host;  // named: g++ 12 destroys temporaries of a co_await twice
  const auto endpoints = co_await resolver_.resolve(std::move(host), request.url.port, limits_.all);
  AUTOHEAL_CO_TRY(endpoints);
  AUTOHEAL_CO_TRY(check_all(*endpoints, request));
  if (request.url.tls) co_return co_await ask_with_tls(request, *endpoints, limits_, until);
  co_return co_await ask_plainly(request, *endpoints, limits_, until);
}

}  // namespace autoheal::outward
