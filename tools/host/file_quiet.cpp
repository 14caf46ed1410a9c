#include "tools/host/file_quiet.hpp"

#include <fcntl.h>

#include <cerrno>
#include <ctime>
#include <optional>

#include "tools/host/file_writers.hpp"

namespace autoheal::host {

namespace {

using workflows::FileInWriting;
using workflows::OpenWriters;
using workflows::Writing;
using workflows::WritingFacts;

constexpr std::int64_t ns_per_second = 1'000'000'000;

struct LookedAtWriting {
  std::string path;
  WritingFacts facts;
  FileIdentity file;
};

// Empty where it is no file, and no missing one.
std::optional<LookedAtWriting> look_at_writing(const RootFolder& root, const std::string& path, std::int64_t now_ns) {
  const auto place = root.place_of(path);
  if (!place) return std::nullopt;
  LookedAtWriting looked;
  looked.path = path;
  struct stat status {};
  if (::fstatat(place->folder.get(), place->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT || ::fstat(place->folder.get(), &status) != 0) return std::nullopt;
    looked.facts.there = false;
  } else if (!S_ISREG(status.st_mode)) {
    return std::nullopt;
  } else {
    looked.facts.empty = status.st_size == 0;
    looked.file = FileIdentity::of(status);
  }
  looked.facts.unchanged = unchanged_for(status, now_ns);
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
  const std::string who =
      path + " is open for writing by " +
      (open == writers.of.end() ? "a process that this one may not look into" : text_of(open->second));
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
                                            std::int64_t now_ns) {
  std::vector<LookedAtWriting> all;
  std::set<FileIdentity> files;
  for (const std::string& path : paths) {
    auto looked = look_at_writing(root, path, now_ns);
    if (!looked) continue;
    const bool matters = rule == OpenWriters::wait || looked->facts.unchanged < workflows::quiet_after;
    if (looked->facts.there && matters) files.insert(looked->file);
    all.push_back(std::move(*looked));
  }
  const FileWriters writers = find_writers(files);
  std::vector<FileInWriting> found;
  for (LookedAtWriting& one : all) {
    const auto open = writers.of.find(one.file);
    one.facts.open = one.facts.there && open != writers.of.end();
    const Writing state = workflows::writing_of(one.facts, rule, question);
    if (state == Writing::no) continue;
    found.push_back({one.path, state, one.facts.open ? text_of(open->second) : std::string()});
  }
  return found;
}

}  // namespace autoheal::host
