// One managed engine as its owner described it: what to test, how to repair, what certifies. Values only; the loader in
// tools/ makes them from YAML, the codec stores them in the vault, so that a heal is resumed and replayed under the
// configuration it started with.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "autoheal/engine/base/timestamp.hpp"
#include "autoheal/engine/blob_store.hpp"
#include "autoheal/workflows/spec/secret_rules.hpp"
#include "autoheal/workflows/stored/enum_words.hpp"

namespace autoheal::workflows {

using engine::BlobName;
using FileMode = std::uint32_t;  // permission bits, 0 to 07777

enum class Strategy { arie, chimera, cascade, generic };
template <>
inline constexpr auto words_for<Strategy> =
    std::array{NamedValue<Strategy>{Strategy::arie, "arie"}, NamedValue<Strategy>{Strategy::chimera, "chimera"},
               NamedValue<Strategy>{Strategy::cascade, "cascade"}, NamedValue<Strategy>{Strategy::generic, "generic"}};

// A program and its arguments, never a shell. `argv[0]` is an absolute path after loading.
struct ProgramRun {
  std::vector<std::string> argv;
  std::string cwd;                                 // absolute; the engine's root unless said
  std::map<std::string, std::string> environment;  // added to the fixed small one
  std::string user;                                // empty: the user autoheal runs as
  Duration timeout = std::chrono::seconds(10);
  bool reproducible = false;  // its owner says that it may run again when an incident is reproduced
  // It is an order to systemd: argv is [systemctl, VERB, this unit]. The host may give it without that program; a
  // `timeout` of 0 is then the unit's own.
  std::string unit = {};
  friend bool operator==(const ProgramRun&, const ProgramRun&) = default;
};

// ---- probes: paths are relative to the engine's root

// The words of `acl` besides entries, which stand as setfacl takes them, with commas.
inline constexpr std::string_view acl_none = "none";  // taken off
inline constexpr std::string_view acl_keep = "keep";  // kept, also where the mode then grants more to who is named

struct FileProbe {
  std::string path;
  std::string baseline_path;  // as written, for messages; empty: none
  BlobName baseline;          // empty: none
  std::string sha256;         // 64 hex digits, or empty
  std::optional<FileMode> mode;
  std::string owner;                    // "user:group" or empty
  std::optional<std::string> acl = {};  // "none" or entries
  friend bool operator==(const FileProbe&, const FileProbe&) = default;
};
struct EnvProbe {
  std::string file;
  std::vector<std::string> require;
  std::map<std::string, std::string> equals;
  std::string dialect = {};  // whose file it is: shell, systemd, compose, dotenv, docker, expand; empty: told from it
  friend bool operator==(const EnvProbe&, const EnvProbe&) = default;
};
// Values in a .json, .yaml or .yml file, by RFC 6901 pointers.
struct SettingsProbe {
  std::string file;
  std::vector<std::pair<std::string, std::string>> equals;  // pointer, value as JSON text (a scalar)
  std::vector<std::string> require;                         // pointers at which something stands
  friend bool operator==(const SettingsProbe&, const SettingsProbe&) = default;
};
struct TcpProbe {
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const TcpProbe&, const TcpProbe&) = default;
};
struct HttpProbe {
  std::string url;  // http: or https:
  unsigned status = 200;
  std::string contains;
  std::map<std::string, std::string> headers;
  friend bool operator==(const HttpProbe&, const HttpProbe&) = default;
};
struct CommandProbe {
  ProgramRun run;
  friend bool operator==(const CommandProbe&, const CommandProbe&) = default;
};
struct PluginProbe {
  ProgramRun run;
  bool warning_fails = false;
  friend bool operator==(const PluginProbe&, const PluginProbe&) = default;
};
struct ProcessProbe {  // by one of them
  std::string pidfile;
  std::string unit = {};  // of systemd: it is active, and its main process is not halted
  friend bool operator==(const ProcessProbe&, const ProcessProbe&) = default;
};

struct LinkProbe {
  std::string path;
  std::string target;  // as written in the link
  friend bool operator==(const LinkProbe&, const LinkProbe&) = default;
};

struct Probe {
  std::string name;
  Duration timeout = std::chrono::seconds(10);
  bool heal = true;  // false: reported only
  std::variant<FileProbe, EnvProbe, TcpProbe, HttpProbe, CommandProbe, PluginProbe, ProcessProbe, SettingsProbe,
               LinkProbe>
      what;
  Duration grace{0};  // a failure counts once it has lasted so long: services pass through states
  friend bool operator==(const Probe&, const Probe&) = default;
};

