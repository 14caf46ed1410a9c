#include "tools/host/process/drain_worker.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::host {

namespace {

// Between two acts of one heal it stays, since to start one costs more than to run most commands.
constexpr int idle_ms = 500;

struct Run {
  UniqueFd reader;  // closed when nobody else reads any more
  std::vector<UniqueFd> outputs;
};

class Drain {
 public:
  explicit Drain(int connection) : connection_(connection) {}
  void run();

 private:
  void wait();
  void take_outputs();
  void take_last_outputs();
  void look_after(Run& run, const pollfd* found);
  void discard_some(UniqueFd& output);

  UniqueFd connection_;
  std::vector<Run> runs_;
  std::array<char, 1U << 16U> piece_{};
};

void Drain::run() {
  while (connection_ || !runs_.empty()) wait();
}

void Drain::wait() {
  std::vector<pollfd> wanted = {{connection_.get(), POLLIN, 0}};
  for (const Run& run : runs_) {
    wanted.push_back({run.reader.get(), 0, 0});
    // While somebody else reads, only that the last writer goes is of interest.
    for (const UniqueFd& output : run.outputs)
      wanted.push_back({output.get(), run.reader ? short{0} : short{POLLIN}, 0});
  }
  const int ready = ::poll(wanted.data(), wanted.size(), runs_.empty() ? idle_ms : -1);
  if (ready == 0) take_last_outputs();
  if (ready <= 0) return;
  const pollfd* found = wanted.data() + 1;
  for (Run& run : runs_) {
    const std::size_t size = 1 + run.outputs.size();
    look_after(run, found);
    found += size;
  }
  std::erase_if(runs_, [](const Run& run) { return run.outputs.empty(); });
  if (wanted.front().revents != 0) take_outputs();
}

void Drain::look_after(Run& run, const pollfd* found) {
  const bool somebody_reads = static_cast<bool>(run.reader);
  for (std::size_t index = 0; index < run.outputs.size(); ++index) {
    const short events = found[1 + index].revents;
    if (events == 0) continue;
    if (somebody_reads) {
      run.outputs[index].reset();
    } else {
      discard_some(run.outputs[index]);
    }
  }
  std::erase_if(run.outputs, [](const UniqueFd& output) { return !output; });
  if (found[0].revents != 0) run.reader.reset();
}

void Drain::discard_some(UniqueFd& output) {
  const ssize_t got = ::read(output.get(), piece_.data(), piece_.size());
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) output.reset();
}

void Drain::take_outputs() {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * most_descriptors_of_a_run)> control{};
  char word = 0;
  iovec content{&word, 1};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(connection_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return connection_.reset();
  Run run;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; at + CMSG_LEN(0) < header->cmsg_len; at += sizeof(int)) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(header) + at, sizeof descriptor);
      UniqueFd taken(descriptor);
      if (!run.reader) {
        run.reader = std::move(taken);
      } else {
        run.outputs.push_back(std::move(taken));
      }
    }
  }
  // Not all of it: without the word that it arrived another drain is asked.
  if ((message.msg_flags & MSG_CTRUNC) != 0 || run.outputs.empty()) return;
  (void)::send(run.reader.get(), "h", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  runs_.push_back(std::move(run));
}

// From now on nobody can send more; what was sent before is there.
void Drain::take_last_outputs() {
  ::shutdown(connection_.get(), SHUT_RD);
  while (connection_) take_outputs();
}

void be_left_alone() {
  ::prctl(PR_SET_NAME, "autoheal-drain");
  const rlimit no_core_dump{0, 0};  // what passes through it may be secret
  ::setrlimit(RLIMIT_CORE, &no_core_dump);
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2})
    std::signal(signal, SIG_IGN);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

int run_output_drain(int connection) {
  be_left_alone();
  Drain(connection).run();
  return 0;
}

}  // namespace autoheal::host
