// One client's connection: reads a request within its limits, has it handled, answers, and so on until either side has
// had enough. A request that is refused ends the connection, since what follows it cannot be trusted.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/http/request_check.hpp"
#include "tools/http/server_state.hpp"
#include "tools/http/stream.hpp"

namespace autoheal::http {

// The way an answer goes over the wire.
struct Form {
  bool keeps = false;      // the connection stays open
  bool head_only = false;  // the request was a HEAD
  bool has_chunks = true;  // the client knows them: a body whose end is not known yet comes in chunks
};

// The header of an answer, with the empty line.
[[nodiscard]] std::string head_of(const Response& response, Form form);

// Who is at the other end.
struct Client {
  Peer peer;                     // over TCP: nobody
  std::optional<Remote> remote;  // over TCP
  std::string quota_name;        // all connections of one name count together
  Authority authority;           // under which names it may ask
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Throws boost::system::system_error where the executor cannot take one more descriptor.
  Connection(std::shared_ptr<ServerState> state, UniqueFd socket, Client client, TlsPtr tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // To the end of the connection. `self` is kept until then.
  static boost::asio::awaitable<void> serve(std::shared_ptr<Connection> self);
  // Closes it unless a request is under way, which then is its last.
  void end_if_idle();
  // Closes it, even if a client waits for an answer.
  void end();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Refusal = std::optional<Problem>;
  enum class Late { ends_reading, closes, closes_if_nothing_was_taken };

  boost::asio::awaitable<bool> begin();
  boost::asio::awaitable<void> say_goodbye();
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<bool> something_arrives();
  boost::asio::awaitable<Refusal> read_head(Parser& parser);
  boost::asio::awaitable<bool> read_more();
  Refusal parse_head(Parser& parser, std::size_t bytes);
  boost::asio::awaitable<Refusal> read_body(Parser& parser);
  boost::asio::awaitable<void> tell_to_continue(const Parser& parser);
  boost::asio::awaitable<bool> answer(Parser& parser);
  boost::asio::awaitable<Response> handled(Request request, const std::string& id);
  boost::asio::awaitable<bool> send(const Response& response, Form form);
  boost::asio::awaitable<bool> stream(const Response& response, Form form);
  boost::asio::awaitable<bool> send_pieces(const BodySource& more, bool chunked);
  boost::asio::awaitable<bool> write(std::array<boost::asio::const_buffer, 3> bytes, Late late = Late::closes);
  boost::asio::awaitable<void> refuse(const Problem& why, std::string_view target);
  Refusal late_or_gone();
  void give(Duration time, Late late);
  void give_time_without_end();
  [[nodiscard]] bool has_room_for_stream() const;

  std::shared_ptr<ServerState> state_;
  Client client_;
  Stream stream_;
  boost::asio::steady_timer timer_;
  boost::beast::flat_buffer received_;
  std::size_t written_at_once_ = 0;  // answers and pieces that needed no second turn
  std::size_t not_taken_bytes_ = 0;  // when it was last given time
  bool is_late_ = false;             // the time that was given has passed
  bool is_gone_ = false;             // nobody waits for an answer
  bool is_under_way_ = false;        // a whole request is here and not yet answered
  bool is_streaming_ = false;        // its answer comes in pieces, for as long as there are some
};

}  // namespace autoheal::http