// ---- repairs

struct FileRepair {
  std::string path;
  std::string baseline_path;
  BlobName baseline;
  std::optional<FileMode> mode;
  std::string owner;
  std::optional<ProgramRun> validate;          // "{file}" in argv stands for the staged file
  std::optional<FileMode> baseline_mode = {};  // where it is narrower than 0644: so is a new file
  std::optional<std::string> acl = {};         // "none", "keep", or entries; unset: kept, and never widened
  bool replace = false;                        // whatever else lies at the path gives way
  friend bool operator==(const FileRepair&, const FileRepair&) = default;
};
struct EnvValue {
  std::string literal;
  std::string from_file;  // absolute path of a secret's file, or empty: the literal counts
  friend bool operator==(const EnvValue&, const EnvValue&) = default;
};
struct EnvRepair {
  std::string file;
  std::vector<std::pair<std::string, EnvValue>> set;
  std::vector<std::string> require;
  std::vector<std::string> unset;
  std::string dialect = {};  // as in EnvProbe
  bool replace = false;      // whatever else lies there gives way
  friend bool operator==(const EnvRepair&, const EnvRepair&) = default;
};
struct SettingsRepair {
  std::string file;                                      // .json, .yaml or .yml
  std::vector<std::pair<std::string, std::string>> set;  // RFC 6901 pointer, value as JSON text (a scalar)
  bool replace = false;  // where `files` restores it: whatever else lies there gives way
  friend bool operator==(const SettingsRepair&, const SettingsRepair&) = default;
};
struct LinkRepair {
  std::string path;
  std::string target;
  bool replace = false;  // also what is no plain file gives way
  friend bool operator==(const LinkRepair&, const LinkRepair&) = default;
};
struct PolicyRepair {
  std::string path;
  std::optional<FileMode> max_mode;
  std::string owner;
  bool recursive = false;
  bool absent = false;
  std::vector<std::string> forbid;      // RE2 expressions
  std::optional<std::string> acl = {};  // as of FileRepair
  friend bool operator==(const PolicyRepair&, const PolicyRepair&) = default;
};
struct ServiceRepair {
  std::optional<ProgramRun> restart, start, stop, reload, check;  // `systemd: unit` is expanded by the loader
  std::string pidfile;
  std::string unit = {};  // of systemd, which then tells how the service is
  friend bool operator==(const ServiceRepair&, const ServiceRepair&) = default;
};
struct CommandRepair {
  ProgramRun run;
  std::optional<ProgramRun> undo, capture;  // "{captured}" in undo.argv stands for capture's stdout
  bool repeatable = false;
  bool reproducible = false;
  friend bool operator==(const CommandRepair&, const CommandRepair&) = default;
};

// ---- repairs of deployments

// A link to the release in use, switched to an older whole one. A release is whole when its manifest verifies.
struct ReleaseRepair {
  std::string link;
  std::string releases;                      // the folder of releases
  std::string manifest = "MANIFEST.sha256";  // in each release
  std::vector<std::string> ignore = {};      // globs, relative to a release
  bool allow_newer = false;
  unsigned max_back = 1;  // releases further back, per attempt
  friend bool operator==(const ReleaseRepair&, const ReleaseRepair&) = default;
};
struct BuildRepair {
  ProgramRun run;
  std::vector<std::string> outputs;  // globs
  std::string sha256;                // of the only output: 64 hex digits, or empty
  friend bool operator==(const BuildRepair&, const BuildRepair&) = default;
};
struct HttpCall {
  std::string url;
  std::string method = "POST";
  std::string body;
  Duration timeout = std::chrono::seconds(10);
  friend bool operator==(const HttpCall&, const HttpCall&) = default;
};
using Hook = std::variant<ProgramRun, HttpCall>;
// Tells a platform (an orchestrator, a load balancer) to do something, with an idempotency key.
struct PlatformRepair {
  Hook act;
  std::optional<Hook> undo;
  friend bool operator==(const PlatformRepair&, const PlatformRepair&) = default;
};

// ---- repairs of system state

