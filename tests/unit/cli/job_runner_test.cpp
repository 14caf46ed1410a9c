// Jobs of the API: one at a time, bounded, of least priority, and ended with the thread that started them. The program
// that they run is a script here.
#include "tools/autoheal/jobs/job_runner.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "autoheal/engine/system_ports.hpp"
#include "tools/host/process/child_process.hpp"

namespace autoheal::cli {
namespace {

class Jobs : public ::testing::Test {
 protected:
  Jobs() {
    std::string name = ::testing::TempDir() + "jobs." + std::string(6, 'X');
    folder_ = ::mkdtemp(name.data());
  }
  ~Jobs() override { std::filesystem::remove_all(folder_); }

  JobSetting program_that(const std::string& does) {
    const auto script = folder_ / "program";
    std::ofstream(script) << "#!/bin/sh\n" << does << "\n";
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    return {script.string(), "/etc/autoheal.yaml", "/var/ledger.db", {{"AUTOHEAL_MAX_RETRIES", "2"}}};
  }
  JobEnd end_of(const std::string& does, const JobLimits& limits = {}) {
    return run_job({"verifyLedger", "ann", {"ledger", "verify"}, "the input"}, program_that(does), watch_, limits);
  }
  Job until_ended(JobRunner& runner, const std::string& id) {
    while (true) {
      const auto job = runner.list().find(id, clock_.now());
      if (job->ended_at) return *job;
      std::this_thread::yield();
    }
  }
  static JobWish wish() { return {"verifyLedger", "ann", {}, {}}; }

