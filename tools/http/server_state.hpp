// The state that all connections of one server share. Used on the server's executor alone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tools/http/limits.hpp"
#include "tools/http/message.hpp"
#include "tools/http/socket_path.hpp"

namespace autoheal::http {

class Connection;

// The constructor throws boost::system::system_error if the executor cannot take one more descriptor.
struct ServerState {
  ServerState(boost::asio::any_io_executor on, Handler served_by, Limits within, ListeningSocket listening)
      : executor(std::move(on)),
        handler(std::move(served_by)),
        limits(within),
        listener(executor),
        file(std::move(listening.file)),
        none_under_way(executor, boost::asio::steady_timer::time_point::max()) {
    listener.assign(listening.socket.get());
    (void)listening.socket.release();
  }

  boost::asio::any_io_executor executor;
  Handler handler;
  Limits limits;
  std::function<void(const std::string&)> told;  // what went wrong in a handler
  boost::asio::posix::stream_descriptor listener;
  SocketFile file;  // after the listener: removed while its inode is still held
  bool stopping = false;
  std::set<Connection*> connections;
  std::size_t plain_connections = 0;                    // without those that carry a stream
  std::map<std::uint32_t, std::size_t> connections_of;  // of these, by uid; no zeros
  std::size_t streams = 0;
  std::map<std::uint32_t, std::size_t> streams_of;  // by uid; no zeros
  std::size_t requests_under_way = 0;
  boost::asio::steady_timer none_under_way;  // never due; its waiters are woken when the last request was answered
};

// A connection counts as a stream for as long as this lives, and as a plain one before and after.
class StreamPlace {
 public:
  StreamPlace(ServerState& state, std::uint32_t uid) : state_(state), uid_(uid) {
    move(state_.plain_connections, state_.connections_of, state_.streams, state_.streams_of);
  }
  ~StreamPlace() { move(state_.streams, state_.streams_of, state_.plain_connections, state_.connections_of); }
  StreamPlace(const StreamPlace&) = delete;
  StreamPlace& operator=(const StreamPlace&) = delete;

 private:
  using CountOf = std::map<std::uint32_t, std::size_t>;
  void move(std::size_t& from, CountOf& from_of, std::size_t& to, CountOf& to_of) const {
    --from;
    if (const auto mine = from_of.find(uid_); --mine->second == 0) from_of.erase(mine);
    ++to;
    ++to_of[uid_];
  }

  ServerState& state_;
  std::uint32_t uid_;
};

// Counts one request from when it is whole until it is answered, however that ends.
class RequestUnderWay {
 public:
  explicit RequestUnderWay(ServerState& state) : state_(state) { ++state_.requests_under_way; }
  ~RequestUnderWay() {
    if (--state_.requests_under_way == 0) state_.none_under_way.cancel();
  }
  RequestUnderWay(const RequestUnderWay&) = delete;
  RequestUnderWay& operator=(const RequestUnderWay&) = delete;

 private:
  ServerState& state_;
};

}  // namespace autoheal::http
