#include "tools/http/connection.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>
#include <sys/random.h>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include "tools/http/request_check.hpp"

namespace autoheal::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace beast_http = beast::http;
using boost::system::error_code;

constexpr std::size_t longest_told_bytes = 500;
constexpr std::size_t most_at_once = 8;  // writes

// A response that would break the line protocol is the handler's mistake, never the client's problem.
bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char one) { return one >= ' ' && one < '\x7f'; });
}
bool is_sendable(const Response& response) {
  return response.status >= 200 && response.status <= 599 && is_visible(response.content_type) &&
         is_visible(response.cache_control) && std::ranges::all_of(response.headers, [](const Header& one) {
           return is_visible(one.name) && is_visible(one.value);
         });
}

// For a client and the log to speak of the same request.
std::string new_request_id() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) number = 0;
  return fmt::format("{:016x}", number);
}

Problem internal_error() {
  return {500, "internal", "the daemon failed while it handled this request", "its log says why"};
}

Problem too_many_streams() {
  return {503, "too_many_streams", "as many clients follow as the daemon takes", "end one, or try again later"};
}

Problem too_late() { return {408, "timed_out", "the request did not arrive within its time", "send it at once"}; }

Problem too_large(const Limits& limits) {
  return {413, "body_too_large", fmt::format("the body is larger than {} bytes", limits.body_bytes), ""};
}

Problem head_too_large(const Limits& limits) {
  return {431, "header_too_large", fmt::format("the header is larger than {} bytes", limits.head_bytes), ""};
}

// The text is the parser's own: nothing of the request is in it.
Problem refusal_for(const error_code& problem, const Limits& limits) {
  if (problem == beast_http::error::body_limit) return too_large(limits);
  if (problem == beast_http::error::header_limit) return head_too_large(limits);
  return bad_request(problem.message());
}

}  // namespace

std::string head_of(const Response& response, Form form) {
  const auto reason = beast_http::obsolete_reason(beast_http::int_to_status(response.status));
  const bool has_body = response.status != 204 && response.status != 304;
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason);
  if (has_body) head += fmt::format("Content-Type: {}\r\n", response.content_type);
  if (response.more) {
    if (form.has_chunks) head += "Transfer-Encoding: chunked\r\n";
  } else if (has_body) {
    head += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  head += fmt::format("Cache-Control: {}\r\nX-Content-Type-Options: nosniff\r\n", response.cache_control);
  for (const Header& one : response.headers) head += fmt::format("{}: {}\r\n", one.name, one.value);
  const bool says_what_is_allowed =
      std::ranges::any_of(response.headers, [](const Header& one) { return one.name == "Allow"; });
  if (response.status == 405 && !says_what_is_allowed) head += "Allow: GET, HEAD, POST\r\n";
  return head + (form.keeps ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

Connection::Connection(std::shared_ptr<ServerState> state, UniqueFd socket, Client client, TlsPtr tls)
    : state_(std::move(state)),
      client_(std::move(client)),
      stream_(state_->executor, std::move(socket), std::move(tls)),
      timer_(state_->executor),
      received_(state_->limits.head_bytes) {
  ++state_->plain_connections;
  ++state_->connections_of[client_.quota_name];
  state_->connections.insert(this);
}

Connection::~Connection() {
  state_->connections.erase(this);
  --state_->plain_connections;
  const auto mine = state_->connections_of.find(client_.quota_name);
  if (--mine->second == 0) state_->connections_of.erase(mine);
}

asio::awaitable<void> Connection::serve(std::shared_ptr<Connection> self) {
  bool goes_on = co_await self->begin();
  while (goes_on && !self->state_->stopping) goes_on = co_await self->serve_one();
  co_await self->say_goodbye();
}

asio::awaitable<bool> Connection::begin() {
  if (!stream_.is_encrypted()) co_return true;
  give(state_->limits.head_within, Late::closes);
  const bool shaken = co_await stream_.shake_hands();
  give_time_without_end();
  if (!shaken || is_late_ || is_gone_) co_return false;
  client_.remote->certificate = stream_.client_certificate();
  co_return true;
}

// Under TLS: the client must not take the end for a cut.
asio::awaitable<void> Connection::say_goodbye() {
  if (!stream_.is_encrypted() || is_gone_) co_return;
  give(state_->limits.linger, Late::closes);
  co_await stream_.end_writing();
  give_time_without_end();
}

void Connection::end_if_idle() {
  if (!is_under_way_ || is_streaming_) end();
}

void Connection::end() {
  is_gone_ = true;
  stream_.close();
}

// The timer ends what waits on the socket by changing the socket, not by cancelling a wait: an end that comes between
// two waits must not be missed.
void Connection::give(Duration time, Late late) {
  is_late_ = false;
  if (late == Late::closes_if_nothing_was_taken) not_taken_bytes_ = stream_.not_taken_bytes();
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this(), time, late](const error_code& cancelled) {
    const auto self = weak.lock();
    if (!self || cancelled || self->timer_.expiry() > asio::steady_timer::clock_type::now()) return;
    const bool takes =
        late == Late::closes_if_nothing_was_taken && self->stream_.not_taken_bytes() < self->not_taken_bytes_;
    if (takes) return self->give(time, late);
    self->is_late_ = true;
    if (late == Late::ends_reading) self->stream_.end_reading();
    if (late != Late::ends_reading) self->stream_.close();
  });
}