// An SQLite database or a folder, restored from a snapshot.
struct StateRepair {
  std::string path;
  std::string snapshot;  // absolute: a file or folder, or the folder that snapshots are taken into
  bool takes_snapshots = false;
  Duration every{0};  // where snapshots are taken
  unsigned keep = 0;
  std::optional<Duration> max_age = {};
  Duration timeout = std::chrono::seconds(10);  // how long a lock of others is waited for
  friend bool operator==(const StateRepair&, const StateRepair&) = default;
};
// The service of another engine, brought up again; copied here so that a stored configuration stands alone.
struct ServiceOfEngine {
  std::string engine;
  std::string root;  // that its pidfile is relative to
  ServiceRepair service;
  friend bool operator==(const ServiceOfEngine&, const ServiceOfEngine&) = default;
};

struct RepairSpec {
  std::vector<ReleaseRepair> release;
  std::vector<BuildRepair> build;
  std::vector<PlatformRepair> platform;
  std::vector<StateRepair> state;
  std::vector<ServiceOfEngine> services;  // what a service needs stands before it
  std::vector<FileRepair> files;
  std::vector<EnvRepair> env;
  std::vector<SettingsRepair> settings;
  std::vector<LinkRepair> links;
  std::vector<PolicyRepair> policy;
  std::vector<Probe> checks;  // generic
  std::optional<ServiceRepair> service;
  std::vector<CommandRepair> commands;
  friend bool operator==(const RepairSpec&, const RepairSpec&) = default;
};

// ---- certification

struct TestSpec {
  std::string name;
  ProgramRun command;  // "{variable}" in argv stands for the cell's value
  std::vector<std::pair<std::string, std::vector<std::string>>> matrix;
  friend bool operator==(const TestSpec&, const TestSpec&) = default;
};
struct SecuritySpec {
  std::vector<std::string> paths;
  std::optional<FileMode> max_mode;
  std::string owner;
  std::vector<std::string> forbid;
  bool allow_setid = false;
  bool allow_symlinks = true;
  friend bool operator==(const SecuritySpec&, const SecuritySpec&) = default;
};
struct CertifySpec {
  Duration within = std::chrono::seconds(30);
  Duration hold{0};
  std::vector<std::string> hashes;  // globs: `*` stops at `/`, `**` does not
  std::vector<TestSpec> tests;
  SecuritySpec security;
  friend bool operator==(const CertifySpec&, const CertifySpec&) = default;
};

// The treatment of a file whose content is to be replaced while somebody has it open for writing.
enum class OpenWriters {
  swap,    // it is replaced once nothing of it has changed for two seconds; what was displaced is kept and watched
  wait,    // it is not replaced before it is closed
  refuse,  // the attempt fails and names who has it open
};
template <>
inline constexpr auto words_for<OpenWriters> =
    std::array{NamedValue<OpenWriters>{OpenWriters::swap, "swap"}, NamedValue<OpenWriters>{OpenWriters::wait, "wait"},
               NamedValue<OpenWriters>{OpenWriters::refuse, "refuse"}};

// The settings of `healing:`, after the engine's own overrides.
struct HealingSpec {
  bool enabled = true;
  bool observe_only = false;                       // mode: observe
  unsigned max_retries = 3;                        // attempts in all, 1 to 100
  Duration retry_delay = std::chrono::seconds(1);  // 0 to 24 h
  unsigned fail_after = 2;
  Duration settle{0};
  Duration cooldown = std::chrono::minutes(5);
  unsigned max_heals_per_hour = 10;
  OpenWriters open_writers = OpenWriters::swap;
  friend bool operator==(const HealingSpec&, const HealingSpec&) = default;
};

struct EngineSpec {
  std::string name;
  std::string root;  // absolute
  Strategy strategy = Strategy::generic;
  Duration every{0};  // 0: only on demand
  Duration grace{0};  // of its service: stopped, or just started, it is looked at again before a failure counts
  std::vector<std::string> depends_on;
  std::vector<Probe> self_test;
  RepairSpec repair;
  CertifySpec certify;
  HealingSpec healing;
  SecretRules secrets;  // of the whole machine
  friend bool operator==(const EngineSpec&, const EngineSpec&) = default;
};

[[nodiscard]] std::string_view name_of(Strategy strategy);
[[nodiscard]] std::string_view name_of(OpenWriters rule);
// The strategy that the engine's name alone decides (design: arie for EnvRecon, ...); empty for any other name.
[[nodiscard]] std::optional<Strategy> strategy_of_name(std::string_view engine_name);

}  // namespace autoheal::workflows
