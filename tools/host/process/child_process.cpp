#include "tools/host/process/child_process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>

#include "autoheal/engine/base/whole_io.hpp"
#include "tools/host/process/open_file_limit.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

enum Stage : int { at_descriptors, at_user, at_folder, at_program };

struct Report {
  int stage = at_descriptors;
  int error_number = 0;
};

// To be filled with what the other end of a pipe wrote.
template <class Plain>
std::span<char> bytes_of(Plain& value) {
  static_assert(std::is_trivially_copyable_v<Plain>);
  return {reinterpret_cast<char*>(&value), sizeof value};
}

// Everything the child needs, ready to use: between vfork and exec it must not allocate, lock or throw.
struct Prepared {
  int gate = -1, gate_of_others = -1;  // -1: nobody places it
  pid_t parent = 0;
  const char* program = nullptr;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  const char* cwd = nullptr;
  std::array<int, 5> descriptors{};  // 0, 1, 2, where to report and the channel, from lowest_for_now on
  int descriptor_count = 4;          // without a channel
  bool becomes = false;
  uid_t uid = 0;
  gid_t gid = 0;
  const gid_t* groups = nullptr;
  std::size_t group_count = 0;
  int highest_descriptor = 0;
  std::optional<rlim_t> open_files;  // none: as we have it
  std::string_view killer_score;
  bool usual_priority = false;
  bool in_background = false;
  const cpu_set_t* processors = nullptr;  // empty: not known
};

constexpr int report_descriptor = 3;
constexpr int lowest_for_now = 10;
static_assert(channel_of_child == report_descriptor + 1 && channel_of_child < lowest_for_now);

[[noreturn]] void give_up(Stage stage) {
  const Report report{stage, errno};
  const ssize_t written = ::write(report_descriptor, &report, sizeof report);
  ::_exit(written == sizeof report ? 127 : 126);
}

void close_all_others(const Prepared& prepared) {
  if (::syscall(SYS_close_range, static_cast<unsigned>(prepared.descriptor_count), ~0U, 0U) == 0) return;
  for (int descriptor = prepared.descriptor_count; descriptor <= prepared.highest_descriptor; ++descriptor)
    ::close(descriptor);
}

// A limit that was raised for us is not for programs that use select(2).
void have_usual_open_files(const Prepared& prepared) {
  rlimit limit{};
  if (!prepared.open_files || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = *prepared.open_files;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The system calls themselves: the library leaves out two signals that it keeps for itself.
void reset_signals() {
  constexpr std::size_t size_of_set = 8;
  constexpr std::array<unsigned long, 8> by_default{};  // larger than what the kernel reads: SIG_DFL, and no flag
  constexpr std::array<unsigned char, size_of_set> none{};
  for (int signal = 1; signal < NSIG; ++signal)
    ::syscall(SYS_rt_sigaction, signal, by_default.data(), nullptr, size_of_set);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, none.data(), nullptr, size_of_set);
}

// A protection that we have is not theirs. Best effort: there may be a floor.
void be_no_favourite_of_the_killer(const Prepared& prepared) {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  const ssize_t written = ::write(file, prepared.killer_score.data(), prepared.killer_score.size());
  (void)written;
  ::close(file);
}

// Each is best effort: only with the right to it does a nice value become less.
void be_scheduled_as_usual(const Prepared& prepared) {
  constexpr int this_process = 1;  // IOPRIO_WHO_PROCESS, which the library does not name
  const sched_param none{};
  ::sched_setscheduler(0, SCHED_OTHER, &none);
  ::setpriority(PRIO_PROCESS, 0, 0);
  ::syscall(SYS_ioprio_set, this_process, 0, 0);
  if (prepared.processors != nullptr) ::sched_setaffinity(0, sizeof *prepared.processors, prepared.processors);
}

// Low priority is best effort; that it ends with us is not.
void be_in_the_background(const Prepared& prepared) {
  constexpr int this_process = 1, idle_class = 3 << 13, least_nice = 19;
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != prepared.parent) ::_exit(126);
  ::setpriority(PRIO_PROCESS, 0, least_nice);
  ::syscall(SYS_ioprio_set, this_process, 0, idle_class);
}