bool Connection::has_room_for_stream() const {
  const auto mine = state_->streams_of.find(client_.quota_name);
  return state_->streams < state_->limits.streams &&
         (mine == state_->streams_of.end() || mine->second < state_->limits.streams_per_uid);
}

void Connection::give_time_without_end() { timer_.expires_at(asio::steady_timer::time_point::max()); }

asio::awaitable<bool> Connection::serve_one() {
  if (!co_await something_arrives()) co_return false;
  Parser parser;
  Refusal refusal = co_await read_head(parser);
  if (!refusal && !is_gone_) refusal = co_await read_body(parser);
  give_time_without_end();
  if (is_gone_) co_return false;
  if (!refusal) co_return co_await answer(parser);
  const auto target = parser.get().target();
  co_await refuse(*refusal, {target.data(), target.size()});
  co_return false;
}

asio::awaitable<bool> Connection::something_arrives() {
  if (received_.size() > 0) co_return true;
  give(state_->limits.idle, Late::closes);
  bool arrived = false;
  if (stream_.is_encrypted()) {  // statements of their own: g++ 12 awaits within conditions in any case
    arrived = co_await read_more();
  } else {
    arrived = co_await stream_.until_readable();
  }
  co_return arrived && !is_late_;
}

// Why reading ended early: too slow, which is told, or gone, with nobody to tell.
Connection::Refusal Connection::late_or_gone() {
  if (is_late_ && !is_gone_) return too_late();
  is_gone_ = true;
  return std::nullopt;
}

asio::awaitable<bool> Connection::read_more() {
  const auto space = received_.prepare(received_.max_size() - received_.size());
  const std::size_t got = co_await stream_.read_some(space);
  received_.commit(got);
  co_return got > 0;
}

asio::awaitable<Connection::Refusal> Connection::read_head(Parser& parser) {
  give(state_->limits.head_within, Late::ends_reading);
  HeadScan scan;
  while (true) {
    const std::string_view seen(static_cast<const char*>(received_.data().data()), received_.size());
    const auto state = scan.look(seen);
    if (state == HeadScan::State::malformed)
      co_return bad_request("a line ends or begins as none may, or holds a zero byte");
    if (state == HeadScan::State::complete) co_return parse_head(parser, scan.bytes());
    if (seen.size() >= received_.max_size()) co_return head_too_large(state_->limits);
    if (!co_await read_more()) co_return late_or_gone();
  }
}

Connection::Refusal Connection::parse_head(Parser& parser, std::size_t bytes) {
  error_code problem;
  parser.header_limit(static_cast<std::uint32_t>(state_->limits.head_bytes));
  parser.body_limit(state_->limits.body_bytes);
  const std::size_t used = parser.put(asio::const_buffer(received_.data().data(), bytes), problem);
  if (problem) return refusal_for(problem, state_->limits);
  if (!parser.is_header_done() || used != bytes) return bad_request("the header does not end where it should");
  received_.consume(bytes);
  return refusal_of(parser.get(), !parser.is_done(), client_.authority);
}

