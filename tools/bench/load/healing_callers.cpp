#include "tools/bench/load/healing_callers.hpp"

#include <poll.h>
#include <sys/socket.h>

namespace autoheal::bench {

namespace {
constexpr int longest_wait_ms = 60'000;
constexpr std::string_view certified = "certified";
}  // namespace

Result<std::unique_ptr<HealingCallers>> HealingCallers::start(const std::filesystem::path& socket, std::size_t count,
                                                              const std::vector<std::string>& engines) {
  std::unique_ptr<HealingCallers> all(new HealingCallers());
  for (std::size_t number = 0; number < count; ++number) {
    auto connection = connect_over_unix_socket(socket);
    AUTOHEAL_TRY(connection);
    Caller& caller = all->callers_.emplace_back();
    caller.socket = std::move(*connection);
    for (std::size_t own = number; own < engines.size(); own += count)
      caller.requests.push_back(request_text("POST", "/api/v1/engines/" + engines[own] + "/heal", "localhost", "",
                                             R"({"error":"measured"})"));
  }
  all->thread_ = std::jthread([callers = all.get()] { callers->call(); });
  return all;
}

void HealingCallers::call() {
  for (Caller& caller : callers_) {
    if (outcome_) outcome_ = ask(caller);
  }
  std::vector<pollfd> polled;
  for (const Caller& caller : callers_) polled.push_back({caller.socket.get(), POLLIN, 0});
  while (outcome_ && waiting_ > 0) {
    if (::poll(polled.data(), polled.size(), longest_wait_ms) <= 0)
      outcome_ = failure(ErrorKind::failed, "no heal was answered within a minute");
    for (std::size_t index = 0; outcome_ && index < polled.size(); ++index) {
      if (polled[index].revents != 0) outcome_ = answered(callers_[index]);
    }
  }
}

Result<void> HealingCallers::ask(Caller& caller) {
  const std::string& request = caller.requests[caller.turn++ % caller.requests.size()];
  const ssize_t sent = ::send(caller.socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) return failure(ErrorKind::failed, "a heal cannot be sent");
  caller.waits = true;
  ++waiting_;
  return {};
}

Result<void> HealingCallers::answered(Caller& caller) {
  const auto answer = caller.answers.read(caller.socket.get());
  AUTOHEAL_TRY(answer);
  if (!*answer) return {};
  --waiting_;
  caller.waits = false;
  if ((*answer)->status != 200 || (*answer)->body.find(certified) == std::string::npos)
    return failure(ErrorKind::failed, "that is no certified heal: " + (*answer)->body);
  ++heals_;
  return ends_ ? Result<void>() : ask(caller);
}

Result<void> HealingCallers::end() {
  ends_ = true;
  if (thread_.joinable()) thread_.join();
  return outcome_;
}

}  // namespace autoheal::bench
