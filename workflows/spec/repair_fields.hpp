// The fields of repairs, each described once.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "autoheal/workflows/spec/described_field.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"
#include "autoheal/workflows/spec/probe_fields.hpp"

namespace autoheal::workflows {

inline constexpr std::array<std::string_view, 2> acl_choices = {"none", "keep"};
inline constexpr Field acl_key = {
    .name = "acl",
    .help =
        "its access list: none takes it off, keep lets the mode grant more to whom it names, or entries as setfacl "
        "takes them: [\"user:www-data:r\"]",
    .fallback = "kept, and a mode that would grant more is refused",
    .choices = acl_choices,
    .or_else = &acl_entries};

inline constexpr Field replace_key = {
    .name = "replace", .help = "also replaces a link, folder, FIFO or the like in its place, which is kept"};

template <>
inline constexpr auto fields_of<FileRepair> = std::tuple{
    field<&FileRepair::path>(
        {.name = "path", .type = FieldType::target, .help = "the file to restore", .required = true}),
    field<&FileRepair::baseline_path>({.name = "baseline",
                                       .type = FieldType::source,
                                       .help = "the known-good copy; read once, when the configuration is loaded",
                                       .required = true},
                                      {.as = "baseline_path"}),
    stored_only<&FileRepair::baseline>("baseline"),
    stored_only<&FileRepair::baseline_mode>("baseline_mode", true),
    field<&FileRepair::mode>({.name = "mode",
                              .type = FieldType::mode,
                              .help = "its mode",
                              .fallback = "unchanged; 0644 for a new file, but no wider than its baseline"}),
    field<&FileRepair::owner>({.name = "owner",
                               .type = FieldType::owner,
                               .help = "its owner and group",
                               .fallback = "unchanged; as the folder gives it for a new file"}),
    apart(field<&FileRepair::acl>(acl_key, stored_later)),
    field<&FileRepair::replace>(replace_key, stored_later),
    field<&FileRepair::validate>(
        {.name = "validate",
         .help = "a program that must accept the new file; {file} is its path, with the target's own name"}),
};

template <>
inline constexpr auto fields_of<EnvRepair> = std::tuple{
    field<&EnvRepair::file>({.name = "file",
                             .type = FieldType::target,
                             .help = "the .env file; only the named statements change",
                             .required = true}),
    apart(field<&EnvRepair::set>(
        {.name = "set", .type = FieldType::map, .help = "names and their values", .shape = &env_values})),
    field<&EnvRepair::require>(
        {.name = "require", .type = FieldType::word, .help = "names that must be assigned afterwards"}),
    field<&EnvRepair::unset>({.name = "unset", .type = FieldType::word, .help = "names that must not be assigned"}),
    field<&EnvRepair::dialect>(dialect_key, {.later = true, .place = 1}),
    field<&EnvRepair::replace>(replace_key, stored_later),
};

template <>
inline constexpr auto fields_of<SettingsRepair> = std::tuple{
    field<&SettingsRepair::file>({.name = "file",
                                  .type = FieldType::target,
                                  .help = "the .json, .yaml or .yml file; comments, order and quoting stay",
                                  .required = true}),
    apart(field<&SettingsRepair::set>({.name = "set",
                                       .type = FieldType::map,
                                       .help = "JSON pointers (/server/port), and their values",
                                       .required = true,
                                       .shape = &settings_values})),
    field<&SettingsRepair::replace>(replace_key, stored_later),
};

template <>
inline constexpr auto fields_of<LinkRepair> = std::tuple{
    field<&LinkRepair::path>({.name = "path", .type = FieldType::target, .help = "the symlink", .required = true}),
    field<&LinkRepair::target>({.name = "target", .help = "its exact target, as written", .required = true}),
    field<&LinkRepair::replace>(
        {.name = "replace",
         .help = "also replaces a folder, FIFO or the like in its place; a plain file is always replaced"},
        stored_later),
};

template <>
inline constexpr auto fields_of<PolicyRepair> = std::tuple{
    field<&PolicyRepair::path>(
        {.name = "path", .type = FieldType::target, .help = "a file or folder", .required = true}),
    field<&PolicyRepair::max_mode>(
        {.name = "max_mode",
         .type = FieldType::mode,
         .help = "the only permission bits allowed; folders stay searchable for those who may read them"}),
    field<&PolicyRepair::owner>({.name = "owner", .type = FieldType::owner, .help = "its owner and group"}),
    apart(field<&PolicyRepair::acl>(acl_key, stored_later)),
    field<&PolicyRepair::recursive>({.name = "recursive", .help = "also everything below it"}),
    field<&PolicyRepair::absent>({.name = "absent", .help = "the file or link must not exist"}),
    field<&PolicyRepair::forbid>(
        {.name = "forbid",
         .type = FieldType::regex,
         .help = "lines that match one of these are removed; ^ and $ match begin and end of a line"}),
};

template <>
inline constexpr auto fields_of<ReleaseRepair> = std::tuple{
    field<&ReleaseRepair::link>({.name = "link",
                                 .type = FieldType::target,
                                 .help = "the symlink that names the release in use; it keeps its form",
                                 .required = true}),
    field<&ReleaseRepair::releases>(
        {.name = "releases", .type = FieldType::target, .help = "the folder of releases", .required = true}),
    field<&ReleaseRepair::manifest>({.name = "manifest",
                                     .type = FieldType::word,
                                     .help = "file in each release with its digests, as sha256sum writes them"}),
    field<&ReleaseRepair::ignore>(
        {.name = "ignore", .type = FieldType::pattern, .help = "files of a release that its manifest need not name"}),
    field<&ReleaseRepair::allow_newer>(
        {.name = "allow_newer", .help = "releases newer than the failing one are eligible, too"}),
    field<&ReleaseRepair::max_back>(
        {.name = "max_back", .help = "how many releases an attempt may go back", .minimum = 1, .maximum = 1000}),
};

inline constexpr std::array keys_of_unrecorded_program =
    joined(part_of<0, 3>(keys_in<ProgramRun>), part_of<4, 5>(keys_in<ProgramRun>));  // all but `reproducible`

template <>
inline constexpr auto fields_of<ServiceRepair> = std::tuple{
    field<&ServiceRepair::restart>({.name = "restart", .help = "program that restarts the service"}),
    field<&ServiceRepair::start>({.name = "start", .help = "program that starts it"}),
    field<&ServiceRepair::stop>({.name = "stop", .help = "program that stops it"}),
    apart(field<&ServiceRepair::unit>(
        {.name = "systemd",
         .type = FieldType::word,
         .help = "a systemd unit, instead of restart, start and stop; the unit's own time limits apply"},
        {.as = "unit", .later = true})),
    field<&ServiceRepair::reload>(
        {.name = "reload", .help = "program that makes a running service read its configuration"}),
    field<&ServiceRepair::check>({.name = "check", .help = "program that must pass before the service is touched"}),
    field<&ServiceRepair::pidfile>(
        {.name = "pidfile", .type = FieldType::target, .help = "pidfile that tells whether it runs"}),
};
inline constexpr std::array service_keys = joined(keys_in<ServiceRepair>, keys_of_unrecorded_program);
inline constexpr Shape service_shape{"service", service_keys};

template <>
inline constexpr auto fields_of<ServiceOfEngine> = std::tuple{
    stored_only<&ServiceOfEngine::engine>("engine"),
    stored_only<&ServiceOfEngine::root>("root"),
    stored_only<&ServiceOfEngine::service>("service"),
};

template <>
inline constexpr auto fields_of<CommandRepair> = std::tuple{
    field<&CommandRepair::run>(
        {.name = "run", .help = "a program and its arguments; no shell is involved", .required = true}),
    field<&CommandRepair::undo>(
        {.name = "undo", .help = "program that undoes it; {captured} is replaced by the output of capture"}),
    field<&CommandRepair::capture>(
        {.name = "capture", .help = "program that runs before; its output is kept for undo"}),
    field<&CommandRepair::repeatable>(
        {.name = "repeatable", .help = "may run again if a crash left its outcome unknown"}),
    field<&CommandRepair::reproducible>(reproducible_key),
};
inline constexpr std::array command_keys = joined(keys_in<CommandRepair>, keys_of_unrecorded_program);
inline constexpr Shape command_shape{"command", command_keys};

template <>
inline constexpr auto fields_of<BuildRepair> = std::tuple{
    field<&BuildRepair::run>(
        {.name = "run", .help = "a program and its arguments; no shell is involved", .required = true}),
    field<&BuildRepair::outputs>(
        {.name = "outputs",
         .type = FieldType::pattern,
         .help = "files that the build makes; each pattern must match, and all are restored if the build does not help",
         .required = true}),
    field<&BuildRepair::sha256>(
        {.name = "sha256",
         .type = FieldType::digest,
         .help = "digest of the only output; a build whose output is already right is not run"}),
};
inline constexpr std::array build_keys = joined(keys_in<BuildRepair>, keys_in<ProgramRun>);
inline constexpr Shape build_shape{"build", build_keys};

template <>
inline constexpr auto fields_of<EnvValue> = std::tuple{
    stored_only<&EnvValue::literal>("literal"),
    stored_only<&EnvValue::from_file>("from_file"),
};

inline constexpr std::array<std::string_view, 5> http_methods = {"POST", "PUT", "PATCH", "DELETE", "GET"};

// Its time limit stands beside it. program_fields.hpp says how a call is stored.
template <>
inline constexpr auto fields_of<HttpCall> = std::tuple{
    field<&HttpCall::url>({.name = "url",
                           .type = FieldType::url,
                           .help = "http or https; certificates are verified, redirects are not followed",
                           .required = true}),
    field<&HttpCall::method>({.name = "method", .help = "HTTP method", .choices = http_methods}),
    field<&HttpCall::body>({.name = "body", .help = "body of the request"}),
};
inline constexpr Shape call_shape{"http call", keys_in<HttpCall>};
inline constexpr Field undo_call = group_key("undo", call_shape, "undoes it");

template <>
inline constexpr auto fields_of<PlatformRepair> = std::tuple{
    stored_only<&PlatformRepair::act>("act"),
    apart(field<&PlatformRepair::undo>({.name = "undo",
                                        .type = FieldType::argument,
                                        .help = "undoes it: a program, or a request as under `http`",
                                        .list = true,
                                        .or_else = &undo_call})),
};
inline constexpr std::array<std::string_view, 2> platform_kinds = {"run", "http"};
inline constexpr std::array act_keys = {
    program_key("run", "a program; the variable AUTOHEAL_IDEMPOTENCY_KEY identifies a repetition"),
    group_key("http", call_shape, "a request with an Idempotency-Key header; a status from 200 to 299 is success"),
};
inline constexpr std::array platform_keys = joined(act_keys, keys_in<PlatformRepair>, keys_of_unrecorded_program);
inline constexpr Shape platform_shape{"platform", platform_keys, platform_kinds};

inline constexpr std::array snapshots_keys = {
    Field{.name = "dir", .type = FieldType::source, .help = "folder of the snapshots", .required = true},
    Field{.name = "every",
          .type = FieldType::duration,
          .help = "how often the daemon takes a snapshot while the self-test passes",
          .fallback = "1h",
          .minimum = second_in_us,
          .maximum = 365 * day_in_us},
    Field{.name = "keep",
          .type = FieldType::integer,
          .help = "how many snapshots are kept",
          .fallback = "24",
          .minimum = 1,
          .maximum = 100'000},
};
inline constexpr Shape snapshots_shape{"snapshots", snapshots_keys};
inline constexpr Field taken_snapshots = group_key("snapshot", snapshots_shape, "where snapshots are taken");

template <>
inline constexpr auto fields_of<StateRepair> = std::tuple{
    field<&StateRepair::path>(
        {.name = "path", .type = FieldType::target, .help = "an SQLite database or a folder", .required = true}),
    apart(field<&StateRepair::snapshot>(
        {.name = "snapshot",
         .type = FieldType::source,
         .help = "a file or folder to restore from, or {dir, every, keep} to let the daemon take snapshots",
         .required = true,
         .or_else = &taken_snapshots})),
    stored_only<&StateRepair::takes_snapshots>("takes_snapshots"),
    stored_only<&StateRepair::every>("every_us"),
    stored_only<&StateRepair::keep>("keep"),
    field<&StateRepair::max_age>({.name = "max_age",
                                  .help = "older snapshots are refused",
                                  .fallback = "any age",
                                  .minimum = second_in_us,
                                  .maximum = 3650 * day_in_us}),
    field<&StateRepair::timeout>(timeout_key),
};
inline constexpr Shape state_shape{"state", keys_in<StateRepair>};

inline constexpr Shape file_repair_shape{"files repair", keys_in<FileRepair>};
inline constexpr Shape env_repair_shape{"env repair", keys_in<EnvRepair>};
inline constexpr Shape settings_repair_shape{"settings repair", keys_in<SettingsRepair>};
inline constexpr Shape link_repair_shape{"links repair", keys_in<LinkRepair>};
inline constexpr Shape policy_repair_shape{"policy repair", keys_in<PolicyRepair>};
inline constexpr Shape release_shape{"release", keys_in<ReleaseRepair>};

inline constexpr Field one_release = group_key("release", release_shape, "a link to an older whole release");
inline constexpr Field one_build = group_key("build", build_shape, "a build");
inline constexpr Field one_platform = group_key("platform", platform_shape, "a call to a platform");
inline constexpr Field one_state = group_key("state", state_shape, "a database or folder restored from a snapshot");
inline constexpr Stored stored_later_and_first = {.later = true, .place = -1};

template <>
inline constexpr auto fields_of<RepairSpec> = std::tuple{
    field<&RepairSpec::release>({.name = "release",
                                 .help = "symlinks to releases, pointed back to an older, verified one",
                                 .shape = &release_shape,
                                 .or_else = &one_release},
                                stored_later_and_first),
    field<&RepairSpec::build>(
        {.name = "build", .help = "builds that are run", .shape = &build_shape, .or_else = &one_build},
        stored_later_and_first),
    field<&RepairSpec::platform>(
        {.name = "platform", .help = "calls to a platform", .shape = &platform_shape, .or_else = &one_platform},
        stored_later_and_first),
    field<&RepairSpec::state>({.name = "state",
                               .help = "databases and folders restored from snapshots",
                               .shape = &state_shape,
                               .or_else = &one_state},
                              stored_later_and_first),
    field<&RepairSpec::services>({.name = "services",
                                  .type = FieldType::word,
                                  .help = "engines whose services are brought up, in the order of their dependencies"},
                                 stored_later_and_first),
    field<&RepairSpec::files>({.name = "files", .help = "files restored from baselines", .shape = &file_repair_shape}),
    field<&RepairSpec::env>({.name = "env", .help = "values in .env files", .shape = &env_repair_shape}),
    field<&RepairSpec::settings>(
        {.name = "settings", .help = "values in JSON and YAML files", .shape = &settings_repair_shape}),
    field<&RepairSpec::links>({.name = "links", .help = "symlinks", .shape = &link_repair_shape}),
    field<&RepairSpec::policy>(
        {.name = "policy", .help = "limits on modes, owners and content", .shape = &policy_repair_shape}),
    field<&RepairSpec::checks>(
        {.name = "checks", .help = "probes that must pass before and after", .shape = &probe_shape}),
    field<&RepairSpec::service>(
        {.name = "service", .help = "the service that reads what was repaired", .shape = &service_shape}),
    field<&RepairSpec::commands>({.name = "commands", .help = "programs that repair", .shape = &command_shape}),
};
inline constexpr Shape repair_shape{"repair", keys_in<RepairSpec>};

}  // namespace autoheal::workflows
