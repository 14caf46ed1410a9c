#include "tools/config/fields.hpp"

#include <array>

namespace autoheal::config {

namespace {

using enum FieldType;

constexpr std::int64_t us = 1, seconds = 1'000'000 * us, hours = 3600 * seconds;

constexpr std::array<std::string_view, 2> modes_of_healing = {"heal", "observe"};
constexpr std::array<std::string_view, 3> open_writers_rules = {"swap", "wait", "refuse"};
constexpr std::array<std::string_view, 3> roles = {"admiral", "captain", "observer"};
constexpr std::array<std::string_view, 4> strategies = {"arie", "chimera", "cascade", "generic"};
constexpr std::array<std::string_view, 1> warning_choices = {"fail"};
constexpr std::array<std::string_view, 9> probe_kinds = {"file",    "env",    "settings", "tcp", "http",
                                                         "command", "plugin", "process",  "link"};

constexpr std::array<std::string_view, 2> platform_kinds = {"run", "http"};
constexpr std::array<std::string_view, 5> http_methods = {"POST", "PUT", "PATCH", "DELETE", "GET"};

constexpr Field or_else(Field field, const Field& other) {
  field.or_else = &other;
  return field;
}
constexpr Field limited(Field field, std::int64_t minimum, std::int64_t maximum) {
  field.minimum = minimum;
  field.maximum = maximum;
  return field;
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
constexpr Field map_of(std::string_view name, const Shape& shape, std::string_view help, bool required = false) {
  return {name, map, help, false, required, {}, 0, 0, {}, &shape};
}
constexpr Field choice(std::string_view name, std::span<const std::string_view> choices, std::string_view help,
                       std::string_view fallback = {}) {
  return {name, text, help, false, false, fallback, 0, 0, choices};
}

constexpr Field timeout_field = limited(
    one("timeout", duration, "time limit; then the whole process group is ended", "10s"), 1000 * us, 24 * hours);

constexpr std::array text_value = {one("*", argument, "text")};
constexpr Shape text_values{"text values", text_value};
constexpr Field cwd_field = one("cwd", source, "working directory of the program", "the engine's root");
constexpr Field environment_field =
    map_of("environment", text_values, "variables added to the small fixed environment");
constexpr Field reproducible_field =
    one("reproducible", boolean,
        "may run again, for real, when `replay --reproduce` rebuilds an incident; a program that lies in "
        "the folder it runs in is kept for that",
        "false");
constexpr Field user_field = one("user", word, "the OS user that it runs as; only if Autoheal runs as root");

// ---- probes

constexpr std::array<std::string_view, 1> probed_acl_choices = {"none"};
constexpr Field acl_entries = list("acl", word, "who else may do what: [\"user:www-data:r\"]");
constexpr std::array file_probe_fields = {
    must("path", target, "the file"),
    one("baseline", source, "a file with the same bytes"),
    one("sha256", digest, "its SHA-256 digest"),
    one("mode", mode, "its exact mode"),
    one("owner", owner, "its owner and group"),
    or_else(choice("acl", probed_acl_choices,
                   "its access list: none, or exactly these entries as setfacl takes them: [\"user:www-data:r\"]",
                   "not looked at"),
            acl_entries),
};
constexpr Shape file_probe{"file probe", file_probe_fields};
constexpr std::array<std::string_view, 6> dialects = {"shell", "systemd", "compose", "dotenv", "docker", "expand"};
constexpr Field dialect_field = choice("dialect", dialects, "the programs that read the file; only they count",
                                       "concluded from the file: all that may read it");
constexpr std::array env_probe_fields = {
    must("file", target, "the .env file"),
    list("require", word, "names that must be assigned"),
    map_of("equals", text_values, "names, and the values that they must have"),
    dialect_field,
};
constexpr Shape env_probe{"env probe", env_probe_fields};
constexpr std::array settings_values_field = {one("*", value, "a text, number, true, false or null")};
constexpr Shape settings_values{"settings values", settings_values_field};
constexpr std::array settings_probe_fields = {
    must("file", target, "the .json, .yaml, .yml or .env file"),
    list("require", text, "JSON pointers (/server/port; /PORT in a .env file) that must have a value"),
    map_of("equals", settings_values, "JSON pointers, and the values that they must have"),
};
constexpr Shape settings_probe{"settings probe", settings_probe_fields};
constexpr std::array tcp_probe_fields = {
    must("host", word, "host name or address"),
    limited({"port", integer, "port number", false, true}, 1, 65535),
};
constexpr Shape tcp_probe{"tcp probe", tcp_probe_fields};
constexpr std::array http_probe_fields = {
    must("url", url, "http or https; certificates are verified"),
    limited(one("status", integer, "the expected status", "200"), 100, 599),
    one("contains", text, "text that the body must contain"),
    map_of("headers", text_values, "header fields to send"),
};
constexpr Shape http_probe{"http probe", http_probe_fields};
constexpr std::array<std::string_view, 2> process_names = {"pidfile", "unit"};
constexpr std::array process_probe_fields = {
    one("pidfile", target, "pidfile of a process that must run, and not be stopped by a signal"),
    one("unit", word, "a unit of systemd that must be active, its main process not stopped by a signal"),
};
constexpr Shape process_probe{"process probe", process_probe_fields, process_names};
constexpr std::array link_probe_fields = {
    must("path", target, "the symlink"),
    must("target", text, "its exact target, as written"),
};
constexpr Shape link_probe{"link probe", link_probe_fields};
constexpr std::array probe_fields = {
    must("name", word, "its name, unique within the engine"),
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
    one("heal", boolean, "false: the probe only reports and never starts a heal", "true"),
    limited(one("grace", duration, "how long a failure must last before it counts", "2s for processes, 0s for others"),
            0, 1 * hours),
    timeout_field,
    cwd_field,
    environment_field,
    reproducible_field,
    user_field,
};
constexpr Shape probe{"probe", probe_fields, probe_kinds};

// ---- repairs

constexpr std::array<std::string_view, 2> acl_choices = {"none", "keep"};
constexpr Field acl_field = or_else(
    choice("acl", acl_choices,
           "its access list: none takes it off, keep lets the mode grant more to whom it names, or entries as setfacl "
           "takes them: [\"user:www-data:r\"]",
           "kept, and a mode that would grant more is refused"),
    acl_entries);
constexpr Field replace_field =
    one("replace", boolean, "also replaces a link, folder, FIFO or the like in its place, which is kept", "false");
constexpr std::array file_repair_fields = {
    must("path", target, "the file to restore"),
    must("baseline", source, "the known-good copy; read once, when the configuration is loaded"),
    one("mode", mode, "its mode", "unchanged; 0644 for a new file, but no wider than its baseline"),
    one("owner", owner, "its owner and group", "unchanged; as the folder gives it for a new file"),
    acl_field,
    replace_field,
    list("validate", argument,
         "a program that must accept the new file; {file} is its path, with the target's own name"),
};
constexpr Shape file_repair{"files repair", file_repair_fields};
constexpr std::array env_values_field = {one("*", env_value, "text, or {from: FILE} for a secret")};
constexpr Shape env_values{"env values", env_values_field};
constexpr std::array env_repair_fields = {
    must("file", target, "the .env file; only the named statements change"),
    map_of("set", env_values, "names and their values"),
    list("require", word, "names that must be assigned afterwards"),
    list("unset", word, "names that must not be assigned"),
    dialect_field,
    replace_field,
};
constexpr Shape env_repair{"env repair", env_repair_fields};
constexpr std::array settings_repair_fields = {
    must("file", target, "the .json, .yaml or .yml file; comments, order and quoting stay"),
    map_of("set", settings_values, "JSON pointers (/server/port), and their values", true),
    replace_field,
};
constexpr Shape settings_repair{"settings repair", settings_repair_fields};
constexpr std::array link_repair_fields = {
    must("path", target, "the symlink"),
    must("target", text, "its exact target, as written"),
    one("replace", boolean, "also replaces a folder, FIFO or the like in its place; a plain file is always replaced",
        "false"),
};
constexpr Shape link_repair{"links repair", link_repair_fields};
constexpr std::array policy_repair_fields = {
    must("path", target, "a file or folder"),
    one("max_mode", mode, "the only permission bits allowed; folders stay searchable for those who may read them"),
    one("owner", owner, "its owner and group"),
    acl_field,
    one("recursive", boolean, "also everything below it", "false"),
    one("absent", boolean, "the file or link must not exist", "false"),
    list("forbid", regex, "lines that match one of these are removed; ^ and $ match begin and end of a line"),
};
constexpr Shape policy_repair{"policy repair", policy_repair_fields};
constexpr std::array service_fields = {
    list("restart", argument, "program that restarts the service"),
    list("start", argument, "program that starts it"),
    list("stop", argument, "program that stops it"),
    one("systemd", word, "a systemd unit, instead of restart, start and stop; the unit's own time limits apply"),
    list("reload", argument, "program that makes a running service read its configuration"),
    list("check", argument, "program that must pass before the service is touched"),
    one("pidfile", target, "pidfile that tells whether it runs"),
    timeout_field,
    cwd_field,
    environment_field,
    user_field,
};
constexpr Shape service{"service", service_fields};
constexpr std::array command_fields = {
    list("run", argument, "a program and its arguments; no shell is involved", true),
    list("undo", argument, "program that undoes it; {captured} is replaced by the output of capture"),
    list("capture", argument, "program that runs before; its output is kept for undo"),
    one("repeatable", boolean, "may run again if a crash left its outcome unknown", "false"),
    reproducible_field,
    timeout_field,
    cwd_field,
    environment_field,
    user_field,
};
constexpr Shape command{"command", command_fields};
constexpr std::array release_fields = {
    must("link", target, "the symlink that names the release in use; it keeps its form"),
    must("releases", target, "the folder of releases"),
    one("manifest", word, "file in each release with its digests, as sha256sum writes them", "MANIFEST.sha256"),
    list("ignore", pattern, "files of a release that its manifest need not name"),
    one("allow_newer", boolean, "releases newer than the failing one are eligible, too", "false"),
    limited(one("max_back", integer, "how many releases an attempt may go back", "1"), 1, 1000),
};
constexpr Shape release{"release", release_fields};
constexpr std::array build_fields = {
    list("run", argument, "a program and its arguments; no shell is involved", true),
    list("outputs", pattern,
         "files that the build makes; each pattern must match, and all are restored if the build does not help", true),
    one("sha256", digest, "digest of the only output; a build whose output is already right is not run"),
    timeout_field,
    cwd_field,
    environment_field,
    reproducible_field,
    user_field,
};
constexpr Shape build{"build", build_fields};
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
constexpr Field one_build = object_of("build", build, "a build");
constexpr Field one_platform = object_of("platform", platform, "a call to a platform");
constexpr Field one_state = object_of("state", state, "a database or folder restored from a snapshot");
constexpr std::array repair_fields = {
    or_else(object_of("release", release, "symlinks to releases, pointed back to an older, verified one", true),
            one_release),
    or_else(object_of("build", build, "builds that are run", true), one_build),
    or_else(object_of("platform", platform, "calls to a platform", true), one_platform),
    or_else(object_of("state", state, "databases and folders restored from snapshots", true), one_state),
    list("services", word, "engines whose services are brought up, in the order of their dependencies"),
    object_of("files", file_repair, "files restored from baselines", true),
    object_of("env", env_repair, "values in .env files", true),
    object_of("settings", settings_repair, "values in JSON and YAML files", true),
    object_of("links", link_repair, "symlinks", true),
    object_of("policy", policy_repair, "limits on modes, owners and content", true),
    object_of("checks", probe, "probes that must pass before and after", true),
    object_of("service", service, "the service that reads what was repaired"),
    object_of("commands", command, "programs that repair", true),
};
constexpr Shape repair{"repair", repair_fields};

// ---- certification

constexpr std::array cell_values = {list("*", argument, "the values of a variable", true)};
constexpr Shape matrix{"matrix", cell_values};
constexpr std::array test_fields = {
    must("name", word, "its name, unique within the engine"),
    list("command", argument, "a program; {variable} is replaced by the value of the cell", true),
    map_of("matrix", matrix, "variables and their values; each combination is a cell"),
    timeout_field,
    cwd_field,
    environment_field,
    reproducible_field,
    user_field,
};
constexpr Shape test{"test", test_fields};
constexpr std::array security_fields = {
    list("paths", target, "files and folders to scan, with everything below them", true),
    one("max_mode", mode, "the only permission bits allowed"),
    one("owner", owner, "required owner and group"),
    list("forbid", regex, "must not match any line of a file; ^ and $ match begin and end of a line"),
    one("allow_setid", boolean, "setuid and setgid files are allowed", "false"),
    one("allow_symlinks", boolean, "symlinks are allowed", "true"),
};
constexpr Shape security{"security", security_fields};
constexpr std::array certify_fields = {
    limited(one("within", duration, "how long all probes may take to pass after a service was touched", "30s"), 0,
            24 * hours),
    limited(one("hold", duration, "how long they must keep passing after a service was touched", "2s"), 0, 24 * hours),
    list("hashes", pattern,
         "files whose digests must be the adopted or declared ones (* stops at /, ** does not; a/**/b: any folders "
         "between)"),
    object_of("tests", test, "programs that must pass, for every cell of their matrix", true),
    object_of("security", security, "security rules"),
};
constexpr Shape certify{"certify", certify_fields};

// ---- the whole

#define AUTOHEAL_ENGINE_HEALING_FIELDS                                                                                 \
  one("enabled", boolean, "false: nothing is healed", "true"),                                                         \
      choice("mode", modes_of_healing, "observe: record what would be done, and touch nothing", "heal"),               \
      limited(one("max_retries", integer, "number of attempts in all", "3"), 1, 100),                                  \
      limited(one("retry_delay", duration, "pause between two attempts", "1s"), 0, 24 * hours),                        \
      limited(                                                                                                         \
          one("fail_after", integer, "how often in a row network and program probes must fail before a heal", "2"), 1, \
          100),                                                                                                        \
      limited(one("settle", duration, "how long there must be no file event before a test", "0s"), 0, 24 * hours),     \
      limited(one("cooldown", duration, "pause after an exhausted heal; doubles with each, up to 1h", "5m"), 0,        \
              24 * hours),                                                                                             \
      limited(one("max_heals_per_hour", integer, "one heal more ends as flapping", "10"), 1, 10'000),                  \
      choice("open_writers", open_writers_rules, "what to do if a process has the file open for writing", "swap")
constexpr std::array engine_healing_fields = {AUTOHEAL_ENGINE_HEALING_FIELDS};
constexpr Shape engine_healing{"healing of one engine", engine_healing_fields};
constexpr std::array healing_fields = {
    AUTOHEAL_ENGINE_HEALING_FIELDS,
    one("actor", word, "the principal that automatic heals act as", "autoheal"),
    limited(one("max_concurrent", integer, "how many heals work at the same time", "16"), 1, 10'000),
    limited(one("max_tests", integer, "how many probes and tests of an engine run at the same time", "4"), 1, 1'000),
};
#undef AUTOHEAL_ENGINE_HEALING_FIELDS
constexpr Shape healing{"healing", healing_fields};

constexpr std::array engine_fields = {
    must("name", word, "its name, unique in the configuration"),
    one("root", source, "the folder below which its targets lie", "the folder of the file"),
    choice("strategy", strategies, "which repairs it may use", "by name, else by the keys of `repair`"),
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
    Field{"role", text, "what the user may do", false, true, {}, 0, 0, roles, nullptr},
    one("os_user", word, "user of the operating system", "the name"),
};
constexpr Shape principal{"principal", principal_fields};
constexpr std::array secrets_fields = {
    list("names", word, "patterns (with *) of names whose values are secrets"),
    list("patterns", regex, "text that matches is masked wherever it would be shown"),
};
constexpr Shape secrets{"secrets", secrets_fields};
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
