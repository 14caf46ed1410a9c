#include "tools/host/watch/process_watch.hpp"

#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <exception>

#include "tools/host/process/process_exit.hpp"
#include "tools/host/service/named_process.hpp"
#include "tools/host/system/joined_names.hpp"
#include "tools/host/system/process_table.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace asio = boost::asio;

struct ProcessWatch::Living {
  asio::posix::stream_descriptor descriptor;
  pid_t pid = 0;
  std::uint64_t number = 0;
};

namespace {

constexpr unsigned times_to_read = 4;

std::string reason(int error_number) {
  if (error_number != EMFILE) return reason_of(error_number);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return fmt::format("{} (at most {} descriptors may be open: raise LimitNOFILE or ulimit -n)", reason_of(error_number),
                     limit.rlim_cur);
}

}  // namespace

ProcessWatch::ProcessWatch(asio::any_io_executor executor, std::vector<std::filesystem::path> own_files)
    : executor_(std::move(executor)), own_files_(std::move(own_files)) {}

ProcessWatch::~ProcessWatch() { *alive_ = false; }

UniqueFd ProcessWatch::open_process(pid_t pid) { return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

void ProcessWatch::watch(const std::vector<WatchedProcess>& processes) {
  auto before = std::exchange(entries_, {});
  for (const WatchedProcess& process : processes) {
    Entry entry{process, nullptr};
    const auto [from, to] = before.equal_range(process.engine);
    const auto same = std::find_if(from, to, [&](const auto& one) { return one.second.process == process; });
    if (same != to) entry.living = std::move(same->second.living);
    look(entries_.emplace(process.engine, std::move(entry))->second);
  }
  before.clear();
  tell_problems();
}

void ProcessWatch::look_again(const std::string& engine) {
  const auto [from, to] = entries_.equal_range(engine);
  for (auto one = from; one != to; ++one) look(one->second);
  tell_problems();
}

std::size_t ProcessWatch::processes_watched() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [](const auto& one) { return one.second.living != nullptr; }));
}

void ProcessWatch::look(Entry& entry) {
  auto pid = pid_of(entry.process);
  for (unsigned tries = 0; tries < times_to_read && pid; ++tries) {
    if (entry.living && entry.living->pid == *pid) return;
    UniqueFd opened = open_process(*pid);
    const int problem = opened ? 0 : errno;
    // The process may have ended, and its number gone to another, between the file and the descriptor: a file that
    // still says the same was not written by a successor meanwhile.
    const auto again = pid_of(entry.process);
    if (again != pid) {
      pid = again;
      continue;
    }
    const auto found = read_process(*pid);
    // EINVAL: a thread, not a process.
    if (!opened && problem != ESRCH && problem != EINVAL) return note_problem(entry.process, reason(problem));
    if (opened && found && !found->is_dead()) wait_for(entry, *pid, std::move(opened));
    return;
  }
  if (!pid && pid.error().kind == ErrorKind::unavailable) note_problem(entry.process, pid.error().message);
}

Result<pid_t> ProcessWatch::pid_of(const WatchedProcess& process) const {
  const auto root = RootFolder::open(process.root);
  AUTOHEAL_TRY(root);
  const auto named = named_process(*root, process.pidfile, OwnFiles(own_files_));
  AUTOHEAL_TRY(named);
  return named->pid;
}

void ProcessWatch::wait_for(Entry& entry, pid_t pid, UniqueFd opened) {
  try {
    auto living =
        std::make_unique<Living>(Living{asio::posix::stream_descriptor(executor_, opened.get()), pid, ++last_number_});
    (void)opened.release();
    living->descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                                  [this, alive = alive_, number = living->number](boost::system::error_code error) {
                                    if (!error && *alive) tell_ended(number);
                                  });
    entry.living = std::move(living);
  } catch (const boost::system::system_error& error) {
    note_problem(entry.process, reason(error.code().value()));
  }
}

void ProcessWatch::tell_ended(std::uint64_t number) {
  const auto one = std::ranges::find_if(
      entries_, [number](const auto& entry) { return entry.second.living && entry.second.living->number == number; });
  if (one == entries_.end()) return;
  const std::string engine = one->first;
  auto& living = *one->second.living;
  const workflows::ProcessEnd how = how_it_ended(living.descriptor.native_handle(), living.pid);
  one->second.living.reset();
  const auto ended_now = ended;  // a callback may end this object
  if (ended_now) ended_now(engine, how);
}

void ProcessWatch::note_problem(const WatchedProcess& process, const std::string& why) {
  problems_[fmt::format("a process cannot be watched, {}: tested on schedule only", why)].insert(process.engine);
}

void ProcessWatch::tell_problems() {
  const std::shared_ptr<bool> alive = alive_;
  const auto warn_now = warn;
  for (const auto& [sentence, engines] : std::exchange(problems_, {})) {
    if (*alive && warn_now) warn_now(sentence + ": " + joined_names(engines));
  }
}

}  // namespace autoheal::host
