#include "tools/config/fields.hpp"

#include <array>
#include <cstdint>
#include <string_view>

#include "autoheal/workflows/spec/engine_fields.hpp"
#include "tools/config/machine_fields.hpp"

namespace autoheal::config {

namespace {

using namespace workflows;  // their fields are part of the table
using enum FieldType;

constexpr Field limited(Field key, std::int64_t minimum, std::int64_t maximum) {
  key.minimum = minimum;
  key.maximum = maximum;
  return key;
}
constexpr Field one(std::string_view name, FieldType type, std::string_view help, std::string_view fallback = {}) {
  return {name, type, help, false, false, fallback};
}
constexpr Field list(std::string_view name, FieldType type, std::string_view help, bool required = false) {
  return {name, type, help, true, required};
}
constexpr Field object_of(std::string_view name, const Shape& shape, std::string_view help, bool is_list = false,
                          bool required = false) {
  return {name, object, help, is_list, required, {}, 0, 0, {}, &shape};
}

constexpr std::array healing_fields = joined(keys_in<HealingSpec>, keys_in<Principals>, keys_in<Configuration>);
constexpr Shape healing{"healing", healing_fields};

constexpr Shape principal{"principal", keys_in<Principal>};
constexpr Shape secrets{"secrets", keys_in<SecretRules>};
constexpr std::array vault_fields = {
    limited(one("max_blob", size, "the largest content that the vault keeps", "64MiB"), 1024, std::int64_t{1} << 40)};
constexpr Shape vault{"vault", vault_fields};
constexpr std::array checkpoints_fields = {
    one("key", source, "the signing key", "beside the ledger: <ledger>.key"),
    one("file", source, "where the newest checkpoint is written, for others to fetch",
        "<ledger>.checkpoint if `command` is given"),
    list("command", argument, "program that runs after each signature; {checkpoint} is replaced by that file"),
    keys_in<ProgramRun>[0],
};
constexpr Shape checkpoints{"checkpoints", checkpoints_fields};
constexpr std::array<std::string_view, 2> ways_out = {"url", "command"};
constexpr Shape webhook{"webhook", keys_in<WebhookSpec>, ways_out};
constexpr Shape witness{"witness", keys_in<WitnessSpec>};
constexpr std::array tls_fields = {
    Field{"certificate", source, "PEM file with the certificate, and those between it and its authority", false, true},
    Field{"key", source, "PEM file with its key, 0600 or 0400, of the daemon's user or root", false, true},
    one("client_ca", source, "PEM file with the authority of client certificates", "no client certificate is taken"),
};
constexpr Shape tls{"tls", tls_fields};
constexpr std::array api_places = {
    list("listen", text, "addresses with ports, such as 127.0.0.1:8443; others than loopback need `tls`"),
    list("names", word, "host names under which clients may ask, besides the addresses"),
    object_of("tls", tls, "TLS for all these addresses; read again on SIGHUP"),
};
constexpr std::array api_fields = joined(api_places, keys_in<ApiSpec>);
constexpr Shape api{"api", api_fields};
constexpr std::array first_fields = {
    limited({"version", integer, "version of this format: 1", false, true}, 1, 1),
    one("ledger", source, "the Genesis ledger", "var/ledger.db"),
    one("reports", source, "folder of the self-test reports", "logs/selftest_reports"),
    list("include", source, "more files with engines; * and ? in the last part of the path"),
    object_of("healing", healing, "settings of healing, for all engines"),
    object_of("principals", principal, "users and their roles", true),
    object_of("secrets", secrets, "what counts as a secret"),
    object_of("vault", vault, "the store of contents"),
    object_of("checkpoints", checkpoints, "signed heads of the ledger; one that is kept elsewhere proves later edits"),
    object_of("webhooks", webhook, "targets that are told the events of the bus", true),
    object_of("witnesses", witness, "witnesses of the ledger that the daemon asks itself", true),
    object_of("api", api, "the API on TCP; it is always on the Unix socket beside the ledger"),
};
constexpr std::array engines_field = {
    object_of("engines", engine_shape, "the engines that are tested and healed", true)};
constexpr std::array top_fields = joined(first_fields, keys_in<PublishedSpec>, engines_field);
constexpr Shape top{"configuration", top_fields};

}  // namespace

const Shape& file_shape() { return top; }

}  // namespace autoheal::config
