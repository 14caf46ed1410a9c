// The fields of a configuration that hold for the whole machine, each described once.
#pragma once

#include <tuple>

#include "autoheal/workflows/spec/described_field.hpp"
#include "autoheal/workflows/spec/roles.hpp"
#include "tools/config/configuration.hpp"

namespace autoheal::workflows {

template <>
inline constexpr auto fields_of<Principal> = std::tuple{
    field<&Principal::name>({.name = "name", .type = FieldType::word, .help = "name in the ledger", .required = true}),
    field<&Principal::role>({.name = "role", .help = "what the user may do", .required = true}),
    field<&Principal::os_user>(
        {.name = "os_user", .type = FieldType::word, .help = "user of the operating system", .fallback = "the name"}),
    field<&Principal::certificate>(
        {.name = "certificate",
         .type = FieldType::text,
         .help = "a name in the user's client certificate: CN=, DNS:, email: or URI: and it"},
        stored_later),
};

// These and the next stand under `healing`.
template <>
inline constexpr auto fields_of<Principals> = std::tuple{
    field<&Principals::actor>(
        {.name = "actor", .type = FieldType::word, .help = "the principal that automatic heals act as"}),
};
template <>
inline constexpr auto fields_of<config::Configuration> = std::tuple{
    field<&config::Configuration::max_concurrent>(
        {.name = "max_concurrent", .help = "how many heals work at the same time", .minimum = 1, .maximum = 10'000}),
    field<&config::Configuration::max_tests>({.name = "max_tests",
                                              .help = "how many probes and tests of an engine run at the same time",
                                              .minimum = 1,
                                              .maximum = 1'000}),
};

}  // namespace autoheal::workflows
