#include "tools/autoheal/rebuilt_place.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "tools/autoheal/new_file.hpp"
#include "tools/host/root_folder.hpp"
#include "tools/host/system_error.hpp"
#include "workflows/strategy.hpp"

namespace autoheal::cli {

namespace {

namespace fs = std::filesystem;
using namespace workflows;  // every line below speaks of targets and their facts

constexpr mode_t folder_mode = 0755;
constexpr const char* root_name = "root";
constexpr const char* sources_name = "sources";

Result<void> empty_folder(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) return failure(ErrorKind::failed, folder.string() + ": " + problem.message());
  if (!fs::is_empty(folder, problem) || problem) {
    return failure(ErrorKind::invalid, folder.string() + " is not an empty folder",
                   "name one that is new or empty: an incident is rebuilt in it");
  }
  // What is rebuilt may be secret, or a program of somebody else with the rights of its owner.
  if (::chmod(folder.c_str(), 0700) != 0) return host::system_failure(folder.string(), errno);
  for (const char* name : {root_name, sources_name}) {
    if (::mkdir((folder / name).c_str(), 0700) != 0) return host::system_failure((folder / name).string(), errno);
  }
  if (::chmod((folder / root_name).c_str(), folder_mode) != 0) return host::system_failure(folder.string(), errno);
  return {};
}

// Builds targets one by one, beneath the root and without following links.
class Builder {
 public:
  Builder(const host::RootFolder& root, const Observation& observation, const engine::BlobStore& blobs,
          RebuiltPlace& place)
      : root_(root), observation_(observation), blobs_(blobs), place_(place) {}

  void build(const TargetFacts& facts) {
    const auto built = attempt(facts);
    if (built) {
      place_.paths.insert(facts.path);
    } else {
      place_.missing.push_back(facts.path + ": " + built.error().message);
    }
  }

  // A folder's mode comes last: it may be one in which nothing can be made.
  void close_folders() {
    for (auto& [path, facts] : folders_) {
      const auto folder = root_.open_below(path, O_RDONLY | O_DIRECTORY);
      if (!folder || ::fchmod(folder->get(), facts.mode) != 0) place_.missing.push_back(path + ": its mode");
    }
  }

 private:
  Result<void> attempt(const TargetFacts& facts) {
    if (auto allowed = host::check_path(facts.path); !allowed) return allowed;
    if (facts.kind == TargetKind::absent) return {};
    if (auto made = make_folders_above(facts.path); !made) return made;
    const auto at = root_.place_of(facts.path);
    if (!at) return std::unexpected(at.error());
    switch (facts.kind) {
      case TargetKind::file:
      case TargetKind::database:  // its canonical copy: the same content, not the same bytes
        return file(facts, *at);
      case TargetKind::folder:
        return folder(facts, *at);
      case TargetKind::link:
        return link(facts, *at);
      default:
        return failure(ErrorKind::invalid, "a " + std::string(name_of(facts.kind)) + " cannot be built again");
    }
  }

  Result<void> make_folders_above(const std::string& path) {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const auto at = root_.place_of(path.substr(0, slash));
      if (!at) return std::unexpected(at.error());
      if (::mkdirat(at->folder.get(), at->name.c_str(), folder_mode) != 0 && errno != EEXIST)
        return host::system_failure(path.substr(0, slash), errno);
    }
    return {};
  }

