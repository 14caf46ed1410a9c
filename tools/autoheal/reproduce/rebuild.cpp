#include "tools/autoheal/reproduce/rebuild.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ranges>

#include "autoheal/workflows/plan/release_choice.hpp"
#include "autoheal/workflows/spec/visit_spec.hpp"
#include "tools/autoheal/output/new_file.hpp"
#include "tools/autoheal/reproduce/rebuilt_sources.hpp"
#include "tools/autoheal/reproduce/recorded_dependencies.hpp"
#include "tools/host/system/access_lists.hpp"
#include "tools/host/system/root_folder.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::cli {

namespace {

namespace fs = std::filesystem;
using namespace workflows;  // every line below speaks of targets and their facts

constexpr mode_t folder_mode = 0755;
constexpr const char* root_name = "root";

Result<void> empty_folder(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) return failure(ErrorKind::failed, folder.string() + ": " + problem.message());
  if (!fs::is_empty(folder, problem) || problem) {
    return failure(ErrorKind::invalid, folder.string() + " is not an empty folder",
                   "name one that is new or empty: an incident is rebuilt in it");
  }
  // A rebuilt file may be secret, or a program of somebody else with the rights of its owner.
  if (::chmod(folder.c_str(), 0700) != 0) return host::system_failure(folder.string(), errno);
  for (const char* name : {root_name, sources_folder}) {
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
    if (place_.paths.contains(facts.path)) return;
    // It is there; what the heal made in it took its mode after it.
    if (facts.path == "." && facts.kind == TargetKind::folder) folders_.emplace_back(facts.path, facts);
    if (facts.path == ".") return;
    const auto built = attempt(facts);
    if (built) {
      place_.paths.insert(facts.path);
    } else {
      place_.missing.push_back(facts.path + ": " + built.error().message);
    }
  }

  // Then, everything was made in a folder that was there, or that the heal made.
  void make_room(const std::string& path) {
    if (!host::check_path(path)) return;
    const std::string missing = missing_above(path);
    (void)make_folders_above(missing.empty() ? path : missing);
  }

  // A program that may run again; where it cannot be rebuilt, the one of this machine runs or the record answers.
  void build_program(const std::string& path, const engine::BlobName& digest) {
    if (place_.paths.contains(path) || !blobs_.get(digest) || !attempt(of_unknown_mode(path, digest, 0755))) return;
    place_.paths.insert(path);
    place_.guessed.insert(path);
  }
  void build_module(const std::string& path, const engine::BlobName& digest) {
    if (place_.paths.contains(path)) return;
    build(of_unknown_mode(path, digest, 0644));
    place_.guessed.insert(path);
  }

  // Rebuilds the releases within reach; the link leads somewhere, whatever lies there.
  void stand_in(const ReleaseRepair& repair, const std::set<std::string>& releases) {
    std::string names;
    for (const std::string& name : releases) {
      const std::string path = repair.releases + "/" + name;
      if (host::check_path(path) && name.find('/') == std::string::npos) (void)make_folders_above(path + "/");
      names += (names.empty() ? " " : ", ") + name;
    }
    if (!names.empty())
      place_.stand_ins.push_back(fmt::format(
          "what lies in{} of {} is in no vault: empty folders stand in for it, the record says which were whole", names,
          repair.releases));
  }

  // A folder's mode comes last, the deepest first: it may be one in which nothing can be made or found.
  void close_folders() {
    for (auto& [path, facts] : folders_ | std::views::reverse) {
      const auto folder = root_.open_below(path, O_RDONLY | O_DIRECTORY);
      if (folder) {
        (void)host::set_access_list(folder->get(), facts.acl, facts.mode);
        (void)host::set_default_list(folder->get(), facts.default_acl);
      }
      if (!folder || ::fchmod(folder->get(), facts.mode) != 0) place_.missing.push_back(path + ": its mode");
    }
  }

