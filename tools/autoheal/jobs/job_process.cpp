#include "tools/autoheal/jobs/job_process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "tools/autoheal/output/console.hpp"
#include "tools/host/process/child_process.hpp"
#include "tools/host/process/output_capture.hpp"

namespace autoheal::cli {

namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr int look_every_ms = 100;
constexpr std::size_t longest_error_bytes = 64U << 10U;

JobEnd failed(ErrorKind kind, std::string message, std::string hint = {}) {
  return {{}, {}, Error{kind, std::move(message), std::move(hint)}};
}

// A file that nobody else can reach.
UniqueFd file_with(const std::string& text) {
  UniqueFd file(::memfd_create("autoheal-job", MFD_CLOEXEC));
  if (!file || !write_whole(file.get(), text) || ::lseek(file.get(), 0, SEEK_SET) != 0) return {};
  return file;
}

std::vector<std::string> environment_of(const JobWish& wish, const JobSetting& setting) {
  std::vector<std::string> all = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
                                  "HOME=/"};
  for (const auto& [name, value] : setting.environment) {
    if (name != "AUTOHEAL_LEDGER") all.push_back(fmt::format("{}={}", name, value));
  }
  all.push_back("AUTOHEAL_LEDGER=" + setting.ledger);
  all.push_back(fmt::format("{}={}", progress_variable, host::channel_of_child));
  all.push_back(fmt::format("{}={}", job_principal_variable, wish.principal));
  return all;
}

// The lines "<done> <all>" of a pipe; the last whole one counts.
class ProgressReader {
 public:
  explicit ProgressReader(UniqueFd from) : from_(std::move(from)) {}
  [[nodiscard]] int descriptor() const { return from_.get(); }

  void read_some(const JobWatch& watch) {
    std::array<char, 4096> piece{};
    const ssize_t got = ::read(from_.get(), piece.data(), piece.size());
    if (got == 0) from_.reset();
    if (got <= 0) return;
    rest_.append(piece.data(), static_cast<std::size_t>(got));
    const auto end = rest_.rfind('\n');
    if (end == std::string::npos) return;
    const auto before = end == 0 ? std::string::npos : rest_.rfind('\n', end - 1);
    tell(std::string_view(rest_).substr(0, end).substr(before == std::string::npos ? 0 : before + 1), watch);
    rest_.erase(0, end + 1);
  }

 private:
  static void tell(std::string_view line, const JobWatch& watch) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return;
    const auto done = parse_number<std::uint64_t>(line.substr(0, space));
    const auto all = parse_number<std::uint64_t>(line.substr(space + 1));
    if (done && all) watch.progressed(*done, *all);
  }

  UniqueFd from_;
  std::string rest_;
};

// The child with its pipes.
struct RunningJob {
  host::Child child;
  host::OutputCapture output, error;
  ProgressReader progress;
};

