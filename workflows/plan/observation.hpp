// The facts that a strategy needs about the world, read once, as data. Contents travel beside the facts only while a
// plan is made; entries hold names.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/workflows/service/service_state.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"
#include "autoheal/workflows/stored/enum_words.hpp"

namespace autoheal::workflows {

// A `database` is an SQLite database that opens and is sound: known by what it holds, since its users go on writing.
enum class TargetKind { absent, file, folder, link, other, database };
template <>
inline constexpr auto words_for<TargetKind> = std::array<NamedValue<TargetKind>, 6>{{
    {TargetKind::absent, "absent"},
    {TargetKind::file, "file"},
    {TargetKind::folder, "folder"},
    {TargetKind::link, "link"},
    {TargetKind::other, "other"},
    {TargetKind::database, "database"},
}};

// One path below an engine's root, as it was when it was looked at. Everything but `ctime_ns` must still hold when a
// change is made (the exchange itself changes ctime). For a database only identity, mode, owner and digest are filled.
struct TargetFacts {
  std::string path;
  TargetKind kind = TargetKind::absent;
  FileMode mode = 0;
  std::uint32_t uid = 0, gid = 0;
  std::uint64_t device = 0, inode = 0, size = 0, links = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  BlobName digest;  // of a file's content (keyed where the target is an env file), of a database's canonical copy, of
                    // a restored folder's tree
  std::string link_target;          // of a link
  std::uint64_t generation = 0;     // tells an inode from a later one of its number; 0: not known
  std::string acl = {};             // named users and groups, as access_list.hpp says; empty: the mode says it all
  std::string default_acl = {};     // of a folder: what new files in it inherit
  std::string capability = {};      // of a program file: hex of its file capabilities
  std::string cannot_change = {};   // why no change of it could be made, where that is known beforehand
  std::string cannot_replace = {};  // why nothing else can be put in its place; its mode and owner can be changed
  friend bool operator==(const TargetFacts&, const TargetFacts&) = default;
};

// A release that could be switched to.
struct ReleaseFacts {
  std::string name;
  bool whole = false;
  std::string message;          // why it is not
  std::string manifest_digest;  // "sha256:..."
  friend bool operator==(const ReleaseFacts&, const ReleaseFacts&) = default;
};
struct ReleasesFacts {
  std::vector<std::string> names;     // of all releases
  std::vector<ReleaseFacts> checked;  // those within reach, in the order in which they are preferred
  friend bool operator==(const ReleasesFacts&, const ReleasesFacts&) = default;
};

// A snapshot that state could be restored from; its content is in the vault.
struct SnapshotFacts {
  std::string name;
  std::string problem;     // why it cannot serve, or empty
  BlobName content;        // a canonical copy, or a tree
  Duration age{0};         // when it was looked at
  unsigned page_size = 0;  // 0: a folder
  FileMode mode = 0;       // of a folder
  friend bool operator==(const SnapshotFacts&, const SnapshotFacts&) = default;
};
struct StateFacts {
  unsigned page_size = 0;                // of a sound database
  std::string damage;                    // why the database does not open, or empty
  std::vector<SnapshotFacts> snapshots;  // the newest first, as far as this attempt may reach
  friend bool operator==(const StateFacts&, const StateFacts&) = default;
};

// A target that could not be looked at is a failed attempt that names it.
struct Observation {
  std::vector<TargetFacts> targets;          // in order of path, each path once
  std::map<std::string, BlobName> contents;  // path -> vault name, for targets that are edited (env, settings)
  std::map<std::string, BlobName> secrets;   // "file\0NAME" of an env value -> keyed vault name of what `from:` held
  std::map<std::string, std::pair<std::uint32_t, std::uint32_t>> owners;  // "user:group" -> ids, for each owner named
  std::map<std::string, std::string> acls;        // access list as declared -> with ids, for each one declared
  std::map<std::string, ReleasesFacts> releases;  // by link
  std::map<std::string, StateFacts> states;       // by path
  std::vector<std::vector<TargetFacts>> outputs;  // of each build: what its globs match, with the folders that hold it
  std::vector<std::string> running;               // other engines whose service runs, of those named in `services`
  std::map<std::string, ServiceState> services;   // by engine: the own one, and those of `services`, as far as known
  bool service_running = false;                   // where a service with a pidfile or a probe is declared
  bool self_test_passes = false;
  bool recovered = false;  // what it needs was healed, and its self-test passes since: nothing is left to do
  friend bool operator==(const Observation&, const Observation&) = default;
};

// The bytes behind the names of an observation, for the pure editors. Never recorded.
using Contents = std::map<BlobName, std::string>;

}  // namespace autoheal::workflows
