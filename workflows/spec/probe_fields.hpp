// The fields of programs and probes, each described once.
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
inline constexpr std::int64_t second_in_us = in_us(std::chrono::seconds(1));
inline constexpr std::int64_t hour_in_us = in_us(std::chrono::hours(1));
inline constexpr std::int64_t day_in_us = in_us(std::chrono::hours(24));

constexpr Field group_key(std::string_view name, const Shape& shape, std::string_view help) {
  return {.name = name, .type = FieldType::object, .help = help, .shape = &shape};
}
constexpr Field program_key(std::string_view name, std::string_view help) {
  return {.name = name, .type = FieldType::argument, .help = help, .list = true};
}

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

// The keys beside the one that holds the arguments. program_fields.hpp says how a program is stored.
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

inline constexpr std::array<std::string_view, 1> warning_choices = {"fail"};
inline constexpr std::array<std::string_view, 9> probe_kinds = {"file",    "env",    "settings", "tcp", "http",
                                                                "command", "plugin", "process",  "link"};
inline constexpr std::array<std::string_view, 2> process_kinds = {"pidfile", "unit"};
inline constexpr Shape file_probe_shape{"file probe", keys_in<FileProbe>};
inline constexpr Shape env_probe_shape{"env probe", keys_in<EnvProbe>};
inline constexpr Shape settings_probe_shape{"settings probe", keys_in<SettingsProbe>};
inline constexpr Shape tcp_probe_shape{"tcp probe", keys_in<TcpProbe>};
inline constexpr Shape http_probe_shape{"http probe", keys_in<HttpProbe>};
inline constexpr Shape process_probe_shape{"process probe", keys_in<ProcessProbe>, process_kinds};
inline constexpr Shape link_probe_shape{"link probe", keys_in<LinkProbe>};

inline constexpr std::array kind_keys = {
    group_key("file", file_probe_shape, "a file has the declared content, mode, owner or access list"),
    group_key("env", env_probe_shape, "a .env file assigns the declared names and values"),
    group_key("settings", settings_probe_shape, "a JSON, YAML or .env file has the declared values"),
    group_key("tcp", tcp_probe_shape, "a port accepts connections"),
    group_key("http", http_probe_shape, "an HTTP request is answered as declared"),
    program_key("command", "a program; exit status 0 passes"),
    program_key("plugin", "a monitoring plugin: 0 passes, 1 warns, 2 fails, all else is unknown"),
    group_key("process", process_probe_shape, "a process runs"),
    group_key("link", link_probe_shape, "a symlink has the declared target"),
    Field{.name = "warning",
          .help = "for a plugin: a warning fails, too",
          .fallback = "a warning passes",
          .choices = warning_choices},
};
inline constexpr std::array probe_keys =
    joined(part_of<0, 1>(keys_in<Probe>), kind_keys, part_of<1, 4>(keys_in<Probe>), part_of<1, 5>(keys_in<ProgramRun>));
inline constexpr Shape probe_shape{"probe", probe_keys, probe_kinds};

}  // namespace autoheal::workflows