  Result<void> file(const TargetFacts& facts, const host::Place& at) {
    const auto kept = observation_.contents.find(facts.path);
    const engine::BlobName& name = kept == observation_.contents.end() ? facts.digest : kept->second;
    const auto content = blobs_.get(name);
    if (!content) return failure(ErrorKind::not_found, "its content is not kept: " + content.error().message);
    const host::UniqueFd made(
        ::openat(at.folder.get(), at.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!made || !write_whole(made.get(), *content)) return host::system_failure("it", errno);
    if (auto given = give(facts, ::fchown(made.get(), facts.uid, facts.gid)); !given) return given;
    if (::fchmod(made.get(), facts.mode) != 0) return host::system_failure("its mode", errno);
    return {};
  }

  Result<void> folder(const TargetFacts& facts, const host::Place& at) {
    if (::mkdirat(at.folder.get(), at.name.c_str(), 0700) != 0 && errno != EEXIST)
      return host::system_failure("it", errno);
    folders_.emplace_back(facts.path, facts);
    return give(facts, ::fchownat(at.folder.get(), at.name.c_str(), facts.uid, facts.gid, AT_SYMLINK_NOFOLLOW));
  }

  Result<void> link(const TargetFacts& facts, const host::Place& at) {
    if (::symlinkat(facts.link_target.c_str(), at.folder.get(), at.name.c_str()) != 0)
      return host::system_failure("it", errno);
    return give(facts, ::fchownat(at.folder.get(), at.name.c_str(), facts.uid, facts.gid, AT_SYMLINK_NOFOLLOW));
  }

  Result<void> give(const TargetFacts& facts, int given) {
    if (given == 0) return {};
    if (errno != EPERM) return host::system_failure("its owner", errno);
    if (facts.uid != ::geteuid() || facts.gid != ::getegid()) place_.owners = false;
    return {};
  }

  const host::RootFolder& root_;
  const Observation& observation_;
  const engine::BlobStore& blobs_;
  RebuiltPlace& place_;
  std::vector<std::pair<std::string, TargetFacts>> folders_;
};

// What was hashed besides the targets, as far as a content with that digest is kept.
std::vector<TargetFacts> other_modules(const replay::Course& course, const Observation& observation) {
  std::set<std::string> known;
  for (const TargetFacts& facts : observation.targets) known.insert(facts.path);
  std::vector<TargetFacts> modules;
  for (const auto& [number, attempt] : course.attempts) {
    if (!attempt.evidence) continue;
    for (const HashFinding& hash : attempt.evidence->hashes) {
      if (hash.digest.empty() || !known.insert(hash.path).second) continue;
      TargetFacts& facts = modules.emplace_back();
      facts.path = hash.path;
      facts.kind = TargetKind::file;
      facts.mode = 0644;
      facts.uid = ::geteuid();
      facts.gid = ::getegid();
      facts.digest = hash.digest;
    }
  }
  return modules;
}

void build_secrets(EngineSpec& spec, const Observation& observation, const engine::BlobStore& blobs,
                   const fs::path& folder, std::vector<std::string>& missing) {
  std::size_t number = 0;
  for (EnvRepair& env : spec.repair.env) {
    for (auto& [name, value] : env.set) {
      if (value.from_file.empty()) continue;
      const std::string file = (folder / sources_name / std::to_string(++number)).string();
      const auto blob = observation.secrets.find(secret_key(env.file, name));
      const auto content = blob == observation.secrets.end() ? failure(ErrorKind::not_found, "it was not read then")
                                                             : blobs.get(blob->second);
      if (!content || !write_new_file(file, *content))
        missing.push_back("the value of " + name + " in " + env.file + (content ? "" : ": " + content.error().message));
      value.from_file = file;
    }
  }
}

// A snapshot as old as it was when it was looked at.
Result<void> build_snapshot(const SnapshotFacts& snapshot, const engine::BlobStore& blobs, const fs::path& file) {
  if (snapshot.page_size == 0) return failure(ErrorKind::invalid, "a snapshot of a folder cannot be rebuilt yet");
  const auto content = blobs.get(snapshot.content);
  if (!content) return std::unexpected(content.error());
  if (auto written = write_new_file(file.string(), *content); !written) return written;
  std::error_code problem;
  fs::last_write_time(file, fs::file_time_type::clock::now() - snapshot.age, problem);
  return {};
}

void build_snapshots(EngineSpec& spec, const Observation& observation, const engine::BlobStore& blobs,
                     const fs::path& folder, std::vector<std::string>& missing) {
  std::size_t number = 0;
  for (StateRepair& state : spec.repair.state) {
    const fs::path here = folder / sources_name / ("state-" + std::to_string(++number));
    std::error_code problem;
    if (state.takes_snapshots) fs::create_directory(here, problem);
    const auto facts = observation.states.find(state.path);
    state.snapshot = here.string();
    if (facts == observation.states.end()) continue;
    for (const SnapshotFacts& snapshot : facts->second.snapshots) {
      if (!snapshot.problem.empty()) continue;  // what could not serve then is as good as missing
      const bool one_name = snapshot.name.find('/') == std::string::npos && !snapshot.name.starts_with('.');
      const auto built = !state.takes_snapshots ? build_snapshot(snapshot, blobs, here)
                         : one_name             ? build_snapshot(snapshot, blobs, here / snapshot.name)
                                                : failure(ErrorKind::invalid, "its name leads elsewhere");
      if (!built) missing.push_back("snapshot " + snapshot.name + ": " + built.error().message);
    }
  }
}

void forget_owners(EngineSpec& spec) {
  spec.certify.security.owner.clear();
  for (auto* probes : {&spec.self_test, &spec.repair.checks}) {
    for (Probe& probe : *probes) {
      if (auto* file = std::get_if<FileProbe>(&probe.what)) file->owner.clear();
    }
  }
}

Result<const Observation*> first_observation(const replay::Course& course, const EngineSpec& spec) {
  const RepairSpec& repair = spec.repair;
  if (!repair.release.empty() || !repair.build.empty() || !repair.platform.empty()) {
    return failure(ErrorKind::invalid,
                   "heals of deployments cannot be reproduced: what releases and builds are made of is in no vault",
                   "`autoheal replay HEAL` decides them again; configuration, databases, commands and services can be "
                   "reproduced");
  }
  const auto first = course.attempts.find(1);
  if (first == course.attempts.end() || !first->second.observation) {
    return failure(ErrorKind::invalid, "the record does not say how the targets were when the heal began",
                   "only a heal that looked at its targets can be reproduced");
  }
  return &*first->second.observation;
}

}  // namespace

std::string RebuiltPlace::moved(const std::string& path) const {
  if (path == recorded_root) return spec.root;
  const std::string below = recorded_root.ends_with('/') ? recorded_root : recorded_root + "/";
  return path.starts_with(below) ? spec.root + "/" + path.substr(below.size()) : path;
}

Result<RebuiltPlace> rebuild(const replay::Course& course, const EngineSpec& spec, const engine::BlobStore& blobs,
                             const fs::path& folder) {
  const auto observation = first_observation(course, spec);
  if (!observation) return std::unexpected(observation.error());
  if (auto empty = empty_folder(folder); !empty) return std::unexpected(std::move(empty.error()));
  RebuiltPlace place{spec, spec.root, {}, {}, true};
  place.spec.root = (folder / root_name).string();
  const auto root = host::RootFolder::open(place.spec.root);
  if (!root) return std::unexpected(root.error());
  Builder builder(*root, **observation, blobs, place);
  for (const TargetFacts& facts : (*observation)->targets) builder.build(facts);
  for (const TargetFacts& facts : other_modules(course, **observation)) builder.build(facts);
  builder.close_folders();
  build_secrets(place.spec, **observation, blobs, folder, place.missing);
  build_snapshots(place.spec, **observation, blobs, folder, place.missing);
  if (!place.owners) forget_owners(place.spec);
  return place;
}

}  // namespace autoheal::cli
