// The state that all connections of one server share. Used on the server's executor alone.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tools/http/limits.hpp"
#include "tools/http/message.hpp"
#include "tools/http/socket_path.hpp"
#include "tools/http/tls.hpp"

namespace autoheal::http {

class Connection;

// Where connections come in. The constructor throws boost::system::system_error if the executor cannot take one more
// descriptor.
struct Door {
  Door(const boost::asio::any_io_executor& executor, UniqueFd socket) : listener(executor) {
    listener.assign(socket.get());
    (void)socket.release();
  }
  boost::asio::posix::stream_descriptor listener;
  bool is_tcp = false;
  TlsPtr tls;                      // null: bytes go as they are
  std::vector<std::string> names;  // that Host may say, besides the address
};

struct ServerState {
  ServerState(boost::asio::any_io_executor on, Handler served_by, Limits within)
      : executor(std::move(on)),
        handler(std::move(served_by)),
        limits(within),
        none_under_way(executor, boost::asio::steady_timer::time_point::max()) {}

  boost::asio::any_io_executor executor;
  Handler handler;
  Limits limits;
  std::function<void(const std::string&)> told;  // what went wrong in a handler
  std::list<Door> doors;                         // they stay where they are
  SocketFile file;                               // after the doors: removed while its inode is still held
  bool stopping = false;
  std::set<Connection*> connections;
  std::size_t plain_connections = 0;                  // without those that carry a stream
  std::map<std::string, std::size_t> connections_of;  // of these, by Client::quota_name; no zeros
  std::size_t streams = 0;
  std::map<std::string, std::size_t> streams_of;  // by Client::quota_name; no zeros
  std::size_t requests_under_way = 0;
  boost::asio::steady_timer none_under_way;  // never due; its waiters are woken when the last request was answered
};

// A connection counts as a stream for as long as this lives, and as a plain one before and after.
class StreamPlace {
 public:
  StreamPlace(ServerState& state, std::string quota_name) : state_(state), quota_name_(std::move(quota_name)) {
    move(state_.plain_connections, state_.connections_of, state_.streams, state_.streams_of);
  }
  ~StreamPlace() { move(state_.streams, state_.streams_of, state_.plain_connections, state_.connections_of); }
  StreamPlace(const StreamPlace&) = delete;
  StreamPlace& operator=(const StreamPlace&) = delete;

 private:
  using CountOf = std::map<std::string, std::size_t>;
  void move(std::size_t& from, CountOf& from_of, std::size_t& to, CountOf& to_of) const {
    --from;
    if (const auto mine = from_of.find(quota_name_); --mine->second == 0) from_of.erase(mine);
    ++to;
    ++to_of[quota_name_];
  }

  ServerState& state_;
  std::string quota_name_;
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
