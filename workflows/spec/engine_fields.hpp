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
#include "autoheal/workflows/spec/probe_fields.hpp"
#include "autoheal/workflows/spec/repair_fields.hpp"

namespace autoheal::workflows {

// ---- certification

template <>
inline constexpr auto fields_of<SecuritySpec> = std::tuple{
    field<&SecuritySpec::paths>({.name = "paths",
                                 .type = FieldType::target,
                                 .help = "files and folders to scan, with everything below them",
                                 .required = true}),
    asked(field<&SecuritySpec::max_mode>(
        {.name = "max_mode", .type = FieldType::mode, .help = "the only permission bits allowed"})),
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
    asked(field<&CertifySpec::within>({.name = "within",
                                       .help = "how long all probes may take to pass after a service was touched",
                                       .maximum = day_in_us})),
    asked(field<&CertifySpec::hold>({.name = "hold",
                                     .help = "how long they must keep passing after a service was touched",
                                     .fallback = Fallback(&written_value<usual_hold>),
                                     .maximum = day_in_us})),
    asked(field<&CertifySpec::hashes>(
        {.name = "hashes",
         .type = FieldType::pattern,
         .help = "files whose digests must be the adopted or declared ones (* stops at /, ** does not; a/**/b: any "
                 "folders between)"})),
    asked(apart(field<&CertifySpec::tests>(
        {.name = "tests", .help = "programs that must pass, for every cell of their matrix", .shape = &test_shape}))),
    asked(
        apart(field<&CertifySpec::security>({.name = "security", .help = "security rules", .shape = &security_shape}))),
};

// ---- healing

inline constexpr std::array<std::string_view, 2> modes_of_healing = {"heal", "observe"};

template <>
inline constexpr auto fields_of<HealingSpec> = std::tuple{
    asked(field<&HealingSpec::enabled>({.name = "enabled", .help = "false: nothing is healed"})),
    asked(either<&HealingSpec::observe_only, modes_of_healing>(
        {.name = "mode", .help = "observe: record what would be done, and touch nothing"}, {.as = "observe_only"})),
    asked(field<&HealingSpec::max_retries>(
        {.name = "max_retries", .help = "number of attempts in all", .minimum = 1, .maximum = 100})),
    asked(field<&HealingSpec::retry_delay>(
        {.name = "retry_delay", .help = "pause between two attempts", .maximum = day_in_us})),
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

inline constexpr Duration usual_grace = std::chrono::seconds(2);
inline constexpr Shape certify_shape{"certify", keys_in<CertifySpec>};
inline constexpr Shape healing_shape{"healing of one engine", keys_in<HealingSpec>};

template <>
inline constexpr auto fields_of<EngineSpec> = std::tuple{
    field<&EngineSpec::name>(
        {.name = "name", .type = FieldType::word, .help = "its name, unique in the configuration", .required = true}),
    apart(field<&EngineSpec::root>({.name = "root",
                                    .type = FieldType::source,
                                    .help = "the folder below which its targets lie",
                                    .fallback = "the folder of the file"})),
    asked(apart(field<&EngineSpec::strategy>({.name = "strategy",
                                              .help = "which repairs it may use",
                                              .fallback = "by name, else by the keys of `repair`"}))),
    field<&EngineSpec::every>(
        {.name = "every",
         .help = "how often the daemon tests it",
         .fallback = "60s with network or program probes, else only when its files or processes change",
         .minimum = second_in_us,
         .maximum = day_in_us}),
    field<&EngineSpec::grace>(
        {.name = "grace",
         .help = "how long its service and processes may be down, for example during a restart by hand",
         .fallback = Fallback(&written_value<usual_grace>),
         .maximum = hour_in_us},
        {.later = true, .place = 1}),
    field<&EngineSpec::depends_on>({.name = "depends_on",
                                    .type = FieldType::word,
                                    .help = "engines that it needs; they are tested and healed first"}),
    apart(field<&EngineSpec::self_test>(
        {.name = "self_test", .help = "its probes", .required = true, .shape = &probe_shape})),
    apart(field<&EngineSpec::repair>({.name = "repair", .help = "the repairs", .shape = &repair_shape})),
    apart(field<&EngineSpec::certify>(
        {.name = "certify", .help = "what certification requires", .shape = &certify_shape})),
    apart(field<&EngineSpec::healing>(
        {.name = "healing", .help = "`healing` for this engine alone", .shape = &healing_shape})),
    stored_only<&EngineSpec::secrets>("secrets", true),
};
inline constexpr Shape engine_shape{"engine", keys_in<EngineSpec>};

}  // namespace autoheal::workflows
