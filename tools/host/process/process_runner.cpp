#include "tools/host/process/process_runner.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "autoheal/engine/base/whole_io.hpp"
#include "tools/host/process/child_process.hpp"
#include "tools/host/process/marked_processes.hpp"
#include "tools/host/process/output_capture.hpp"
#include "tools/host/process/own_scope.hpp"
#include "tools/host/process/program_file.hpp"
#include "tools/host/system/own_delay.hpp"
#include "tools/host/system/system_error.hpp"
#include "tools/host/system/time_since_boot.hpp"

namespace autoheal::host {

namespace {

using workflows::ChildPolicy;
using workflows::ProgramRun;
using workflows::RunOutcome;
using workflows::RunRequest;

constexpr int busy_tries = 50;  // ETXTBSY: a writer still has it open
constexpr auto busy_pause = std::chrono::milliseconds(10);

bool is_lack_of_room(int error_number) {
  return error_number == EAGAIN || error_number == ENOMEM || error_number == EMFILE || error_number == ENFILE;
}

std::string new_run_name() {
  static std::atomic<unsigned long> counter{0};
  return fmt::format("{}-{}-{}", ::getpid(), since_boot().count(), ++counter);
}

std::vector<std::string> environment_of(const RunRequest& request, const std::string& home,
                                        const std::string& run_name) {
  std::map<std::string, std::string> variables = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"LANG", "C.UTF-8"}, {"HOME", home}};
  for (const auto& [name, value] : request.run.environment) variables[name] = value;
  variables[std::string(mark_variable)] = request.mark;
  variables[std::string(run_variable)] = run_name;
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

struct Runner {
  const RunRequest& request;
  RunOutcome& outcome;
  OutputDrain* drain = nullptr;
  std::string run_name = new_run_name();
  ProgramFile program{};
  Child child{};
  unsigned long long child_started = 0;

