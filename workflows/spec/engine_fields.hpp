// The fields of an engine's configuration, each described once. A key that is added here is read, stored, checked and
// shown in the help; see CONTRIBUTING.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "autoheal/workflows/spec/described_field.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"

namespace autoheal::workflows {

inline constexpr std::array text_value = {Field{.name = "*", .type = FieldType::argument, .help = "text"}};
inline constexpr Shape text_values{"text values", text_value};
inline constexpr std::array settings_value = {
    Field{.name = "*", .type = FieldType::value, .help = "a text, number, true, false or null"}};
inline constexpr Shape settings_values{"settings values", settings_value};
inline constexpr std::array env_values_field = {
    Field{.name = "*", .type = FieldType::env_value, .help = "text, or {from: FILE} for a secret"}};
inline constexpr Shape env_values{"env values", env_values_field};

inline constexpr std::int64_t millisecond_in_us = in_us(std::chrono::milliseconds(1));
inline constexpr std::int64_t day_in_us = in_us(std::chrono::hours(24));

// ---- programs

inline constexpr Field timeout_key = {.name = "timeout",
                                      .help = "time limit; then the whole process group is ended",
                                      .minimum = millisecond_in_us,
                                      .maximum = day_in_us};
inline constexpr Field reproducible_key = {
    .name = "reproducible",
    .help =
        "may run again, for real, when `replay --reproduce` rebuilds an incident; a program that lies in "
        "the folder it runs in is kept for that"};

// The keys beside the one that holds the arguments. plan_codec.cpp stores a program.
template <>
inline constexpr auto fields_of<ProgramRun> = std::tuple{
    field<&ProgramRun::timeout>(timeout_key),
    apart(field<&ProgramRun::cwd>({.name = "cwd",
                                   .type = FieldType::source,
                                   .help = "working directory of the program",
                                   .fallback = "the engine's root"})),
    field<&ProgramRun::environment>(
        {.name = "environment", .help = "variables added to the small fixed environment", .shape = &text_values}),
    field<&ProgramRun::reproducible>(reproducible_key),
    field<&ProgramRun::user>({.name = "user",
                              .type = FieldType::word,
                              .help = "the OS user that it runs as; only if Autoheal runs as root"}),
};

// ---- probes

inline constexpr std::array<std::string_view, 1> probed_acl_choices = {"none"};
inline constexpr std::array<std::string_view, 6> dialects = {"shell",  "systemd", "compose",
                                                             "dotenv", "docker",  "expand"};
inline constexpr Field acl_entries = {
    .name = "acl", .type = FieldType::word, .help = "who else may do what: [\"user:www-data:r\"]", .list = true};
inline constexpr Field dialect_key = {.name = "dialect",
                                      .help = "the programs that read the file; only they count",
                                      .fallback = "concluded from the file: all that may read it",
                                      .choices = dialects};

template <>
inline constexpr auto fields_of<FileProbe> = std::tuple{
    field<&FileProbe::path>({.name = "path", .type = FieldType::target, .help = "the file", .required = true}),
    field<&FileProbe::baseline_path>(
        {.name = "baseline", .type = FieldType::source, .help = "a file with the same bytes"}, {.as = "baseline_path"}),
    stored_only<&FileProbe::baseline>("baseline"),
    field<&FileProbe::sha256>({.name = "sha256", .type = FieldType::digest, .help = "its SHA-256 digest"}),
    field<&FileProbe::mode>({.name = "mode", .type = FieldType::mode, .help = "its exact mode"}),
    field<&FileProbe::owner>({.name = "owner", .type = FieldType::owner, .help = "its owner and group"}),
    apart(field<&FileProbe::acl>(
        {.name = "acl",
         .help = "its access list: none, or exactly these entries as setfacl takes them: [\"user:www-data:r\"]",
         .fallback = "not looked at",
         .choices = probed_acl_choices,
         .or_else = &acl_entries},
        stored_later)),
};

template <>
inline constexpr auto fields_of<EnvProbe> = std::tuple{
    field<&EnvProbe::file>({.name = "file", .type = FieldType::target, .help = "the .env file", .required = true}),
    field<&EnvProbe::require>({.name = "require", .type = FieldType::word, .help = "names that must be assigned"}),
    field<&EnvProbe::equals>(
        {.name = "equals", .help = "names, and the values that they must have", .shape = &text_values}),
    field<&EnvProbe::dialect>(dialect_key, stored_later),
};

template <>
inline constexpr auto fields_of<SettingsProbe> = std::tuple{
    field<&SettingsProbe::file>(
        {.name = "file", .type = FieldType::target, .help = "the .json, .yaml, .yml or .env file", .required = true}),
    field<&SettingsProbe::require>(
        {.name = "require", .help = "JSON pointers (/server/port; /PORT in a .env file) that must have a value"},
        {.place = 1}),
    apart(field<&SettingsProbe::equals>({.name = "equals",
                                         .type = FieldType::map,
                                         .help = "JSON pointers, and the values that they must have",
                                         .shape = &settings_values})),
};

template <>
inline constexpr auto fields_of<TcpProbe> = std::tuple{
    field<&TcpProbe::host>({.name = "host", .type = FieldType::word, .help = "host name or address", .required = true}),
    field<&TcpProbe::port>({.name = "port", .help = "port number", .required = true, .minimum = 1, .maximum = 65535}),
};

template <>
inline constexpr auto fields_of<HttpProbe> = std::tuple{
    field<&HttpProbe::url>(
        {.name = "url", .type = FieldType::url, .help = "http or https; certificates are verified", .required = true}),
    field<&HttpProbe::status>({.name = "status", .help = "the expected status", .minimum = 100, .maximum = 599}),
    field<&HttpProbe::contains>({.name = "contains", .help = "text that the body must contain"}),
    field<&HttpProbe::headers>({.name = "headers", .help = "header fields to send", .shape = &text_values}),
};

template <>
inline constexpr auto fields_of<ProcessProbe> = std::tuple{
    field<&ProcessProbe::pidfile>({.name = "pidfile",
                                   .type = FieldType::target,
                                   .help = "pidfile of a process that must run, and not be stopped by a signal"}),
    field<&ProcessProbe::unit>(
        {.name = "unit",
         .type = FieldType::word,
         .help = "a unit of systemd that must be active, its main process not stopped by a signal"},
        stored_later),
};

template <>
inline constexpr auto fields_of<LinkProbe> = std::tuple{
    field<&LinkProbe::path>({.name = "path", .type = FieldType::target, .help = "the symlink", .required = true}),
    field<&LinkProbe::target>({.name = "target", .help = "its exact target, as written", .required = true}),
};

template <>
inline constexpr auto fields_of<CommandProbe> = std::tuple{stored_only<&CommandProbe::run>("run")};
template <>
inline constexpr auto fields_of<PluginProbe> = std::tuple{
    stored_only<&PluginProbe::run>("run"),
    stored_only<&PluginProbe::warning_fails>("warning_fails"),
};

inline constexpr std::int64_t hour_in_us = in_us(std::chrono::hours(1));

// Beside the keys of a kind, of which each probe has one.
template <>
inline constexpr auto fields_of<Probe> = std::tuple{
    field<&Probe::name>(
        {.name = "name", .type = FieldType::word, .help = "its name, unique within the engine", .required = true}),
    stored_only<&Probe::what>("what", false, 2),
    field<&Probe::heal>({.name = "heal", .help = "false: the probe only reports and never starts a heal"},
                        {.place = 1}),
    apart(field<&Probe::grace>({.name = "grace",
                                .help = "how long a failure must last before it counts",
                                .fallback = "2s for processes, 0s for others",
                                .maximum = hour_in_us},
                               {.later = true, .place = 2})),
    field<&Probe::timeout>(timeout_key),
};

// ---- repairs

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
    apart(field<&FileRepair::validate>(
        {.name = "validate",
         .type = FieldType::argument,
         .help = "a program that must accept the new file; {file} is its path, with the target's own name",
         .list = true})),
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

// ---- certification

template <>
inline constexpr auto fields_of<SecuritySpec> = std::tuple{
    field<&SecuritySpec::paths>({.name = "paths",
                                 .type = FieldType::target,
                                 .help = "files and folders to scan, with everything below them",
                                 .required = true}),
    field<&SecuritySpec::max_mode>(
        {.name = "max_mode", .type = FieldType::mode, .help = "the only permission bits allowed"}),
    field<&SecuritySpec::owner>({.name = "owner", .type = FieldType::owner, .help = "required owner and group"}),
    field<&SecuritySpec::forbid>({.name = "forbid",
                                  .type = FieldType::regex,
                                  .help = "must not match any line of a file; ^ and $ match begin and end of a line"}),
    field<&SecuritySpec::allow_setid>({.name = "allow_setid", .help = "setuid and setgid files are allowed"}),
    field<&SecuritySpec::allow_symlinks>({.name = "allow_symlinks", .help = "symlinks are allowed"}),
};

inline constexpr Shape security_shape{"security", keys_in<SecuritySpec>};

inline constexpr std::array cell_values = {Field{
    .name = "*", .type = FieldType::argument, .help = "the values of a variable", .list = true, .required = true}};
inline constexpr Shape matrix_shape{"matrix", cell_values};

template <>
inline constexpr auto fields_of<TestSpec> = std::tuple{
    field<&TestSpec::name>(
        {.name = "name", .type = FieldType::word, .help = "its name, unique within the engine", .required = true}),
    field<&TestSpec::command>(
        {.name = "command", .help = "a program; {variable} is replaced by the value of the cell", .required = true}),
    apart(field<&TestSpec::matrix>({.name = "matrix",
                                    .type = FieldType::map,
                                    .help = "variables and their values; each combination is a cell",
                                    .shape = &matrix_shape})),
};
inline constexpr std::array test_keys = joined(keys_in<TestSpec>, keys_in<ProgramRun>);
inline constexpr Shape test_shape{"test", test_keys};

inline constexpr Duration usual_hold = std::chrono::seconds(2);

template <>
inline constexpr auto fields_of<CertifySpec> = std::tuple{
    field<&CertifySpec::within>({.name = "within",
                                 .help = "how long all probes may take to pass after a service was touched",
                                 .maximum = day_in_us}),
    field<&CertifySpec::hold>({.name = "hold",
                               .help = "how long they must keep passing after a service was touched",
                               .fallback = Fallback(&written_value<usual_hold>),
                               .maximum = day_in_us}),
    field<&CertifySpec::hashes>(
        {.name = "hashes",
         .type = FieldType::pattern,
         .help = "files whose digests must be the adopted or declared ones (* stops at /, ** does not; a/**/b: any "
                 "folders between)"}),
    apart(field<&CertifySpec::tests>(
        {.name = "tests", .help = "programs that must pass, for every cell of their matrix", .shape = &test_shape})),
    apart(field<&CertifySpec::security>({.name = "security", .help = "security rules", .shape = &security_shape})),
};

// ---- healing

inline constexpr std::array<std::string_view, 2> modes_of_healing = {"heal", "observe"};

template <>
inline constexpr auto fields_of<HealingSpec> = std::tuple{
    field<&HealingSpec::enabled>({.name = "enabled", .help = "false: nothing is healed"}),
    either<&HealingSpec::observe_only, modes_of_healing>(
        {.name = "mode", .help = "observe: record what would be done, and touch nothing"}, {.as = "observe_only"}),
    field<&HealingSpec::max_retries>(
        {.name = "max_retries", .help = "number of attempts in all", .minimum = 1, .maximum = 100}),
    field<&HealingSpec::retry_delay>(
        {.name = "retry_delay", .help = "pause between two attempts", .maximum = day_in_us}),
    field<&HealingSpec::fail_after>({.name = "fail_after",
                                     .help = "how often in a row network and program probes must fail before a heal",
                                     .minimum = 1,
                                     .maximum = 100}),
    field<&HealingSpec::settle>(
        {.name = "settle", .help = "how long there must be no file event before a test", .maximum = day_in_us}),
    field<&HealingSpec::cooldown>({.name = "cooldown",
                                   .help = "pause after an exhausted heal; doubles with each, up to 1h",
                                   .maximum = day_in_us}),
    field<&HealingSpec::max_heals_per_hour>(
        {.name = "max_heals_per_hour", .help = "one heal more ends as flapping", .minimum = 1, .maximum = 10'000}),
    field<&HealingSpec::open_writers>(
        {.name = "open_writers", .help = "what to do if a process has the file open for writing"}, stored_later),
};

template <>
inline constexpr auto fields_of<SecretRules> = std::tuple{
    field<&SecretRules::names>(
        {.name = "names", .type = FieldType::word, .help = "patterns (with *) of names whose values are secrets"}),
    field<&SecretRules::patterns>({.name = "patterns",
                                   .type = FieldType::regex,
                                   .help = "text that matches is masked wherever it would be shown"}),
};

}  // namespace autoheal::workflows
