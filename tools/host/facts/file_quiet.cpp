#include "tools/host/facts/file_quiet.hpp"

#include <fcntl.h>

#include <fmt/core.h>

#include <cerrno>
#include <ctime>
#include <optional>

#include "tools/host/system/file_writers.hpp"
#include "tools/host/system/swap_lease.hpp"

namespace autoheal::host {

namespace {

using workflows::FileInWriting;
using workflows::OpenWriters;
using workflows::Writing;
using workflows::WritingFacts;

constexpr std::int64_t ns_per_second = 1'000'000'000;

constexpr const char* somebody = "a process that this one may not look into";

struct LookedAtWriting {
  std::string path;
  WritingFacts facts;
  FileIdentity file;
  SwapLease::Taken lease = SwapLease::Taken::unknown;  // what the kernel says at once, of files that matter
};

// The kernel gives a lease only where nobody has the file open for writing: then no process has to be looked into.
SwapLease::Taken lease_on(int folder, const std::string& name) {
  return SwapLease(UniqueFd(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)))
      .taken();
}

// Empty if it is no file, and no missing one.
std::optional<LookedAtWriting> look_at_writing(const RootFolder& root, const std::string& path, OpenWriters rule,
                                               std::int64_t now_ns, const OwnFiles& own) {
  const auto place = root.place_of(path);
  if (!place) return std::nullopt;
  LookedAtWriting looked;
  looked.path = path;
  struct stat status{};
  if (::fstatat(place->folder.get(), place->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT || ::fstat(place->folder.get(), &status) != 0) return std::nullopt;
    looked.facts.there = false;
  } else if (!S_ISREG(status.st_mode) || own.contain(status)) {
    return std::nullopt;
  } else {
    looked.facts.empty = status.st_size == 0;
    looked.file = FileIdentity::of(status);
  }
  looked.facts.unchanged = unchanged_for(status, now_ns);
  const bool matters = rule == OpenWriters::wait || looked.facts.unchanged < workflows::quiet_after;
  if (!looked.facts.there || !matters) {
    looked.lease = SwapLease::Taken::yes;
  } else {
    looked.lease = lease_on(place->folder.get(), place->name);
  }
  return looked;
}

}  // namespace

std::int64_t wall_clock_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * ns_per_second + now.tv_nsec;
}

Duration unchanged_for(const struct stat& status, std::int64_t now_ns) {
  const std::int64_t age = now_ns - (status.st_ctim.tv_sec * ns_per_second + status.st_ctim.tv_nsec);
  return age < 0 ? Duration::max() : std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(age));
}

Result<void> may_be_displaced(const struct stat& status, const std::string& path, OpenWriters rule, std::int64_t now_ns,
                              bool in_use) {
  const auto file = FileIdentity::of(status);
  const FileWriters writers = find_writers({file});
  const auto open = writers.of.find(file);
  if (open == writers.of.end() && !in_use) return {};
  const std::string who = fmt::format("{} is open for writing by {}", path,
                                      open == writers.of.end() ? std::string(somebody) : text_of(open->second));
  if (unchanged_for(status, now_ns) < workflows::quiet_after)
    return failure(ErrorKind::changed, who + ", who is at work on it; it is left as it is");
  if (rule == OpenWriters::wait) return failure(ErrorKind::busy, who + "; it is replaced once it is closed");
  if (rule == OpenWriters::refuse) {
    return failure(ErrorKind::refused, who + ", and `open_writers: refuse` does not replace it then",
                   "end that program, or let `open_writers: swap` replace what has been quiet for 2 s");
  }
  return {};
}

std::vector<FileInWriting> files_in_writing(const RootFolder& root, const std::vector<std::string>& paths,
                                            const workflows::WritingQuestion& question, OpenWriters rule,
                                            std::int64_t now_ns, const OwnFiles& own) {
  std::vector<LookedAtWriting> all;
  std::set<FileIdentity> files;
  for (const std::string& path : paths) {
    auto looked = look_at_writing(root, path, rule, now_ns, own);
    if (!looked) continue;
    if (looked->lease != SwapLease::Taken::yes) files.insert(looked->file);
    all.push_back(std::move(*looked));
  }
  const FileWriters writers = find_writers(files);
  std::vector<FileInWriting> found;
  for (LookedAtWriting& one : all) {
    const auto open = writers.of.find(one.file);
    const bool found_open = one.lease != SwapLease::Taken::yes && open != writers.of.end();
    one.facts.open = found_open || one.lease == SwapLease::Taken::in_use;
    const Writing state = workflows::writing_of(one.facts, rule, question);
    if (state == Writing::no) continue;
    found.push_back({one.path, state,
                     found_open       ? text_of(open->second)
                     : one.facts.open ? std::string(somebody)
                                      : std::string()});
  }
  return found;
}

}  // namespace autoheal::host