// The system calls themselves: the library's functions would change every thread that shares this memory.
bool become_user(const Prepared& prepared) {
  return ::syscall(SYS_setgroups, prepared.group_count, prepared.groups) == 0 &&
         ::syscall(SYS_setresgid, prepared.gid, prepared.gid, prepared.gid) == 0 &&
         ::syscall(SYS_setresuid, prepared.uid, prepared.uid, prepared.uid) == 0;
}

// Says who it is and waits. Where our process is killed meanwhile, it must not begin unseen.
void wait_to_be_placed(const Prepared& prepared) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != prepared.parent) ::_exit(126);
  ::close(prepared.gate_of_others);
  const pid_t pid = ::getpid();
  char placed = 0;
  ssize_t got = ::write(prepared.gate, &pid, sizeof pid);
  if (got == sizeof pid) {
    do {
      got = ::read(prepared.gate, &placed, 1);
    } while (got < 0 && errno == EINTR);
  }
  if (got != 1 || ::prctl(PR_SET_PDEATHSIG, 0) != 0) ::_exit(126);
}

[[noreturn]] void be_the_child(const Prepared& prepared) {
  if (prepared.gate >= 0) wait_to_be_placed(prepared);
  for (int descriptor = 0; descriptor < prepared.descriptor_count; ++descriptor) {
    if (::dup2(prepared.descriptors[static_cast<std::size_t>(descriptor)], descriptor) < 0) ::_exit(126);
  }
  if (::fcntl(report_descriptor, F_SETFD, FD_CLOEXEC) != 0) give_up(at_descriptors);
  close_all_others(prepared);
  have_usual_open_files(prepared);
  ::setsid();
  ::umask(022);
  reset_signals();
  be_no_favourite_of_the_killer(prepared);
  if (prepared.usual_priority) be_scheduled_as_usual(prepared);
  if (prepared.in_background) be_in_the_background(prepared);
  if (prepared.becomes && !become_user(prepared)) give_up(at_user);
  if (::chdir(prepared.cwd) != 0) give_up(at_folder);
  ::execve(prepared.program, prepared.argv, prepared.environment);
  give_up(at_program);
}

// That of the first process, which a container may have been given, but no protection.
std::string usual_killer_score() {
  int score = 0;
  std::ifstream("/proc/1/oom_score_adj") >> score;
  return std::to_string(std::max(score, 0));
}