asio::awaitable<Connection::Refusal> Connection::read_body(Parser& parser) {
  if (parser.is_done()) co_return std::nullopt;
  auto no_extension = [](std::uint64_t, beast::string_view extension, error_code& problem) {
    if (!extension.empty()) problem = beast_http::error::bad_chunk_extension;
  };
  parser.on_chunk_header(no_extension);
  give(state_->limits.body_within, Late::ends_reading);
  co_await tell_to_continue(parser);
  parser.eager(true);
  while (true) {
    error_code problem;
    const std::size_t used = received_.size() > 0 ? parser.put(received_.data(), problem) : 0;
    received_.consume(used);
    if (problem && problem != beast_http::error::need_more) co_return refusal_for(problem, state_->limits);
    if (parser.is_done()) co_return std::nullopt;
    if (received_.size() >= received_.max_size()) co_return bad_request("a line of a chunk does not end");
    const bool may_go_on = used > 0 && received_.size() > 0 && !problem;
    if (may_go_on) continue;
    const bool more = co_await read_more();
    if (!more) co_return late_or_gone();
  }
}

// A client that asked first would else wait a second before it sends.
asio::awaitable<void> Connection::tell_to_continue(const Parser& parser) {
  if (parser.get().count(beast_http::field::expect) == 0) co_return;
  const std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::array<asio::const_buffer, 3> bytes = {asio::buffer(text), asio::const_buffer(), asio::const_buffer()};
  (void)co_await stream_.write(bytes);
}

namespace {

// Empty where it did not come. All credentials that came, so that two are not taken for one.
template <class Fields>
std::string value_for_handlers(const Fields& fields, std::string_view name) {
  std::string value;
  const auto [first, last] = fields.equal_range(beast::string_view(name.data(), name.size()));
  for (auto one = first; one != last; ++one) {
    if (one != first) value += ", ";
    value += one->value();
  }
  return value;
}

}  // namespace

asio::awaitable<bool> Connection::answer(Parser& parser) {
  Request request;
  request.method = std::string(parser.get().method_string());
  request.target = std::string(parser.get().target());
  request.body = std::move(parser.get().body());
  request.peer = client_.peer;
  request.remote = client_.remote;
  for (const std::string_view name : headers_for_handlers) {
    std::string value = value_for_handlers(parser.get(), name);
    if (!value.empty()) request.headers.push_back({std::string(name), std::move(value)});
  }
  Form form;
  form.head_only = parser.get().method() == beast_http::verb::head;
  form.has_chunks = parser.get().version() == 11;
  const RequestUnderWay counted(*state_);
  is_under_way_ = true;
  const std::string target = request.target;
  const std::string id = new_request_id();
  Response response = co_await handled(std::move(request), id);
  if (!is_sendable(response)) response = refusal_response(internal_error(), target);
  if (response.more && !has_room_for_stream()) response = refusal_response(too_many_streams(), target);
  if (target.starts_with("/api/")) response.headers.push_back({"Request-Id", id});
  form.keeps = parser.keep_alive() && !state_->stopping && (form.has_chunks || !response.more);
  bool sent = false;
  if (response.more && !form.head_only) {
    sent = co_await stream(response, form);
  } else {
    sent = co_await send(response, form);
  }
  is_under_way_ = false;
  co_return sent&& form.keeps;
}

asio::awaitable<Response> Connection::handled(Request request, const std::string& id) {
  std::string problem;
  const std::string target = request.target;
  try {
    asio::awaitable<Response> work = state_->handler(std::move(request));
    Response response = co_await std::move(work);
    if (response.status == 500 && state_->told)
      state_->told(fmt::format("{}: {}", id, response.body.substr(0, longest_told_bytes)));
    co_return response;
  } catch (const std::exception& thrown) {
    problem = thrown.what();
  } catch (...) {
    problem = "something that is no exception was thrown";
  }
  if (state_->told) state_->told(fmt::format("{}: {}", id, problem));
  co_return refusal_response(internal_error(), target);
}

