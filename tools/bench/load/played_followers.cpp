#include "tools/bench/load/played_followers.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include "tools/bench/load/client_socket.hpp"

namespace autoheal::bench {

namespace {

using std::chrono::steady_clock;

constexpr int look_every_ms = 5;
constexpr std::size_t bytes_of_read = std::size_t{256} << 10U;
constexpr std::size_t kept_bytes = 512;  // of what came: an event that tells of the end is shorter
constexpr std::string_view event_begins = "\nevent: ";
constexpr std::string_view cut_off = "event: autoheal.cut_off\n";
constexpr std::string_view go_on = "\"go_on_after\":\"";

constexpr std::size_t most_asking = 32;  // a user has only so many connections that are no streams yet
constexpr std::chrono::milliseconds between_tries{500};

struct Following {
  std::size_t number = 0;  // of its engine
  UniqueFd socket;
  std::string from;  // where it goes on; empty: now
  std::string last;  // the end of what came
  bool is_there = false, was_refused = false;
  steady_clock::time_point not_before{};
};

class Followers {
 public:
  Followers(const FollowersWanted& wanted, PlayedTogether& together)
      : wanted_(wanted), together_(together), poll_(::epoll_create1(EPOLL_CLOEXEC)), all_(wanted.engines.size()) {
    for (std::size_t number = 0; number < all_.size(); ++number) all_[number].number = number;
  }

  void turn() {
    const bool wanted = together_.wanted;
    if (!wanted && std::exchange(are_wanted_, wanted)) {
      for (Following& one : all_) end(one);
      for (Following& one : all_) one.from.clear();
    }
    are_wanted_ = wanted;
    if (wanted && together_.there < all_.size()) begin_some();
    std::array<epoll_event, 256> ready;
    const int count = ::epoll_wait(poll_.get(), ready.data(), static_cast<int>(ready.size()), look_every_ms);
    for (int index = 0; index < count; ++index) {
      const epoll_event& event = ready.at(static_cast<std::size_t>(index));
      read(*static_cast<Following*>(event.data.ptr));
    }
  }

 private:
  void begin_some() {
    const auto now = steady_clock::now();
    for (Following& one : all_) {
      if (asking_ >= most_asking) return;
      if (!one.socket && one.not_before <= now) begin(one);
    }
  }

  void begin(Following& one) {
    auto connection = connect_over_loopback(wanted_.port);
    one.not_before = steady_clock::now() + between_tries;
    if (!connection) {
      ++together_.broken;
      return;
    }
    ++asking_;
    one.socket = std::move(*connection);
    std::string target = "/api/v1/bus?topics=" + wanted_.topics;
    if (!wanted_.engines[one.number].empty()) target += "&engine=" + wanted_.engines[one.number];
    if (!one.from.empty()) target += "&from=" + one.from;
    const std::string host = "127.0.0.1:" + std::to_string(wanted_.port);
    const std::string text = request_text("GET", target, host, wanted_.token, "");
    (void)!::send(one.socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    epoll_event event{EPOLLIN, {&one}};
    ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, one.socket.get(), &event);
  }

  void end(Following& one) {
    if (one.socket && !one.is_there) --asking_;
    if (std::exchange(one.is_there, false)) --together_.there;
    one.socket = UniqueFd();
    one.was_refused = false;
    one.last.clear();
  }

  void read(Following& one) {
    const ssize_t got = ::recv(one.socket.get(), bytes_.data(), bytes_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return ended(one);
    const std::string_view piece(bytes_.data(), static_cast<std::size_t>(got));
    if (!one.is_there) greet(one, piece);
    if (!one.is_there) return ended(one);
    count_events(one, piece);
  }

  void greet(Following& one, std::string_view piece) {
    const auto status = number_behind(piece, "HTTP/1.1 ");
    if (status == 200U) {
      one.is_there = true;
      --asking_;
      ++together_.there;
    } else if (status == 503U || status == 429U) {
      one.was_refused = true;
    }
  }

  // An event may be torn between two reads: its beginning is looked for across them.
  void count_events(Following& one, std::string_view piece) {
    const std::size_t seam = std::min(one.last.size(), event_begins.size() - 1);
    std::string across = one.last.substr(one.last.size() - seam);
    across += piece.substr(0, event_begins.size() - 1);
    auto& count = wanted_.engines[one.number].empty() ? together_.of_everything : together_.answers;
    count += times_in(across) + times_in(piece);
    if (piece.size() >= kept_bytes) {
      one.last.assign(piece.substr(piece.size() - kept_bytes));
    } else {
      one.last += piece;
      if (one.last.size() > kept_bytes) one.last.erase(0, one.last.size() - kept_bytes);
    }
  }

  static std::size_t times_in(std::string_view text) {
    std::size_t times = 0;
    for (auto at = text.find(event_begins); at != std::string_view::npos; at = text.find(event_begins, at + 1)) ++times;
    return times;
  }

  // It comes again in any case; who was cut off, behind the last that it got.
  void ended(Following& one) {
    const std::string last = one.last;
    const bool was_refused = one.was_refused;
    end(one);
    const auto told = last.rfind(cut_off);
    const auto place = told == std::string::npos ? told : last.find(go_on, told);
    if (place != std::string::npos) {
      ++together_.cut_off;
      const auto first = place + go_on.size();
      one.from = last.substr(first, last.find('"', first) - first);
    } else {
      ++(was_refused ? together_.refused : together_.broken);
    }
  }

  const FollowersWanted& wanted_;
  PlayedTogether& together_;
  UniqueFd poll_;
  std::vector<Following> all_;
  bool are_wanted_ = false;
  std::size_t asking_ = 0;  // connections that are not answered yet
  std::array<char, bytes_of_read> bytes_{};
};

}  // namespace

void play_followers(const FollowersWanted& wanted, PlayedTogether& together) {
  const auto followers = std::make_unique<Followers>(wanted, together);
  while (true) followers->turn();
}

}  // namespace autoheal::bench
