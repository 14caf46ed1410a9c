#include "tools/config/fields.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "autoheal/workflows/spec/engine_fields.hpp"

namespace autoheal::config {

namespace {

using namespace workflows;  // their fields are part of the table
using enum FieldType;

constexpr std::int64_t us = 1, seconds = 1'000'000 * us, hours = 3600 * seconds;

constexpr std::array<std::string_view, 1> warning_choices = {"fail"};
constexpr std::array<std::string_view, 9> probe_kinds = {"file",    "env",    "settings", "tcp", "http",
                                                         "command", "plugin", "process",  "link"};

constexpr std::array<std::string_view, 2> platform_kinds = {"run", "http"};
constexpr std::array<std::string_view, 5> http_methods = {"POST", "PUT", "PATCH", "DELETE", "GET"};

constexpr Field or_else(Field key, const Field& other) {
  key.or_else = &other;
  return key;
}
constexpr Field limited(Field key, std::int64_t minimum, std::int64_t maximum) {
  key.minimum = minimum;
  key.maximum = maximum;
  return key;
}
constexpr Field one(std::string_view name, FieldType type, std::string_view help, std::string_view fallback = {}) {
  return {name, type, help, false, false, fallback};
}
constexpr Field must(std::string_view name, FieldType type, std::string_view help) {
  return {name, type, help, false, true};
}
constexpr Field list(std::string_view name, FieldType type, std::string_view help, bool required = false) {
  return {name, type, help, true, required};
}
constexpr Field object_of(std::string_view name, const Shape& shape, std::string_view help, bool is_list = false,
                          bool required = false) {
  return {name, object, help, is_list, required, {}, 0, 0, {}, &shape};
}
constexpr Field map_of(std::string_view name, const Shape& shape, std::string_view help) {
  return {name, map, help, false, false, {}, 0, 0, {}, &shape};
}
constexpr Field choice(std::string_view name, std::span<const std::string_view> choices, std::string_view help,
                       std::string_view fallback = {}) {
  return {name, text, help, false, false, fallback, 0, 0, choices};
}

constexpr Field timeout_field = limited(
    one("timeout", duration, "time limit; then the whole process group is ended", "10s"), 1000 * us, 24 * hours);

constexpr Field cwd_field = one("cwd", source, "working directory of the program", "the engine's root");
constexpr Field environment_field =
    map_of("environment", text_values, "variables added to the small fixed environment");
constexpr Field user_field = one("user", word, "the OS user that it runs as; only if Autoheal runs as root");

// ---- probes

constexpr Shape file_probe{"file probe", keys_in<FileProbe>};
constexpr Shape env_probe{"env probe", keys_in<EnvProbe>};
constexpr Shape settings_probe{"settings probe", keys_in<SettingsProbe>};
constexpr Shape tcp_probe{"tcp probe", keys_in<TcpProbe>};
constexpr Shape http_probe{"http probe", keys_in<HttpProbe>};
constexpr std::array<std::string_view, 2> process_names = {"pidfile", "unit"};
constexpr Shape process_probe{"process probe", keys_in<ProcessProbe>, process_names};
constexpr Shape link_probe{"link probe", keys_in<LinkProbe>};
constexpr std::array kinds_of_probe = {
    object_of("file", file_probe, "a file has the declared content, mode, owner or access list"),
    object_of("env", env_probe, "a .env file assigns the declared names and values"),
    object_of("settings", settings_probe, "a JSON, YAML or .env file has the declared values"),
    object_of("tcp", tcp_probe, "a port accepts connections"),
    object_of("http", http_probe, "an HTTP request is answered as declared"),
    list("command", argument, "a program; exit status 0 passes"),
    list("plugin", argument, "a monitoring plugin: 0 passes, 1 warns, 2 fails, all else is unknown"),
    object_of("process", process_probe, "a process runs"),
    object_of("link", link_probe, "a symlink has the declared target"),
    choice("warning", warning_choices, "for a plugin: a warning fails, too", "a warning passes"),
};
constexpr std::array probe_fields = joined(part_of<0, 1>(keys_in<Probe>), kinds_of_probe, part_of<1, 4>(keys_in<Probe>),
                                           part_of<1, 5>(keys_in<ProgramRun>));
constexpr Shape probe{"probe", probe_fields, probe_kinds};

// ---- repairs

constexpr Shape file_repair{"files repair", keys_in<FileRepair>};
constexpr Shape env_repair{"env repair", keys_in<EnvRepair>};
constexpr Shape settings_repair{"settings repair", keys_in<SettingsRepair>};
constexpr Shape link_repair{"links repair", keys_in<LinkRepair>};
constexpr Shape policy_repair{"policy repair", keys_in<PolicyRepair>};
constexpr Shape release{"release", keys_in<ReleaseRepair>};
constexpr std::array call_fields = {
    must("url", url, "http or https; certificates are verified, redirects are not followed"),
    choice("method", http_methods, "HTTP method", "POST"),
    one("body", text, "body of the request"),
};
constexpr Shape call{"http call", call_fields};
constexpr Field undo_call = object_of("undo", call, "undoes it");
constexpr std::array platform_fields = {
    list("run", argument, "a program; the variable AUTOHEAL_IDEMPOTENCY_KEY identifies a repetition"),
    object_of("http", call, "a request with an Idempotency-Key header; a status from 200 to 299 is success"),
    or_else(list("undo", argument, "undoes it: a program, or a request as under `http`"), undo_call),
    timeout_field,
    cwd_field,
    environment_field,
    user_field,
};
constexpr Shape platform{"platform", platform_fields, platform_kinds};
constexpr std::array snapshots_fields = {
    must("dir", source, "folder of the snapshots"),
    limited(one("every", duration, "how often the daemon takes a snapshot while the self-test passes", "1h"),
            1 * seconds, 24 * 365 * hours),
    limited(one("keep", integer, "how many snapshots are kept", "24"), 1, 100'000),
};
constexpr Shape snapshots{"snapshots", snapshots_fields};
constexpr Field taken_snapshots = object_of("snapshot", snapshots, "where snapshots are taken");
constexpr std::array state_fields = {
    must("path", target, "an SQLite database or a folder"),
    or_else(must("snapshot", source,
                 "a file or folder to restore from, or {dir, every, keep} to let the daemon take snapshots"),
            taken_snapshots),
    limited(one("max_age", duration, "older snapshots are refused", "any age"), 1 * seconds, 24 * 3650 * hours),
    timeout_field,
};
constexpr Shape state{"state", state_fields};
constexpr Field one_release = object_of("release", release, "a link to an older whole release");
constexpr Field one_build = object_of("build", build_shape, "a build");
constexpr Field one_platform = object_of("platform", platform, "a call to a platform");
constexpr Field one_state = object_of("state", state, "a database or folder restored from a snapshot");
constexpr std::array repair_fields = {
    or_else(object_of("release", release, "symlinks to releases, pointed back to an older, verified one", true),
            one_release),
    or_else(object_of("build", build_shape, "builds that are run", true), one_build),
    or_else(object_of("platform", platform, "calls to a platform", true), one_platform),
    or_else(object_of("state", state, "databases and folders restored from snapshots", true), one_state),
    list("services", word, "engines whose services are brought up, in the order of their dependencies"),
    object_of("files", file_repair, "files restored from baselines", true),
    object_of("env", env_repair, "values in .env files", true),
    object_of("settings", settings_repair, "values in JSON and YAML files", true),
    object_of("links", link_repair, "symlinks", true),
    object_of("policy", policy_repair, "limits on modes, owners and content", true),
    object_of("checks", probe, "probes that must pass before and after", true),
    object_of("service", service_shape, "the service that reads what was repaired"),
    object_of("commands", command_shape, "programs that repair", true),
};
constexpr Shape repair{"repair", repair_fields};

// ---- certification

constexpr Shape certify{"certify", keys_in<CertifySpec>};

// ---- the whole

constexpr Shape engine_healing{"healing of one engine", keys_in<HealingSpec>};
constexpr std::array healing_of_all_fields = {
    one("actor", word, "the principal that automatic heals act as", "autoheal"),
    limited(one("max_concurrent", integer, "how many heals work at the same time", "16"), 1, 10'000),
    limited(one("max_tests", integer, "how many probes and tests of an engine run at the same time", "4"), 1, 1'000),
};
constexpr std::array healing_fields = joined(keys_in<HealingSpec>, healing_of_all_fields);
constexpr Shape healing{"healing", healing_fields};

constexpr std::array engine_fields = {
    must("name", word, "its name, unique in the configuration"),
    one("root", source, "the folder below which its targets lie", "the folder of the file"),
    choice("strategy", choices_of<Strategy>, "which repairs it may use", "by name, else by the keys of `repair`"),
    limited(one("every", duration, "how often the daemon tests it",
                "60s with network or program probes, else "
                "only when its files or processes change"),
            1 * seconds, 24 * hours),
    limited(one("grace", duration,
                "how long its service and processes may be down, for example during a restart by hand", "2s"),
            0, 1 * hours),
    list("depends_on", word, "engines that it needs; they are tested and healed first"),
    object_of("self_test", probe, "its probes", true, true),
    object_of("repair", repair, "the repairs"),
    object_of("certify", certify, "what certification requires"),
    object_of("healing", engine_healing, "`healing` for this engine alone"),
};
constexpr Shape engine{"engine", engine_fields};
constexpr std::array principal_fields = {
    must("name", word, "name in the ledger"),
    Field{"role", text, "what the user may do", false, true, {}, 0, 0, choices_of<Role>, nullptr},
    one("os_user", word, "user of the operating system", "the name"),
};
constexpr Shape principal{"principal", principal_fields};
constexpr Shape secrets{"secrets", keys_in<SecretRules>};
constexpr std::array vault_fields = {
    limited(one("max_blob", size, "the largest content that the vault keeps", "64MiB"), 1024, std::int64_t{1} << 40)};
constexpr Shape vault{"vault", vault_fields};
constexpr std::array checkpoints_fields = {
    one("key", source, "the signing key", "beside the ledger: <ledger>.key"),
    one("file", source, "where the newest checkpoint is written, for others to fetch",
        "<ledger>.checkpoint if `command` is given"),
    list("command", argument, "program that runs after each signature; {checkpoint} is replaced by that file"),
    timeout_field,
};
constexpr Shape checkpoints{"checkpoints", checkpoints_fields};
constexpr std::array top_fields = {
    limited({"version", integer, "version of this format: 1", false, true}, 1, 1),
    one("ledger", source, "the Genesis ledger", "var/ledger.db"),
    one("reports", source, "folder of the self-test reports", "logs/selftest_reports"),
    list("include", source, "more files with engines; * and ? in the last part of the path"),
    object_of("healing", healing, "settings of healing, for all engines"),
    object_of("principals", principal, "users and their roles", true),
    object_of("secrets", secrets, "what counts as a secret"),
    object_of("vault", vault, "the store of contents"),
    object_of("checkpoints", checkpoints, "signed heads of the ledger; one that is kept elsewhere proves later edits"),
    object_of("engines", engine, "the engines that are tested and healed", true),
};
constexpr Shape top{"configuration", top_fields};

}  // namespace

const Shape& file_shape() { return top; }

}  // namespace autoheal::config
