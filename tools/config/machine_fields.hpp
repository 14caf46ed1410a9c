// The fields of a configuration that hold for the whole machine, each described once.
#pragma once

#include <array>
#include <string_view>
#include <tuple>

#include "autoheal/workflows/spec/described_field.hpp"
#include "autoheal/workflows/spec/probe_fields.hpp"
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

// These stand at the top.
inline constexpr std::array<std::string_view, 2> readers_of_tlog = {"observer", "public"};
template <>
inline constexpr auto fields_of<config::PublishedSpec> = std::tuple{
    either<&config::PublishedSpec::tlog_public, readers_of_tlog>(
        {.name = "tlog",
         .help =
             "who may read the ledger's tiles and entries below /tlog/: those with a role, or everybody who reaches "
             "the daemon"},
        stored_later),
};

template <>
inline constexpr auto fields_of<config::ApiSpec> = std::tuple{
    field<&config::ApiSpec::requests_per_second>(
        {.name = "requests_per_second",
         .help = "how often one token, or all certificates of one principal, may ask; four times as often at once",
         .minimum = 1,
         .maximum = 100'000},
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

template <>
inline constexpr std::array words_for<config::EventFormat> = {
    NamedValue<config::EventFormat>{config::EventFormat::cloudevents, "cloudevents"},
    NamedValue<config::EventFormat>{config::EventFormat::otlp, "otlp"}};
template <>
inline constexpr auto fields_of<config::WebhookSpec> = std::tuple{
    field<&config::WebhookSpec::name>({.name = "name",
                                       .type = FieldType::word,
                                       .help = "the target's name; under it the ledger keeps how far it has come",
                                       .required = true}),
    field<&config::WebhookSpec::url>(
        {.name = "url", .type = FieldType::url, .help = "where each event is posted", .fallback = "not used"},
        stored_later),
    apart(field<&config::WebhookSpec::command>(
        {.name = "command", .help = "program that reads each event from its standard input", .fallback = "not used"},
        stored_later)),
    field<&config::WebhookSpec::topics>({.name = "topics",
                                         .type = FieldType::word,
                                         .help = "only these; selftest.autoheal.* means all that begin so",
                                         .fallback = "all topics"},
                                        stored_later),
    field<&config::WebhookSpec::format>(
        {.name = "format", .help = "otlp: one OpenTelemetry trace for each heal that ended, instead of its events"},
        stored_later),
    apart(field<&config::WebhookSpec::secret_file>(
        {.name = "secret_file",
         .type = FieldType::source,
         .help = "file of the secret (whsec_...) that signs each request; read anew for each",
         .fallback = "no signature"},
        stored_later)),
    apart(field<&config::WebhookSpec::next_secret_file>(
        {.name = "next_secret_file",
         .type = FieldType::source,
         .help = "a second secret, while the receiver changes from one to the other",
         .fallback = "not used"},
        stored_later)),
    field<&config::WebhookSpec::allow>(
        {.name = "allow",

         .help = "networks (10.1.0.0/16) and hosts that may be called although their addresses are not public",
         .fallback = "public addresses only"},
        stored_later),
    apart(field<&config::WebhookSpec::ca_file>({.name = "ca_file",
                                                .type = FieldType::source,
                                                .help = "trusted certificates (PEM) instead of the system's",
                                                .fallback = "the system's"},
                                               stored_later)),
    field<&config::WebhookSpec::max_attempts>(
        {.name = "max_attempts",
         .help = "tries of one event before it is given up and told in the ledger",
         .minimum = 1,
         .maximum = 1'000},
        stored_later),
    field<&config::WebhookSpec::timeout>({.name = "timeout",
                                          .help = "how long one delivery may take",
                                          .minimum = millisecond_in_us,
                                          .maximum = in_us(std::chrono::minutes(1))},
                                         stored_later),
};

template <>
inline constexpr auto fields_of<config::WitnessSpec> = std::tuple{
    field<&config::WitnessSpec::url>({.name = "url",
                                      .type = FieldType::url,
                                      .help = "the witness's submission prefix; /add-checkpoint is put behind it",
                                      .required = true}),
    field<&config::WitnessSpec::key>({.name = "key",
                                      .type = FieldType::text,
                                      .help = "its verifier key, which `ledger witness add` added to the ledger",
                                      .required = true}),
    field<&config::WitnessSpec::allow>(
        {.name = "allow",
         .help = "networks (10.1.0.0/16) and hosts that may be called although their addresses are not public",
         .fallback = "public addresses only"},
        stored_later),
    apart(field<&config::WitnessSpec::ca_file>({.name = "ca_file",
                                                .type = FieldType::source,
                                                .help = "trusted certificates (PEM) instead of the system's",
                                                .fallback = "the system's"},
                                               stored_later)),
    field<&config::WitnessSpec::every>({.name = "every",
                                        .help = "it is asked at most once in this time, about the newest checkpoint",
                                        .minimum = in_us(std::chrono::milliseconds(100)),
                                        .maximum = day_in_us},
                                       stored_later),
};

}  // namespace autoheal::workflows