std::expected<RunningJob, std::string> started(const JobWish& wish, const JobSetting& setting,
                                               const JobLimits& limits) {
  auto output = host::OutputCapture::open(limits.output_bytes);
  auto error = host::OutputCapture::open(longest_error_bytes);
  const UniqueFd input = file_with(wish.input);
  std::array<int, 2> ends{};
  if (!output || !error || !input || ::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    return std::unexpected("the system has no descriptors left");
  UniqueFd from(ends[0]);
  const UniqueFd to(ends[1]);
  host::ChildPlan plan;
  plan.argv = {setting.program, "-c", setting.file};
  plan.argv.insert(plan.argv.end(), wish.words.begin(), wish.words.end());
  plan.environment = environment_of(wish, setting);
  plan.cwd = "/";
  plan.input = input.get();
  plan.output = output->child_end();
  plan.error = error->child_end();
  plan.channel = to.get();
  plan.in_background = true;
  auto child = host::start_child(plan);
  if (!child) return std::unexpected(child.error().message);
  output->child_has_it();
  error->child_has_it();
  return RunningJob{std::move(*child), std::move(*output), std::move(*error), ProgressReader(std::move(from))};
}

// Why it was ended before its time; empty: it ended by itself.
std::optional<Error> watched_to_its_end(RunningJob& job, const JobWatch& watch, const JobLimits& limits) {
  const auto late = Clock::now() + limits.time;
  while (true) {
    std::array<pollfd, 4> wait = {
        pollfd{job.output.reading_end(), POLLIN, 0}, pollfd{job.error.reading_end(), POLLIN, 0},
        pollfd{job.progress.descriptor(), POLLIN, 0}, pollfd{job.child.handle.get(), POLLIN, 0}};
    (void)::poll(wait.data(), wait.size(), look_every_ms);
    if (wait[0].revents != 0) job.output.read_some();
    if (wait[1].revents != 0) job.error.read_some();
    if (wait[2].revents != 0) job.progress.read_some(watch);
    if (wait[3].revents != 0) return std::nullopt;
    if (watch.is_unwanted()) return Error{ErrorKind::failed, "it was cancelled", {}};
    if (job.output.was_cut())
      return Error{ErrorKind::failed, "its answer is longer than 16 MiB", "ask for less of it, such as a shorter time"};
    if (Clock::now() >= late) return Error{ErrorKind::timed_out, "it did not end within an hour", {}};
  }
}

int exit_code_of(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The command's own error, which is the last line of JSON on its stderr.
Error error_in(const std::string& said, int code) {
  std::string_view rest = said;
  while (!rest.empty()) {
    while (rest.ends_with('\n')) rest.remove_suffix(1);
    const auto before = rest.rfind('\n');
    const std::string_view line = before == std::string_view::npos ? rest : rest.substr(before + 1);
    const auto parsed = json::parse(line, nullptr, false);
    if (parsed.is_object() && parsed.contains("error") && parsed["error"].is_object()) {
      const auto& error = parsed["error"];
      return {code == 78 || code == 2 ? ErrorKind::invalid : ErrorKind::failed, error.value("message", ""),
              error.value("hint", "")};
    }
    rest = before == std::string_view::npos ? std::string_view() : rest.substr(0, before);
  }
  return {ErrorKind::failed, fmt::format("the command ended with {}", code), {}};
}

}  // namespace

std::optional<workflows::Principal> principal_of_job(const LoadedConfiguration& configuration) {
  const char* name = std::getenv(job_principal_variable);
  struct stat ledger{};
  if (name == nullptr || ::stat(configuration.settings.ledger.c_str(), &ledger) != 0) return std::nullopt;
  if (::geteuid() != 0 && ::geteuid() != ledger.st_uid) return std::nullopt;
  return workflows::Principal{name, configuration.settings.principals.role_of(name), {}};
}

JobEnd run_job(const JobWish& wish, const JobSetting& setting, const JobWatch& watch, const JobLimits& limits) {
  auto job = started(wish, setting, limits);
  if (!job) return failed(ErrorKind::unavailable, "the job could not be started: " + job.error());
  auto ended_early = watched_to_its_end(*job, watch, limits);
  if (ended_early) ::kill(-job->child.pid, SIGKILL);
  const int code = exit_code_of(job->child.pid);
  if (ended_early) return {code, {}, std::move(ended_early)};
  job->output.read_what_is_there();
  job->error.read_what_is_there();
  job->progress.read_some(watch);
  const bool was_cut = job->output.was_cut();
  std::string output = job->output.take();
  if (was_cut) return failed(ErrorKind::failed, "its answer is longer than 16 MiB");
  while (output.ends_with('\n')) output.pop_back();
  // Exit code 1 with output is an answer: a ledger may well not verify.
  if (code <= 1 && json::accept(output)) return {code, std::move(output), {}};
  return {code, {}, error_in(job->error.take(), code)};
}

}  // namespace autoheal::cli