  bool prepare(ChildPlan& plan);
  bool not_started(std::string why, bool no_room);
  bool start(const ChildPlan& plan);
  bool replaced();
  bool check_what_runs();
  [[nodiscard]] std::string what_replaced_it() const;
  void give_up(const std::string& problem);
  void follow(OutputCapture& output, OutputCapture& error);
  void time_is_up(const LimitWatch& limit);
  [[nodiscard]] bool kept_waiting() const;
  void end_left_behind();
  void reap();
};

bool Runner::not_started(std::string why, bool no_room) {
  outcome.message = std::move(why);
  outcome.no_room = no_room;
  return false;
}

bool Runner::prepare(ChildPlan& plan) {
  const ProgramRun& run = request.run;
  const auto self = account_of(::geteuid());
  Account account = self ? *self : Account{::geteuid(), ::getegid(), "", "/"};
  if (!run.user.empty()) {
    const auto named = account_of(run.user);
    if (!named) {
      outcome.message = named.error().message;
      return false;
    }
    account = *named;
    if (account.uid != ::geteuid()) plan.become = account;
    if (plan.become && ::geteuid() != 0) {
      outcome.message = "only root can run a program as user " + run.user;
      return false;
    }
  }
  outcome.user = account.name.empty() ? std::to_string(account.uid) : account.name;
  const auto opened = open_program(run.argv.front(), account.uid);
  if (!opened) return not_started(opened.error().message, opened.error().kind == ErrorKind::unavailable);
  program = *opened;
  outcome.program_sha256 = program.sha256;
  plan.argv = run.argv;
  plan.environment = environment_of(request, account.home, run_name);
  plan.cwd = run.cwd.empty() ? "/" : run.cwd;
  plan.usual_priority = request.children == ChildPolicy::keep_running;
  if (drain != nullptr && plan.usual_priority) plan.place = in_a_scope_of_its_own(program.path);
  return true;
}

bool Runner::start(const ChildPlan& plan) {
  for (int tries = 1;; ++tries) {
    if (!is_still(program)) return replaced();
    auto started = start_child(plan);
    if (started) {
      child = std::move(*started);
      outcome.started = true;
      return true;
    }
    const int error_number = started.error().error_number;
    if (error_number != ETXTBSY || tries == busy_tries) {
      if (!is_still(program)) return replaced();  // that may be why
      outcome.says_nothing = error_number == ETXTBSY;
      return not_started(started.error().message, is_lack_of_room(error_number));
    }
    std::this_thread::sleep_for(busy_pause);
  }
}

bool Runner::replaced() {
  outcome.message =
      fmt::format("{} was replaced while it was about to be started: {}", program.path, what_replaced_it());
  outcome.says_nothing = true;
  return false;
}

bool Runner::check_what_runs() {
  if (const auto info = read_process(child.pid)) child_started = info->started;
  if (is_running(program, child.pid)) return true;
  outcome.message =
      fmt::format("{} was replaced while it was started: {}; it was ended", program.path, what_replaced_it());
  outcome.says_nothing = true;
  return false;
}

std::string Runner::what_replaced_it() const {
  const auto other = open_program(program.path, ::geteuid());
  return fmt::format("{} was checked, {} is there now", program.sha256,
                     other ? other->sha256 : "something that may not be run");
}

// Out of memory: what was started does not go on unseen.
void Runner::give_up(const std::string& problem) {
  if (!outcome.started) {
    not_started(fmt::format("could not start {}: {}", request.run.argv.front(), problem), true);
  } else if (child.pid != 0) {
    ::kill(-child.pid, SIGKILL);
    outcome.message = "was ended, since its output could not be taken: " + problem;
    reap();
  }
}

void Runner::follow(OutputCapture& output, OutputCapture& error) {
  const LimitWatch limit(request.run.timeout);
  while (true) {
    const Duration left = limit.until() - since_boot();
    std::array<pollfd, 3> wanted = {
        {{child.handle.get(), POLLIN, 0}, {output.reading_end(), POLLIN, 0}, {error.reading_end(), POLLIN, 0}}};
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(std::clamp(left, Duration(0), Duration(std::chrono::hours(1))));
    const int ready = ::poll(wanted.data(), wanted.size(), static_cast<int>(wait.count()));
    if (ready > 0 && wanted[1].revents != 0) output.read_some();
    if (ready > 0 && wanted[2].revents != 0) error.read_some();
    if (ready > 0 && wanted[0].revents != 0) return;
    if (since_boot() >= limit.until()) return time_is_up(limit);
  }
}

void Runner::time_is_up(const LimitWatch& limit) {
  pollfd ended{child.handle.get(), POLLIN, 0};
  if (::poll(&ended, 1, 0) > 0) return;  // in time or not: nobody looked
  outcome.timed_out = true;
  outcome.message = "did not end within its time limit and was ended";
  if (!limit.kept_waiting() && !kept_waiting()) return;
  outcome.says_nothing = true;
  outcome.message += std::string("; ") + no_processor;
}

// Its children count as well: a shell only waits for them.
bool Runner::kept_waiting() const {
  for (const ProcessInfo& one : all_processes()) {
    const bool of_it = one.pid == child.pid || one.session == child.pid || one.group == child.pid;
    if (of_it && is_good_part(waited_for_processor(std::to_string(one.pid)), request.run.timeout)) return true;
  }
  return false;
}

// The child itself is not reaped yet, so its pid is still the name of its group and session.
void Runner::end_left_behind() {
  if (request.children == ChildPolicy::keep_running && !outcome.timed_out) return;
  const bool also_marked = request.children == ChildPolicy::end_all;
  end_processes([&](const ProcessInfo& one) {
    if (one.pid == child.pid || one.session == child.pid || one.group == child.pid) return true;
    return also_marked && one.started >= child_started && carries(one.pid, run_variable, run_name);
  });
}

void Runner::reap() {
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(child.pid), &ended, WEXITED) != 0 && errno == EINTR) continue;
  child.pid = 0;
  if (ended.si_code == CLD_EXITED) {
    outcome.exit_code = ended.si_status;
    return;
  }
  outcome.exit_code = 128 + ended.si_status;
  if (!outcome.message.empty()) return;
  const char* name = ::sigabbrev_np(ended.si_status);
  outcome.message =
      "ended by signal " + (name != nullptr ? "SIG" + std::string(name) : std::to_string(ended.si_status));
}

