#include "tools/bench/load/played_requests.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "tools/bench/load/client_socket.hpp"

namespace autoheal::bench {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds longest_look{20};

struct Asking {
  UniqueFd socket;
  AnswerReader answers;
  std::optional<steady_clock::time_point> due;  // of the request that waits for its answer
};

class Requests {
 public:
  Requests(const RequestsWanted& wanted, PlayedTogether& together)
      : text_(request_text("GET", wanted.target, "127.0.0.1:" + std::to_string(wanted.port), wanted.token, "")),
        port_(wanted.port),
        pause_(std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / wanted.each_second))),
        together_(together),
        all_(wanted.connections) {}

  void turn() {
    const auto now = steady_clock::now();
    if (together_.wanted && !is_wanted_) next_due_ = now;
    is_wanted_ = together_.wanted;
    ask_what_is_due(now);
    std::vector<pollfd> polled;
    for (const Asking& one : all_) polled.push_back({one.socket ? one.socket.get() : -1, POLLIN, 0});
    const auto until = is_wanted_ ? std::min<steady_clock::duration>(next_due_ - steady_clock::now(), longest_look)
                                  : steady_clock::duration(longest_look);
    const auto wait_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(until).count();
    // With nothing free the next answer is what it waits for.
    const timespec wait{0, all_are_busy() ? longest_look / std::chrono::nanoseconds(1) : std::max<long>(wait_ns, 0)};
    if (::ppoll(polled.data(), polled.size(), &wait, nullptr) <= 0) return;
    for (std::size_t index = 0; index < all_.size(); ++index) {
      if (polled[index].revents != 0) read(all_[index]);
    }
  }

 private:
  [[nodiscard]] bool all_are_busy() const {
    return std::ranges::all_of(all_, [](const Asking& one) { return one.due.has_value(); });
  }

  void ask_what_is_due(steady_clock::time_point now) {
    for (Asking& one : all_) {
      if (!is_wanted_ || next_due_ > now) return;
      if (one.due) continue;
      if (!one.socket) connect(one);
      if (!one.socket) return;
      one.due = next_due_;
      next_due_ += pause_;
      (void)!::send(one.socket.get(), text_.data(), text_.size(), MSG_NOSIGNAL);
    }
  }

  void connect(Asking& one) {
    auto connection = connect_over_loopback(port_);
    one.answers = AnswerReader();
    if (connection) one.socket = std::move(*connection);
    if (!connection) ++together_.broken;
  }

  void read(Asking& one) {
    const auto answer = one.answers.read(one.socket.get());
    if (answer && !*answer) return;
    if (!answer) {  // an idle connection may be closed by the daemon
      if (one.due) ++together_.broken;
      one.due.reset();
      one.socket = UniqueFd();
      return;
    }
    const auto due = std::exchange(one.due, std::nullopt);
    if (!due) return;
    count((*answer)->status, *due);
  }

  void count(unsigned status, steady_clock::time_point due) {
    if (status == 503 || status == 429) {
      ++together_.refused;
      return;
    }
    if (status != 200) {
      ++together_.broken;
      return;
    }
    ++together_.answers;
    const std::size_t place = together_.latencies;
    if (place >= most_latencies) return;
    together_.latency_ms[place] = std::chrono::duration<float, std::milli>(steady_clock::now() - due).count();
    together_.latencies = place + 1;
  }

  std::string text_;
  std::uint16_t port_;
  steady_clock::duration pause_;
  PlayedTogether& together_;
  std::vector<Asking> all_;
  steady_clock::time_point next_due_{};
  bool is_wanted_ = false;
};

}  // namespace

void play_requests(const RequestsWanted& wanted, PlayedTogether& together) {
  Requests requests(wanted, together);
  while (true) requests.turn();
}

}  // namespace autoheal::bench
