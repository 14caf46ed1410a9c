// What a strategy needs to know of the world, read once, as data. Contents travel beside the facts only while a plan is
// made; entries hold names.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/blob_store.hpp"
#include "workflows/engine_spec.hpp"

namespace autoheal::workflows {

enum class TargetKind { absent, file, folder, link, other };

// One path below an engine's root, as it was when it was looked at. Everything but `ctime_ns` must still hold when a
// change is made (the exchange itself changes ctime).
struct TargetFacts {
  std::string path;
  TargetKind kind = TargetKind::absent;
  FileMode mode = 0;
  std::uint32_t uid = 0, gid = 0;
  std::uint64_t device = 0, inode = 0, size = 0, links = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  BlobName digest;          // of a file's content; keyed where the target is an env file
  std::string link_target;  // of a link
  friend bool operator==(const TargetFacts&, const TargetFacts&) = default;
};

// A target that could not be looked at is a failed attempt that names it.
struct Observation {
  std::vector<TargetFacts> targets;          // in order of path, each path once
  std::map<std::string, BlobName> contents;  // path -> vault name, for targets that are edited (env, settings)
  std::map<std::string, BlobName> secrets;   // "file\0NAME" of an env value -> keyed vault name of what `from:` held
  std::map<std::string, std::pair<std::uint32_t, std::uint32_t>> owners;  // "user:group" -> ids, for each owner named
  bool service_running = false;  // where a service with a pidfile or a probe is declared
  bool self_test_passes = false;
  friend bool operator==(const Observation&, const Observation&) = default;
};

// What an observation leads to besides facts: the bytes behind names, for the pure editors. Never recorded.
using Contents = std::map<BlobName, std::string>;

}  // namespace autoheal::workflows