// A function of its own: the parent must not have a variable here that the child could change.
[[gnu::noinline]] pid_t split(const Prepared& prepared) {
  const pid_t pid = ::vfork();
  if (pid == 0) be_the_child(prepared);
  return pid;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// No signal of ours may run its handler in the child, which shares our memory.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

StartProblem problem_of(const Report& report, const ChildPlan& plan) {
  const std::string& program = plan.argv.front();
  const std::string reason = reason_of(report.error_number);
  switch (report.stage) {
    case at_user:
      return {report.error_number, fmt::format("could not become user {}: {}", plan.become->name, reason)};
    case at_folder:
      return {report.error_number, fmt::format("could not start in {}: {}", plan.cwd, reason)};
    case at_program:
      break;
    default:
      return {report.error_number, fmt::format("could not start {}: {}", program, reason)};
  }
  switch (report.error_number) {
    case ENOENT:
      return {ENOENT, program + ": the interpreter it names is missing"};
    case ENOEXEC:
      return {ENOEXEC, program + " is neither a program nor a script with an interpreter"};
    case EACCES:
      return {EACCES, program + " may not be executed: its mode, its interpreter's or the mount forbids it"};
    default:
      return {report.error_number, fmt::format("could not start {}: {}", program, reason)};
  }
}

std::unexpected<StartProblem> not_started(const ChildPlan& plan, int error_number) {
  return std::unexpected(problem_of({at_descriptors, error_number}, plan));
}

// Places the child while our own thread waits for its vfork. Best effort: if there is no room for that it is not
// placed.
class Gate {
 public:
  explicit Gate(const std::function<void(pid_t)>& place) {
    std::array<int, 2> ends{};
    if (!place || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
    of_child_ = UniqueFd(ends[0]);
    ours_ = UniqueFd(ends[1]);
    try {
      thread_ = std::thread([this, &place] { open_for_child(place); });
    } catch (const std::system_error&) {
      of_child_.reset();
      ours_.reset();
    }
  }
  ~Gate() {
    of_child_.reset();  // if there is no child, nobody says a word any more
    if (thread_.joinable()) thread_.join();
  }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void prepare(Prepared& prepared) const {
    if (!of_child_) return;
    prepared.gate = of_child_.get();
    prepared.gate_of_others = ours_.get();
  }

 private:
  void open_for_child(const std::function<void(pid_t)>& place) {
    pid_t pid = 0;
    if (read_up_to(ours_.get(), bytes_of(pid)) != sizeof pid) return;
    try {
      place(pid);
    } catch (const std::exception&) {  // where it was is as good as can be
    }
    (void)::send(ours_.get(), "", 1, MSG_NOSIGNAL);
  }

  UniqueFd of_child_, ours_;
  std::thread thread_;
};

}  // namespace

std::expected<Child, StartProblem> start_child(const ChildPlan& plan) {
  std::array<int, 2> report_ends{};
  if (::pipe2(report_ends.data(), O_CLOEXEC) != 0) return not_started(plan, errno);
  const UniqueFd report_from(report_ends[0]);
  UniqueFd report_to(report_ends[1]);
  std::array<UniqueFd, 5> high;
  const std::array<int, 5> given = {plan.input, plan.output, plan.error, report_to.get(), plan.channel};
  Prepared prepared;
  prepared.parent = ::getpid();
  prepared.descriptor_count = plan.channel < 0 ? channel_of_child : channel_of_child + 1;
  for (std::size_t index = 0; index < static_cast<std::size_t>(prepared.descriptor_count); ++index) {
    high[index] = UniqueFd(::fcntl(given[index], F_DUPFD_CLOEXEC, lowest_for_now));
    // A limit below that is told as an invalid argument.
    if (!high[index]) return not_started(plan, errno == EINVAL ? EMFILE : errno);
    prepared.descriptors[index] = high[index].get();
  }
  report_to.reset();
  const auto argv = pointers_to(plan.argv);
  const auto environment = pointers_to(plan.environment);
  std::vector<gid_t> groups;
  prepared.program = plan.program.empty() ? plan.argv.front().c_str() : plan.program.c_str();
  prepared.argv = argv.data();
  prepared.environment = environment.data();
  prepared.cwd = plan.cwd.c_str();
  prepared.highest_descriptor = static_cast<int>(::sysconf(_SC_OPEN_MAX));
  prepared.open_files = open_file_limit_before();
  const std::string killer_score = usual_killer_score();
  prepared.killer_score = killer_score;
  prepared.usual_priority = plan.usual_priority;
  prepared.in_background = plan.in_background;
  cpu_set_t processors{};
  if (plan.usual_priority && ::sched_getaffinity(1, sizeof processors, &processors) == 0)
    prepared.processors = &processors;
  if (plan.become) {
    groups = groups_of(*plan.become);
    prepared.becomes = true;
    prepared.uid = plan.become->uid;
    prepared.gid = plan.become->gid;
    prepared.groups = groups.data();
    prepared.group_count = groups.size();
  }
  Child child;
  int split_error = 0;
  {
    const Gate gate(plan.place);
    gate.prepare(prepared);
    const SignalsBlocked blocked;
    child.pid = split(prepared);
    split_error = errno;
  }
  if (child.pid < 0) return not_started(plan, split_error);
  child.handle = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0U)));
  const int handle_error = errno;
  high[3].reset();
  Report report;
  const bool started = read_up_to(report_from.get(), bytes_of(report)) == 0U;
  if (started && child.handle) return child;
  if (started) ::kill(-child.pid, SIGKILL);
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) continue;
  if (started) return not_started(plan, handle_error);
  return std::unexpected(problem_of(report, plan));
}

}  // namespace autoheal::host