// Most of what is written fits at once, and needs neither a timer nor another turn.
asio::awaitable<bool> Connection::write(std::array<asio::const_buffer, 3> bytes, Late late) {
  std::size_t sent_now = stream_.write_now(bytes);
  for (asio::const_buffer& part : bytes) {
    const std::size_t of_part = std::min(sent_now, part.size());
    part += of_part;
    sent_now -= of_part;
  }
  if (asio::buffer_size(bytes) == 0) {
    // A client that takes all at once must not keep the thread for itself.
    if (++written_at_once_ % most_at_once == 0) co_await asio::post(state_->executor, asio::use_awaitable);
    co_return !is_gone_;
  }
  give(late == Late::closes ? state_->limits.answer_within : state_->limits.stream_taken_within, late);
  const bool sent = co_await stream_.write(bytes);
  give_time_without_end();
  co_return sent && !is_late_;
}

asio::awaitable<bool> Connection::send(const Response& response, Form form) {
  const std::string head = head_of(response, form);
  const auto body = form.head_only ? asio::const_buffer() : asio::buffer(response.body);
  const std::array<asio::const_buffer, 3> whole = {asio::buffer(head), body, asio::const_buffer()};
  co_return co_await write(whole);
}

asio::awaitable<bool> Connection::stream(const Response& response, Form form) {
  const std::string head = head_of(response, form);
  const std::array<asio::const_buffer, 3> beginning = {asio::buffer(head), asio::const_buffer(), asio::const_buffer()};
  const StreamPlace place(*state_, client_.quota_name);
  if (!co_await write(beginning)) co_return false;
  received_.shrink_to_fit();  // a follower sends nothing more, and there may be a thousand
  is_streaming_ = true;
  if (state_->stopping) co_return false;  // stop() did not know that this is a stream
  BodySource whole = [first = response.body,
                      more = response.more]() mutable -> asio::awaitable<Result<std::optional<std::string>>> {
    if (!first.empty()) co_return std::optional(std::exchange(first, {}));
    auto piece = co_await more();
    co_return piece;
  };
  const bool sent = co_await send_pieces(whole, form.has_chunks);
  is_streaming_ = false;
  co_return sent;
}

// Where a piece cannot be made, the missing end tells the client. The system holds back what a slow client has not
// taken, so a piece may stand for minutes: that something was taken is what counts.
asio::awaitable<bool> Connection::send_pieces(const BodySource& more, bool chunked) {
  while (!is_gone_) {
    std::string size = "0\r\n\r\n";
    const auto piece = co_await more();
    if (!piece || is_gone_) co_return false;
    if (!*piece) {
      const std::array<asio::const_buffer, 3> end = {asio::buffer(size), asio::const_buffer(), asio::const_buffer()};
      if (!chunked) co_return true;  // a statement of its own: g++ 12 awaits behind || in any case
      co_return co_await write(end);
    }
    if ((*piece)->empty()) continue;
    size = fmt::format("{:x}\r\n", (*piece)->size());
    const std::string_view line_end = "\r\n";
    std::array<asio::const_buffer, 3> chunk = {asio::buffer(size), asio::buffer(**piece), asio::buffer(line_end)};
    if (!chunked) chunk = {asio::buffer(**piece), asio::const_buffer(), asio::const_buffer()};
    if (!co_await write(chunk, Late::closes_if_nothing_was_taken)) co_return false;
  }
  co_return false;
}

// A client that still sends gets its answer only if somebody takes what it sends, for a while.
asio::awaitable<void> Connection::refuse(const Problem& why, std::string_view target) {
  Response response = refusal_response(why, target);
  if (target.starts_with("/api/")) response.headers.push_back({"Request-Id", new_request_id()});
  if (!co_await send(response, {})) co_return;
  give(state_->limits.linger, Late::closes);
  co_await stream_.end_writing();
  std::uint64_t taken = 0;
  bool comes = true;
  while (comes && !is_late_ && taken < 4 * state_->limits.body_bytes) {
    received_.clear();
    comes = co_await read_more();
    taken += received_.size();
  }
}

}  // namespace autoheal::http
