#include "tools/host/process/output_drain.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <thread>

#include "tools/host/process/drain_worker.hpp"
#include "tools/host/process/own_scope.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

// Descriptors are bounded for it, too: one drain takes so many runs in its life, the next ones are another's.
constexpr unsigned most_runs = 100;
// A drain that has not answered by then is slow, not gone: what was sent to it is kept for it by the kernel.
constexpr int longest_wait_ms = 5000;

struct Pair {
  UniqueFd ours, theirs;
};

std::expected<Pair, int> socket_pair(int type) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0) return std::unexpected(errno);
  return Pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

bool send_descriptors(int connection, std::span<const int> descriptors) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * most_descriptors_of_a_run)> control{};
  char one = 'h';
  iovec content{&one, 1};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  return ::sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

// By what the kernel has open: an upgrade has put another program at our path meanwhile.
std::string exact(std::string program) {
  std::error_code unknown;
  return program == std::filesystem::read_symlink("/proc/self/exe", unknown).string() ? "/proc/self/exe" : program;
}

bool reaped(pid_t pid) {
  int status = 0;
  return ::waitpid(pid, &status, WNOHANG) != 0;
}

}  // namespace

bool HeldOutputs::arrived() const {
  if (!ours_) return false;
  pollfd answer{ours_.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&answer, 1, longest_wait_ms);
  } while (ready < 0 && errno == EINTR);
  char word = 0;
  if (ready == 0) return true;
  // It may have taken them and be gone since.
  const bool there = ready > 0 && (answer.revents & POLLHUP) == 0;
  return there && ::recv(ours_.get(), &word, 1, MSG_DONTWAIT) == 1;
}

OutputDrain::OutputDrain(std::string program) : program_(exact(std::move(program))) {}

std::expected<HeldOutputs, StartProblem> OutputDrain::hold(std::span<const int> reading_ends) {
  const std::scoped_lock lock(mutex_);
  auto run = socket_pair(SOCK_STREAM);
  if (!run) return std::unexpected(StartProblem{run.error(), reason_of(run.error())});
  std::vector<int> sent = {run->theirs.get()};
  sent.insert(sent.end(), reading_ends.begin(), reading_ends.end());
  if (handed_over_ == most_runs || !connection_ || !send_descriptors(connection_.get(), sent)) {
    // There is none, or it ended, since it had nothing to do.
    AUTOHEAL_TRY(start());
    if (!send_descriptors(connection_.get(), sent))
      return std::unexpected(StartProblem{errno, "its outputs could not be handed over: " + reason_of(errno)});
  }
  ++handed_over_;
  return HeldOutputs(std::move(run->ours));
}

bool OutputDrain::read_on(HeldOutputs held, std::span<const int> reading_ends) {
  if (held.arrived()) return true;
  // It ended without a word, or nobody had asked it yet.
  const auto again = hold(reading_ends);
  return again && again->arrived();
}

std::expected<void, StartProblem> OutputDrain::start() {
  reap_what_ended();
  connection_.reset();
  handed_over_ = 0;
  auto connection = socket_pair(SOCK_SEQPACKET);
  if (!connection) return std::unexpected(StartProblem{connection.error(), reason_of(connection.error())});
  const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return std::unexpected(StartProblem{errno, reason_of(errno)});
  ChildPlan plan;
  plan.program = program_;
  plan.argv = {"autoheal", std::string(drain_argument)};
  plan.cwd = "/";
  plan.input = connection->theirs.get();
  plan.output = plan.error = nothing.get();
  plan.usual_priority = true;
  plan.place = in_a_scope_of_its_own("what reads the outputs of services");
  auto child = start_child(plan);
  AUTOHEAL_TRY(child);
  connection_ = std::move(connection->ours);
  reap_when_it_ends(std::move(*child));
  return {};
}

void OutputDrain::reap_when_it_ends(Child child) {
  const pid_t pid = child.pid;
  try {
    std::thread([pid] {
      siginfo_t ended{};
      while (::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED) != 0 && errno == EINTR) continue;
    }).detach();
  } catch (const std::system_error&) {
    to_reap_.push_back(pid);
  }
}

void OutputDrain::reap_what_ended() { std::erase_if(to_reap_, reaped); }

}  // namespace autoheal::host