  std::filesystem::path folder_;
  engine::SystemClock clock_;
  std::pair<std::uint64_t, std::uint64_t> progress_;
  bool unwanted_ = false;
  JobWatch watch_{[this](std::uint64_t done, std::uint64_t all) { progress_ = {done, all}; },
                  [this] { return unwanted_; }};
};

TEST_F(Jobs, TheProgramGetsItsWordsItsInputAndWhomItActsFor) {
  const auto end =
      end_of(R"sh(printf '["%s","%s","%s","%s"]\n' "$*" "$(cat)" "$AUTOHEAL_JOB_PRINCIPAL" "$AUTOHEAL_LEDGER")sh");
  EXPECT_EQ(end.result, R"(["-c /etc/autoheal.yaml ledger verify","the input","ann","/var/ledger.db"])");
  EXPECT_EQ(end.exit_code, 0);
}

TEST_F(Jobs, ProgressComesAsNumbersThroughADescriptorOfItsOwn) {
  const auto end = end_of(R"(eval "printf '1 30\n20 30\n' >&$AUTOHEAL_PROGRESS_FD"; echo '{}')");
  EXPECT_EQ(end.result, "{}");
  EXPECT_EQ(progress_, std::pair(std::uint64_t{20}, std::uint64_t{30}));
}

TEST_F(Jobs, ItsPriorityIsTheLeast) { EXPECT_EQ(end_of("nice").result, "19"); }

TEST_F(Jobs, ExitCodeOneWithAnAnswerIsAnAnswer) {
  const auto end = end_of("echo '{}'; exit 1");
  EXPECT_EQ(end.result, "{}");
  EXPECT_EQ(end.exit_code, 1);
}

TEST_F(Jobs, AnErrorOfTheCommandIsTheJobs) {
  const auto end = end_of(R"(echo 'warning: old' >&2
echo '{"error":{"code":6,"message":"somebody else is at it","hint":"wait"}}' >&2; exit 6)");
  EXPECT_EQ(end.result, "");
  EXPECT_EQ(end.error->message, "somebody else is at it");
  EXPECT_EQ(end.error->hint, "wait");
}

TEST_F(Jobs, OutputThatIsNoAnswerIsNotPassedOn) {
  EXPECT_EQ(end_of("echo no json").error->message, "the command ended with 0");
  EXPECT_EQ(end_of("kill -9 $$").exit_code, 128 + SIGKILL);
}

TEST_F(Jobs, TooMuchOutputEndsIt) {
  JobLimits limits;
  limits.output_bytes = 1000;
  const auto end = end_of("yes", limits);
  EXPECT_TRUE(end.error->message.starts_with("its answer is longer")) << end.error->message;
  EXPECT_EQ(end.exit_code, 128 + SIGKILL);
}

TEST_F(Jobs, OneThatTakesTooLongIsEnded) {
  JobLimits limits;
  limits.time = std::chrono::milliseconds(1);
  EXPECT_EQ(end_of("exec sleep 1000", limits).error->kind, ErrorKind::timed_out);
}

TEST_F(Jobs, OneThatIsCancelledIsKilledAndTheNextOneRuns) {
  const auto setting = program_that("[ \"$3\" = quick ] && echo '{}' && exit; exec sleep 1000");
  auto runner = JobRunner::start(clock_, [kept = setting] { return kept; });
  ASSERT_TRUE(runner.has_value());
  ASSERT_TRUE((*runner)->take("1", wish()).has_value());
  auto quick = wish();
  quick.words = {"quick"};
  ASSERT_TRUE((*runner)->take("2", quick).has_value());
  while ((*runner)->list().find("1", clock_.now())->state != JobState::running) std::this_thread::yield();
  EXPECT_EQ((*runner)->list().find("2", clock_.now())->state, JobState::queued);
  EXPECT_EQ((*runner)->list().cancel("1", clock_.now())->state, JobState::cancelled);
  EXPECT_EQ(until_ended(**runner, "2").result, "{}");
  EXPECT_EQ((*runner)->list().find("1", clock_.now())->state, JobState::cancelled);
  EXPECT_EQ((*runner)->list().cancel("1", clock_.now()).error().kind, ErrorKind::failed);
}

TEST_F(Jobs, TheOwnerHearsHowOneEndedBeforeWhoAskedForIt) {
  const auto setting = program_that("echo '{}'; exit 1");
  std::string heard;
  auto runner = JobRunner::start(
      clock_, [kept = setting] { return kept; },
      [&](const Job& job, const JobEnd& end) {
        heard = job.wish.operation + " " + std::to_string(end.exit_code.value_or(-1));
        EXPECT_TRUE(job.began_at.has_value());
      });
  ASSERT_TRUE(runner.has_value());
  ASSERT_TRUE((*runner)->take("1", wish()).has_value());
  EXPECT_EQ(until_ended(**runner, "1").exit_code, 1);
  EXPECT_EQ(heard, "verifyLedger 1");
}

TEST_F(Jobs, TheRunnerEndsWhatRuns) {
  const auto setting = program_that("exec sleep 1000");
  auto runner = JobRunner::start(clock_, [kept = setting] { return kept; });
  ASSERT_TRUE(runner.has_value());
  for (const char* id : {"1", "2", "3"}) ASSERT_TRUE((*runner)->take(id, wish()).has_value());
  runner->reset();  // would wait for ever
}

TEST_F(Jobs, AProcessInTheBackgroundEndsWithTheThreadThatStartedIt) {
  const auto setting = program_that("exec sleep 1000");
  host::Child child;
  std::thread([&] {
    host::ChildPlan plan;
    plan.argv = {setting.program};
    plan.cwd = "/";
    plan.input = plan.output = plan.error = STDERR_FILENO;
    plan.in_background = true;
    child = std::move(*host::start_child(plan));
  }).join();
  pollfd ended{child.handle.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ended, 1, 10'000), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child.pid, &status, 0), child.pid);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(JobList, EightMayWait) {
  JobList list;
  for (int number = 0; number < 8; ++number) ASSERT_TRUE(list.add(std::to_string(number), {}, Timestamp{}).has_value());
  EXPECT_EQ(list.add("8", {}, Timestamp{}).error().kind, ErrorKind::busy);
  ASSERT_TRUE(list.next(Timestamp{}).has_value());
  EXPECT_TRUE(list.add("8", {}, Timestamp{}).has_value());
}

TEST(JobList, TheNewestHundredAreKeptForADay) {
  JobList list;
  for (int number = 0; number < 103; ++number) {
    ASSERT_TRUE(list.add(std::to_string(number), {}, Timestamp{}).has_value());
    list.ended(list.next(Timestamp{})->id, {0, "{}", {}}, Timestamp{});
  }
  const auto all = list.all(Timestamp{});
  ASSERT_EQ(all.size(), 100U);
  EXPECT_EQ(all.front().id, "102");
  EXPECT_EQ(all.back().id, "3");
  EXPECT_FALSE(list.find("2", Timestamp{}).has_value());
  EXPECT_EQ(list.all(Timestamp{} + std::chrono::hours(23)).size(), 100U);
  EXPECT_TRUE(list.all(Timestamp{} + std::chrono::hours(24)).empty());
}

TEST(JobList, ResultsTakeABoundedAmountOfMemory) {
  JobList list;
  for (int number = 0; number < 6; ++number) {
    ASSERT_TRUE(list.add(std::to_string(number), {}, Timestamp{}).has_value());
    list.ended(list.next(Timestamp{})->id, {0, std::string(16U << 20U, ' '), {}}, Timestamp{});
  }
  EXPECT_EQ(list.all(Timestamp{}).size(), 4U);
}

}  // namespace
}  // namespace autoheal::cli
