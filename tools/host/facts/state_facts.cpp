#include "tools/host/facts/state_facts.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>

#include "tools/host/facts/database_header.hpp"
#include "tools/host/facts/folder_tree.hpp"
#include "tools/host/facts/snapshot_names.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace {

using workflows::SnapshotFacts;
using workflows::StateRepair;
using workflows::TargetKind;

constexpr Duration patience_of_a_look = std::chrono::seconds(10);

Look raw_look() {
  Look look;
  look.tree = true;
  look.aged = true;
  return look;
}

// Known by what it holds: its users go on writing, so size and times say nothing.
TargetFacts facts_of_database(const TargetFacts& file, const engine::BlobName& digest) {
  TargetFacts facts;
  facts.path = file.path;
  facts.kind = TargetKind::database;
  facts.mode = file.mode;
  facts.uid = file.uid;
  facts.gid = file.gid;
  facts.device = file.device;
  facts.inode = file.inode;
  facts.digest = digest;
  return facts;
}

Result<TargetFacts> status_of(const RootFolder& root, const std::string& path) {
  TargetFacts facts;
  facts.path = path;
  const auto place = root.place_of(path);
  if (!place && place.error().kind == ErrorKind::not_found) return facts;
  AUTOHEAL_TRY(place);
  struct stat status{};
  if (::fstatat(place->folder.get(), place->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return facts;
    return system_failure(path, errno);
  }
  facts.kind = S_ISREG(status.st_mode)   ? TargetKind::file
               : S_ISDIR(status.st_mode) ? TargetKind::folder
                                         : TargetKind::other;
  facts.mode = status.st_mode & 07777U;
  facts.uid = status.st_uid;
  facts.gid = status.st_gid;
  facts.device = status.st_dev;
  facts.inode = status.st_ino;
  return facts;
}

// A database if it is one; empty content unless asked.
struct LookedAt {
  TargetFacts facts;
  unsigned page_size = 0;
  std::string damage;
  std::string content;
};

Result<LookedAt> look(const RootFolder& root, const std::string& path, Duration patience, bool with_content,
                      const StateTools& tools) {
  auto status = status_of(root, path);
  AUTOHEAL_TRY(status);
  LookedAt looked;
  if (status->kind == TargetKind::file) {
    DatabaseLook database = tools.databases.look(root, path, tools.mark, patience, with_content);
    switch (database.status) {
      case DatabaseLook::Status::database:
        looked.facts = facts_of_database(*status, database.digest);
        looked.page_size = database.page_size;
        looked.content = std::move(database.content);
        return looked;
      case DatabaseLook::Status::busy:
        return failure(ErrorKind::busy, database.message);
      case DatabaseLook::Status::changed:
        return failure(ErrorKind::changed, path + " was replaced while it was looked at");
      case DatabaseLook::Status::failed:
        return failure(ErrorKind::failed, database.message);
      case DatabaseLook::Status::damaged:
        looked.damage = database.message;
        break;
    }
  }
  auto seen = inspect(root, path, raw_look(), tools.blobs, tools.own);
  AUTOHEAL_TRY(seen);
  looked.facts = std::move(seen->facts);
  return looked;
}

Result<void> add_raw(const RootFolder& root, const std::string& path, const StateTools& tools,
                     workflows::Observation& observation) {
  for (const char* ending : {"", "-wal", "-shm"}) {
    auto seen = inspect(root, path + ending, raw_look(), tools.blobs, tools.own);
    AUTOHEAL_TRY(seen);
    observation.targets.push_back(std::move(seen->facts));
  }
  return {};
}

// ---- snapshots

Duration age_of(const struct stat& status) {
  const auto taken = std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::max(Duration{0}, std::chrono::duration_cast<Duration>(now - taken));
}

// Properties of a database snapshot that no plan needs.
struct SnapshotTraits {
  unsigned encoding = 0;
  bool log_mode = false;
};

// Takes the snapshot into the vault. A fault becomes the snapshot's problem, because another one may be good.
void read_snapshot(const std::string& path, const StateTools& tools, SnapshotFacts& facts, SnapshotTraits& traits) {
  const UniqueFd opened(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status{};
  if (!opened || ::fstat(opened.get(), &status) != 0) {
    facts.problem = "is missing";
    return;
  }
  facts.age = age_of(status);
  if (S_ISREG(status.st_mode)) {
    const DatabaseLook database = tools.databases.read_copy(path, tools.mark);
    facts.problem = database.status == DatabaseLook::Status::database
                        ? ""
                        : fmt::format("is no sound database ({})", database.message);
    facts.page_size = database.page_size;
    traits = {encoding_of(database.content), was_in_log_mode(path)};
    const auto kept = facts.problem.empty() ? tools.blobs.put(database.content, BlobNaming::plain) : engine::BlobName();
    facts.content = kept.value_or(engine::BlobName());
    if (!kept) facts.problem = kept.error().message;
    return;
  }
  if (!S_ISDIR(status.st_mode)) {
    facts.problem = "is neither a file nor a folder";
    return;
  }
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto tree = folder ? read_tree(folder.get(), path, &tools.blobs, tools.own) : system_failure(path, errno);
  const auto kept = tree ? tools.blobs.put(*tree, BlobNaming::plain) : std::unexpected(tree.error());
  facts.mode = status.st_mode & 07777U;
  facts.content = kept.value_or(engine::BlobName());
  if (!kept) facts.problem = kept.error().message;
}

std::vector<SnapshotFacts> taken_snapshots(const std::string& folder, unsigned attempt, const StateTools& tools,
                                           std::vector<SnapshotTraits>& traits) {
  std::vector<SnapshotFacts> snapshots;
  unsigned sound = 0;
  for (const SnapshotName& name : snapshots_in(folder)) {
    if (sound == attempt) break;  // each earlier attempt can have refused one
    SnapshotFacts& facts = snapshots.emplace_back();
    facts.name = name.file;
    read_snapshot(folder + "/" + name.file, tools, facts, traits.emplace_back());
    if (facts.problem.empty() && facts.content != name.content) facts.problem = "is not what was taken then";
    if (facts.problem.empty()) ++sound;
  }
  return snapshots;
}

// A database that is swapped keeps its journal mode: what takes its place is in the same one.
Result<void> keep_log_mode(const RootFolder& root, const std::string& path, const std::vector<SnapshotTraits>& traits,
                           const StateTools& tools, std::vector<SnapshotFacts>& snapshots) {
  const auto known = keeps_log(root, path);
  for (std::size_t index = 0; index < snapshots.size(); ++index) {
    SnapshotFacts& snapshot = snapshots[index];
    if (!snapshot.problem.empty() || snapshot.page_size == 0 || !known.value_or(traits[index].log_mode)) continue;
    auto copy = tools.blobs.get(snapshot.content);
    AUTOHEAL_TRY(copy);
    auto kept = tools.blobs.put(in_log_mode(std::move(*copy)), BlobNaming::plain);
    AUTOHEAL_TRY(kept);
    snapshot.content = std::move(*kept);
  }
  return {};
}

}  // namespace

Result<void> observe_state(const RootFolder& root, const StateRepair& state, unsigned attempt, const StateTools& tools,
                           workflows::Observation& observation) {
  workflows::StateFacts& facts = observation.states[state.path];
  std::vector<SnapshotTraits> traits;
  if (state.takes_snapshots) {
    facts.snapshots = taken_snapshots(state.snapshot, attempt, tools, traits);
  } else {
    SnapshotFacts& only = facts.snapshots.emplace_back();
    only.name = state.snapshot;
    read_snapshot(state.snapshot, tools, only, traits.emplace_back());
  }
  auto looked = look(root, state.path, state.timeout, true, tools);
  AUTOHEAL_TRY(looked);
  facts.page_size = looked->page_size;
  facts.damage = looked->damage;
  const auto usable = std::ranges::find(facts.snapshots, "", &SnapshotFacts::problem);
  // Who has it open could not go on with another page size or encoding.
  const auto fits = [&] {
    const auto& of_usable = traits[static_cast<std::size_t>(usable - facts.snapshots.begin())];
    return usable->page_size == looked->page_size && of_usable.encoding == encoding_of(looked->content);
  };
  const bool in_place = looked->facts.kind == TargetKind::database && (usable == facts.snapshots.end() || fits());
  if (!in_place && looked->facts.kind != TargetKind::folder) {
    if (auto kept = keep_log_mode(root, state.path, traits, tools, facts.snapshots); !kept) return kept;
    return add_raw(root, state.path, tools, observation);
  }
  if (in_place) {
    if (auto kept = tools.blobs.put(looked->content, BlobNaming::plain); !kept)
      return failure(kept.error().kind,
                     fmt::format("{}: what it holds could not be kept: {}", state.path, kept.error().message));
  }
  observation.targets.push_back(std::move(looked->facts));
  return {};
}

Result<TargetFacts> look_at_state(const RootFolder& root, const std::string& path, const StateTools& tools) {
  auto looked = look(root, path, patience_of_a_look, false, tools);
  AUTOHEAL_TRY(looked);
  return std::move(looked->facts);
}

}  // namespace autoheal::host
