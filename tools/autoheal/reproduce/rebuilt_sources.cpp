#include "tools/autoheal/reproduce/rebuilt_sources.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/workflows/plan/strategy.hpp"
#include "tools/autoheal/output/new_file.hpp"
#include "tools/host/facts/folder_tree.hpp"
#include "tools/host/facts/staged_content.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::cli {

namespace {

namespace fs = std::filesystem;
using namespace workflows;  // every line below speaks of targets and their facts

Result<void> build_database(const SnapshotFacts& snapshot, const engine::BlobStore& blobs, const fs::path& file) {
  const auto content = blobs.get(snapshot.content);
  AUTOHEAL_TRY(content);
  return write_new_file(file.string(), *content);
}

Result<void> build_folder(const SnapshotFacts& snapshot, const engine::BlobStore& blobs, const fs::path& path,
                          RebuiltPlace& place) {
  if (::mkdir(path.c_str(), 0700) != 0) return host::system_failure("its folder", errno);
  const UniqueFd made(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made) return host::system_failure("its folder", errno);
  if (auto written = write_kept_tree(made.get(), snapshot.content, blobs, place); !written) return written;
  return ::fchmod(made.get(), snapshot.mode) == 0 ? Result<void>() : host::system_failure("its mode", errno);
}

bool is_one_name(const std::string& name) { return name.find('/') == std::string::npos && !name.starts_with('.'); }

// Each snapshot of this state that any attempt looked at, once. One that could not serve then is as good as missing:
// the record says what was wrong with it.
std::map<std::string, SnapshotFacts> snapshots_of(const replay::Course& course, const std::string& path) {
  std::map<std::string, SnapshotFacts> snapshots;
  for (const auto& [number, attempt] : course.attempts) {
    if (!attempt.observation) continue;
    const auto facts = attempt.observation->states.find(path);
    if (facts == attempt.observation->states.end()) continue;
    for (const SnapshotFacts& snapshot : facts->second.snapshots) {
      if (snapshot.problem.empty()) snapshots.try_emplace(snapshot.name, snapshot);
    }
  }
  return snapshots;
}

}  // namespace

void build_secrets(const Observation& observation, const engine::BlobStore& blobs, const fs::path& folder,
                   RebuiltPlace& place) {
  std::size_t number = 0;
  for (EnvRepair& env : place.spec.repair.env) {
    for (auto& [name, value] : env.set) {
      if (value.from_file.empty()) continue;
      const std::string file = (folder / sources_folder / std::to_string(++number)).string();
      const auto blob = observation.secrets.find(secret_key(env.file, name));
      const auto content = blob == observation.secrets.end() ? failure(ErrorKind::not_found, "it was not read then")
                                                             : blobs.get(blob->second);
      if (!content || !write_new_file(file, *content))
        place.missing.push_back(
            fmt::format("the value of {} in {}{}", name, env.file, content ? "" : ": " + content.error().message));
      value.from_file = file;
    }
  }
}

void build_snapshots(const replay::Course& course, const engine::BlobStore& blobs, const fs::path& folder,
                     RebuiltPlace& place) {
  std::size_t number = 0;
  for (StateRepair& state : place.spec.repair.state) {
    const fs::path here = folder / sources_folder / fmt::format("state-{}", ++number);
    std::error_code problem;
    if (state.takes_snapshots) fs::create_directory(here, problem);
    place.texts.emplace_back(here.string(), state.snapshot);
    state.snapshot = here.string();
    for (const auto& [name, snapshot] : snapshots_of(course, state.path)) {
      const fs::path path = state.takes_snapshots ? here / name : here;
      const auto built = state.takes_snapshots && !is_one_name(name)
                             ? failure(ErrorKind::invalid, "its name leads elsewhere")
                         : snapshot.page_size == 0 ? build_folder(snapshot, blobs, path, place)
                                                   : build_database(snapshot, blobs, path);
      if (!built) place.missing.push_back(fmt::format("snapshot {}: {}", name, built.error().message));
    }
  }
}

Result<void> write_kept_tree(int folder, const engine::BlobName& name, const engine::BlobStore& blobs,
                             RebuiltPlace& place) {
  const auto kept = blobs.get(name);
  if (!kept) return failure(ErrorKind::not_found, "what lay in it is not kept: " + kept.error().message);
  if (::geteuid() == 0) return host::write_tree(folder, *kept, blobs);
  const auto mine = host::tree_owned_by(*kept, ::geteuid(), ::getegid());
  AUTOHEAL_TRY(mine);
  if (*mine != *kept) {
    place.owners = false;
    place.trees[host::name_of_tree(*mine)] = name;
  }
  return host::write_tree(folder, *mine, blobs);
}

}  // namespace autoheal::cli