 private:
  static TargetFacts of_unknown_mode(const std::string& path, const engine::BlobName& digest, FileMode mode) {
    TargetFacts facts;
    facts.path = path;
    facts.kind = TargetKind::file;
    facts.mode = mode;
    facts.uid = ::geteuid();
    facts.gid = ::getegid();
    facts.digest = digest;
    return facts;
  }

  Result<void> attempt(const TargetFacts& facts) {
    if (auto allowed = host::check_path(facts.path); !allowed) return allowed;
    if (facts.kind == TargetKind::absent) return {};
    if (auto made = make_folders_above(facts.path); !made) return made;
    const auto at = root_.place_of(facts.path);
    AUTOHEAL_TRY(at);
    switch (facts.kind) {
      case TargetKind::file:
      case TargetKind::database:  // its canonical copy: the same content, not the same bytes
        return file(facts, *at);
      case TargetKind::folder:
        return facts.digest.empty() ? folder(facts, *at) : tree(facts, *at);
      case TargetKind::link:
        return link(facts, *at);
      default:
        return failure(ErrorKind::invalid, fmt::format("a {} cannot be built again", name_of(facts.kind)));
    }
  }

  // The first folder on the way that was looked at and was not there; empty: there is none.
  [[nodiscard]] std::string missing_above(const std::string& path) const {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const auto seen = std::ranges::find(observation_.targets, path.substr(0, slash), &TargetFacts::path);
      if (seen != observation_.targets.end() && seen->kind == TargetKind::absent) return seen->path;
    }
    return {};
  }

  Result<void> make_folders_above(const std::string& path) {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const auto at = root_.place_of(path.substr(0, slash));
      AUTOHEAL_TRY(at);
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
    const UniqueFd made(
        ::openat(at.folder.get(), at.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!made || !write_durably(made.get(), *content)) return host::system_failure("it", errno);
    if (auto given = give(facts, ::fchown(made.get(), facts.uid, facts.gid)); !given) return given;
    if (!facts.acl.empty()) (void)host::set_access_list(made.get(), facts.acl, facts.mode);
    if (::fchmod(made.get(), facts.mode) != 0) return host::system_failure("its mode", errno);
    return {};
  }

  Result<void> folder(const TargetFacts& facts, const host::Place& at) {
    if (::mkdirat(at.folder.get(), at.name.c_str(), 0700) != 0 && errno != EEXIST)
      return host::system_failure("it", errno);
    folders_.emplace_back(facts.path, facts);
    return give(facts, ::fchownat(at.folder.get(), at.name.c_str(), facts.uid, facts.gid, AT_SYMLINK_NOFOLLOW));
  }

  // A folder that is known by all that lies in it.
  Result<void> tree(const TargetFacts& facts, const host::Place& at) {
    if (::mkdirat(at.folder.get(), at.name.c_str(), 0700) != 0) return host::system_failure("it", errno);
    const UniqueFd made(::openat(at.folder.get(), at.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return host::system_failure("it", errno);
    if (auto written = write_kept_tree(made.get(), facts.digest, blobs_, place_); !written) return written;
    folders_.emplace_back(facts.path, facts);
    return give(facts, ::fchown(made.get(), facts.uid, facts.gid));
  }

  Result<void> link(const TargetFacts& facts, const host::Place& at) {
    if (::symlinkat(link_here(facts).c_str(), at.folder.get(), at.name.c_str()) != 0)
      return host::system_failure("it", errno);
    return give(facts, ::fchownat(at.folder.get(), at.name.c_str(), facts.uid, facts.gid, AT_SYMLINK_NOFOLLOW));
  }

  // A link to a release that names the root, or climbs above it, names the new one here.
  std::string link_here(const TargetFacts& facts) {
    const auto& repairs = place_.spec.repair.release;
    const auto repair = std::ranges::find(repairs, facts.path, &ReleaseRepair::link);
    if (repair == repairs.end()) return facts.link_target;
    const auto then = linked_release(*repair, place_.recorded_root, facts.link_target);
    if (!then || linked_release(*repair, place_.spec.root, facts.link_target)) return facts.link_target;
    const std::string here = place_.spec.root + "/" + repair->releases + "/";
    place_.links[facts.path] = {here, facts.link_target.substr(0, then->at)};
    return here + facts.link_target.substr(then->at);
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

// Where owners are left out, a change of owner is none any more.
void name_changes_of_owner(const replay::Course& course, std::vector<std::string>& missing) {
  std::set<std::string> paths;
  for (const auto& [number, attempt] : course.attempts) {
    if (!attempt.plan) continue;
    for (const Change& change : attempt.plan->changes) {
      const bool both = change.before.kind != TargetKind::absent && change.after.kind != TargetKind::absent;
      const bool changes = change.before.uid != change.after.uid || change.before.gid != change.after.gid;
      if (both && changes) paths.insert(change.before.path);
    }
  }
  for (const std::string& path : paths)
    missing.push_back(path + ": the heal gave it to another owner, which only root can do");
}

// New targets shall belong to somebody, too.
bool owners_are_mine(const replay::Course& course) {
  return std::ranges::all_of(course.attempts, [](const auto& attempt) {
    const auto& observation = attempt.second.observation;
    return !observation || std::ranges::all_of(observation->owners, [](const auto& owner) {
      return owner.second == std::pair<std::uint32_t, std::uint32_t>(::geteuid(), ::getegid());
    });
  });
}

void forget_owners(EngineSpec& spec) {
  spec.certify.security.owner.clear();
  for_each_probe_of<FileProbe>(spec, [](FileProbe& file) {
    file.owner.clear();
    file.acl.reset();  // its names may be nobody's here
  });
}

Result<const Observation*> first_observation(const replay::Course& course) {
  const auto first = course.attempts.find(1);
  if (first == course.attempts.end() || !first->second.observation) {
    return failure(ErrorKind::invalid, "the record does not say how the targets were when the heal began",
                   "only a heal that looked at its targets can be reproduced");
  }
  return &*first->second.observation;
}

void build_targets(Builder& builder, const replay::Course& course, const EngineSpec& spec,
                   const Observation& observation) {
  for (const TargetFacts& facts : observation.targets) builder.build(facts);
  for (const auto& outputs : observation.outputs) {
    for (const TargetFacts& facts : outputs) builder.build(facts);
  }
  for (const auto& [number, attempt] : course.attempts) {
    for (const auto& [change, outcome] : attempt.outcomes) builder.make_room(outcome.left.path);
  }
  const auto programs = marked_programs(course, spec);
  for (const auto& [path, digest] : programs) builder.build_program(path, digest);
  const auto modules = other_modules(course);
  for (const auto& [path, digest] : modules) builder.build_module(path, digest);
  const auto reach = releases_within_reach(course, spec);
  for (const ReleaseRepair& repair : spec.repair.release) {
    if (const auto found = reach.find(repair.link); found != reach.end()) builder.stand_in(repair, found->second);
  }
  builder.close_folders();
}

}  // namespace

Result<RebuiltPlace> rebuild(const replay::Course& course, const EngineSpec& spec, const engine::BlobStore& blobs,
                             const fs::path& folder) {
  const auto observation = first_observation(course);
  AUTOHEAL_TRY(observation);
  AUTOHEAL_TRY(empty_folder(folder));
  RebuiltPlace place;
  place.spec = spec;
  place.recorded_root = spec.root;
  place.spec.root = (folder / root_name).string();
  place.texts.emplace_back(place.spec.root, spec.root);
  const auto root = host::RootFolder::open(place.spec.root);
  AUTOHEAL_TRY(root);
  Builder builder(*root, **observation, blobs, place);
  build_targets(builder, course, spec, **observation);
  build_secrets(**observation, blobs, folder, place);
  build_snapshots(course, blobs, folder, place);
  if (::geteuid() != 0 && !owners_are_mine(course)) place.owners = false;
  if (place.owners) return place;
  forget_owners(place.spec);
  name_changes_of_owner(course, place.missing);
  return place;
}

}  // namespace autoheal::cli
