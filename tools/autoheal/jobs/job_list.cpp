#include "tools/autoheal/jobs/job_list.hpp"

#include <algorithm>
#include <ranges>

namespace autoheal::cli {

namespace {

bool has_ended(const Job& job) { return job.ended_at.has_value(); }

}  // namespace

Result<Job> JobList::add(std::string id, JobWish wish, Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto waiting = std::ranges::count(jobs_, JobState::queued, &Job::state);
  if (static_cast<std::size_t>(waiting) >= most_waiting)
    return failure(ErrorKind::busy, "8 jobs wait already", "GET /api/v1/jobs lists them; try again later");
  Job job;
  job.id = std::move(id);
  job.wish = std::move(wish);
  job.asked_at = now;
  return jobs_.emplace_back(std::move(job));
}

std::optional<Job> JobList::find(const std::string& id, Timestamp now) {
  const std::lock_guard lock(mutex_);
  forget(now);
  const Job* job = place_of(id);
  return job == nullptr ? std::nullopt : std::optional(*job);
}

std::vector<Job> JobList::all(Timestamp now) {
  const std::lock_guard lock(mutex_);
  forget(now);
  std::vector<Job> all;
  for (const Job& job : jobs_) {
    Job& copy = all.emplace_back();
    copy.id = job.id;
    copy.wish = {job.wish.operation, job.wish.principal, {}, {}};
    copy.state = job.state;
    copy.asked_at = job.asked_at;
    copy.began_at = job.began_at;
    copy.ended_at = job.ended_at;
    copy.done = job.done;
    copy.all = job.all;
    copy.exit_code = job.exit_code;
    copy.error = job.error;
  }
  std::ranges::reverse(all);
  return all;
}

Result<Job> JobList::cancel(const std::string& id, Timestamp now) {
  const std::lock_guard lock(mutex_);
  Job* job = place_of(id);
  if (job == nullptr) return failure(ErrorKind::not_found, "there is no such job", "GET /api/v1/jobs lists them");
  if (has_ended(*job)) return failure(ErrorKind::failed, "the job has ended: there is nothing to cancel");
  job->state = JobState::cancelled;
  job->ended_at = now;
  job->wish.input.clear();
  return *job;
}

std::optional<Job> JobList::next(Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(jobs_, JobState::queued, &Job::state);
  if (found == jobs_.end()) return std::nullopt;
  found->state = JobState::running;
  found->began_at = now;
  Job job = *found;
  found->wish.input.clear();
  return job;
}

bool JobList::is_cancelled(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const Job* job = place_of(id);
  return job == nullptr || job->state == JobState::cancelled;
}

void JobList::progressed(const std::string& id, std::uint64_t done, std::uint64_t all) {
  const std::lock_guard lock(mutex_);
  Job* job = place_of(id);
  if (job == nullptr || job->state != JobState::running) return;
  job->done = done;
  job->all = all;
}

void JobList::ended(const std::string& id, JobEnd end, Timestamp now) {
  const std::lock_guard lock(mutex_);
  Job* job = place_of(id);
  if (job == nullptr || job->state != JobState::running) return;
  job->state = end.result.empty() ? JobState::failed : JobState::done;
  job->exit_code = end.exit_code;
  job->result = std::move(end.result);
  job->error = std::move(end.error);
  job->ended_at = now;
  forget(now);
}

Job* JobList::place_of(const std::string& id) {
  const auto found = std::ranges::find(jobs_, id, &Job::id);
  return found == jobs_.end() ? nullptr : &*found;
}

// The newest that ended stays, however large.
void JobList::forget(Timestamp now) {
  std::size_t kept = 0, bytes = 0;
  std::vector<std::string> too_many;
  for (const Job& job : jobs_ | std::views::reverse) {
    if (!has_ended(job)) continue;
    bytes += job.result.size();
    const bool stays = now - *job.ended_at < kept_for && (kept == 0 || (kept < most_kept && bytes <= most_kept_bytes));
    if (stays) ++kept;
    if (!stays) too_many.push_back(job.id);
  }
  std::erase_if(jobs_, [&](const Job& job) { return std::ranges::find(too_many, job.id) != too_many.end(); });
}

}  // namespace autoheal::cli