std::vector<int> reading_ends(std::initializer_list<const OutputCapture*> outputs) {
  std::vector<int> ends;
  for (const OutputCapture* one : outputs) {
    if (one->reading_end() >= 0) ends.push_back(one->reading_end());
  }
  return ends;
}

// In memory, so that a program which does not read it holds nobody up.
UniqueFd input_of(const RunRequest& request) {
  if (request.input.empty()) return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  UniqueFd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file || !write_whole(file.get(), request.input) || ::lseek(file.get(), 0, SEEK_SET) != 0) return {};
  return file;
}

// Before it starts, for what is meant to live on: then it survives, too, that this process is killed meanwhile.
bool hold_outputs(Runner& runner, const OutputCapture& output, const OutputCapture& error, HeldOutputs& held) {
  if (runner.drain == nullptr || runner.request.children != ChildPolicy::keep_running) return true;
  auto holds = runner.drain->hold(reading_ends({&output, &error}));
  if (holds) {
    held = std::move(*holds);
    return true;
  }
  return runner.not_started(fmt::format("could not start the process that reads the outputs of {}: {}",
                                        runner.program.path, holds.error().message),
                            is_lack_of_room(holds.error().error_number));
}

void leave_outputs(Runner& runner, OutputCapture& output, OutputCapture& error, HeldOutputs held) {
  output.read_what_is_there();
  error.read_what_is_there();
  if (runner.drain == nullptr || (!output.somebody_writes() && !error.somebody_writes())) return;
  if (runner.drain->read_on(std::move(held), reading_ends({&output, &error}))) return;
  const std::string left = "nobody reads what it left running any more";
  runner.outcome.message += (runner.outcome.message.empty() ? "" : "; ") + left;
}

void run_to_its_end(Runner& runner, RunOutcome& outcome) {
  ChildPlan plan;
  if (!runner.prepare(plan)) return;
  auto output = OutputCapture::open(runner.request.output_limit);
  auto error = OutputCapture::open(runner.request.output_limit);
  const UniqueFd input = input_of(runner.request);
  if (!output || !error || !input) {
    const int error_number = !output ? output.error() : !error ? error.error() : errno;
    runner.not_started(fmt::format("could not start {}: {}", runner.program.path, reason_of(error_number)),
                       is_lack_of_room(error_number));
    return;
  }
  plan.input = input.get();
  plan.output = output->child_end();
  plan.error = error->child_end();
  if (plan.become) output->belongs_to(plan.become->uid);
  if (plan.become) error->belongs_to(plan.become->uid);
  HeldOutputs held;
  if (!hold_outputs(runner, *output, *error, held) || !runner.start(plan)) return;
  output->child_has_it();
  error->child_has_it();
  if (runner.check_what_runs()) {
    runner.follow(*output, *error);
    runner.end_left_behind();
  } else {
    ::kill(-runner.child.pid, SIGKILL);
    outcome.started = false;
  }
  runner.reap();
  leave_outputs(runner, *output, *error, std::move(held));
  outcome.standard_output_gap = output->gap();
  outcome.standard_error_gap = error->gap();
  outcome.standard_output = output->take();
  outcome.standard_error = error->take();
  outcome.output_cut = output->was_cut() || error->was_cut();
}

RunOutcome run(const RunRequest& request, OutputDrain* drain) {
  RunOutcome outcome;
  const Duration began = since_boot();
  if (request.run.argv.empty()) {
    outcome.message = "there is no program to run";
    return outcome;
  }
  Runner runner{request, outcome, drain};
  try {
    run_to_its_end(runner, outcome);
  } catch (const std::exception& problem) {
    runner.give_up(problem.what());
  }
  outcome.took = since_boot() - began;
  return outcome;
}

}  // namespace

RunOutcome run_program(const RunRequest& request) { return run(request, nullptr); }

RunOutcome run_program_of_others(const RunRequest& request, OutputDrain& drain) { return run(request, &drain); }

}  // namespace autoheal::host
