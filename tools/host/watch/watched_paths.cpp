#include "tools/host/watch/watched_paths.hpp"

#include <algorithm>
#include <set>

#include "autoheal/workflows/spec/visit_spec.hpp"
#include "autoheal/workflows/text/glob.hpp"
#include "tools/host/system/linked_place.hpp"

namespace autoheal::host {

namespace {

using namespace workflows;  // NOLINT: the configuration's own words

std::set<std::string> pidfiles_of(const EngineSpec& spec) {
  std::set<std::string> pidfiles;
  for_each_probe_of<ProcessProbe>(spec, [&pidfiles](const ProcessProbe& process) {
    if (!process.pidfile.empty()) pidfiles.insert(process.pidfile);
  });
  if (spec.repair.service && !spec.repair.service->pidfile.empty()) pidfiles.insert(spec.repair.service->pidfile);
  return pidfiles;
}

// Where a pidfile is looked for: links that lead there count as much as the file itself.
std::vector<FoundPlace> places_of(const EngineSpec& spec, const std::string& pidfile) {
  const auto root = RootFolder::open(spec.root);
  auto found = root ? follow_links(*root, pidfile) : Result<LinkedPlace>(std::unexpected(root.error()));
  if (!found) return {{pidfile, true}};
  std::vector<FoundPlace> places = std::move(found->links);
  places.push_back(std::move(found->place));
  return places;
}

std::set<std::string> pidfile_places(const EngineSpec& spec, bool below_root) {
  std::set<std::string> paths;
  for (const std::string& pidfile : pidfiles_of(spec)) {
    for (FoundPlace& place : places_of(spec, pidfile)) {
      if (place.is_below_root == below_root) paths.insert(std::move(place.path));
    }
  }
  return paths;
}

void add_probed(const EngineSpec& spec, std::set<std::string>& paths) {
  for_each_probe(spec, [&paths](const Probe& probe) {
    if (const auto* file = std::get_if<FileProbe>(&probe.what)) paths.insert(file->path);
    if (const auto* env = std::get_if<EnvProbe>(&probe.what)) paths.insert(env->file);
    if (const auto* settings = std::get_if<SettingsProbe>(&probe.what)) paths.insert(settings->file);
    if (const auto* link = std::get_if<LinkProbe>(&probe.what)) paths.insert(link->path);
  });
}

}  // namespace

WatchedEngine watched_paths(const EngineSpec& spec) {
  std::set<std::string> paths = pidfile_places(spec, true), presence, patterns;
  const auto add = [&](const std::string& glob) { (is_glob(glob) ? patterns : paths).insert(glob); };
  add_probed(spec, paths);
  for_each_target(spec, [&]<class Repair>(const std::string& path, const Repair&) {
    if constexpr (std::is_same_v<Repair, BuildRepair>) return add(path);
    paths.insert(path);
  });
  paths.insert(spec.certify.security.paths.begin(), spec.certify.security.paths.end());
  std::ranges::for_each(spec.certify.hashes, add);
  for (const StateRepair& state : spec.repair.state) {
    // Its legitimate users write to it all the time: a look at every write would be a look all the time. Only that it
    // goes, comes or is replaced is a sign; whether what it holds is sound is the self-test's to say.
    presence.insert(state.path);
    paths.erase(state.path);
  }
  return {spec.name,
          spec.root,
          {paths.begin(), paths.end()},
          {presence.begin(), presence.end()},
          {patterns.begin(), patterns.end()}};
}

std::optional<WatchedEngine> watched_in_run(const EngineSpec& spec) {
  const std::string folder = "/run";
  WatchedEngine watched{spec.name, folder, {}};
  for (const std::string& path : pidfile_places(spec, false)) {
    if (path.starts_with(folder + "/")) watched.paths.push_back(path.substr(folder.size() + 1));
  }
  return watched.paths.empty() ? std::nullopt : std::optional(std::move(watched));
}

std::set<std::string> watched_units(const EngineSpec& spec) {
  std::set<std::string> units;
  for_each_probe_of<ProcessProbe>(spec, [&units](const ProcessProbe& process) {
    if (!process.unit.empty()) units.insert(process.unit);
  });
  if (spec.repair.service && !spec.repair.service->unit.empty()) units.insert(spec.repair.service->unit);
  return units;
}

std::vector<WatchedProcess> watched_processes(const EngineSpec& spec) {
  std::vector<WatchedProcess> processes;
  for (const std::string& pidfile : pidfiles_of(spec)) processes.push_back({spec.name, spec.root, pidfile});
  return processes;
}

}  // namespace autoheal::host
