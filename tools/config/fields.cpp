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
    one("timeout", duration, "how long it may take; then the whole process group ends", "10s"), 1000 * us, 24 * hours);

constexpr std::array text_value = {one("*", argument, "text")};
constexpr Shape text_values{"text values", text_value};
constexpr Field cwd_field = one("cwd", source, "where the program runs", "the engine's root");
constexpr Field environment_field = map_of("environment", text_values, "added to the small fixed environment");
constexpr Field reproducible_field =
    one("reproducible", boolean,
        "may run again, for real, when `replay --reproduce` rebuilds an incident; a program that lies in "
        "the folder it runs in is kept for that",
        "false");
constexpr Field user_field = one("user", word, "the OS user it runs as (only where autoheal is root)");

// ---- probes

constexpr std::array<std::string_view, 1> probed_acl_choices = {"none"};
constexpr Field acl_entries = list("acl", word, "who else may do what: [\"user:www-data:r\"]");
constexpr std::array file_probe_fields = {
    must("path", target, "the file"),
    one("baseline", source, "it holds the same bytes as this file"),
    one("sha256", digest, "it has this digest"),
    one("mode", mode, "it has exactly this mode"),
    one("owner", owner, "it belongs to user:group"),
    or_else(choice("acl", probed_acl_choices,
                   "its access list: none, or exactly these entries as setfacl takes them: [\"user:www-data:r\"]",
                   "not looked at"),
            acl_entries),
};
constexpr Shape file_probe{"file probe", file_probe_fields};
constexpr std::array<std::string_view, 6> dialects = {"shell", "systemd", "compose", "dotenv", "docker", "expand"};
constexpr Field dialect_field = choice("dialect", dialects, "whose file it is: only these readers count",
                                       "told from the file; all that may read it");
constexpr std::array env_probe_fields = {
    must("file", target, "the .env file"),
    list("require", word, "names that must be assigned"),
    map_of("equals", text_values, "names and the values they must have"),
    dialect_field,
};
constexpr Shape env_probe{"env probe", env_probe_fields};
constexpr std::array settings_values_field = {one("*", value, "a text, number, true, false or null")};
constexpr Shape settings_values{"settings values", settings_values_field};
constexpr std::array settings_probe_fields = {
    must("file", target, "the .json, .yaml, .yml or .env file"),
    list("require", text, "JSON pointers (/server/port; /PORT in a .env file) at which something must stand"),
    map_of("equals", settings_values, "JSON pointers and the values that must stand there"),
};
constexpr Shape settings_probe{"settings probe", settings_probe_fields};
constexpr std::array tcp_probe_fields = {
    must("host", word, "a name or an address"),
    limited({"port", integer, "the port", false, true}, 1, 65535),
};
constexpr Shape tcp_probe{"tcp probe", tcp_probe_fields};
constexpr std::array http_probe_fields = {
    must("url", url, "http: or https:; certificates are verified"),
    limited(one("status", integer, "the status that passes", "200"), 100, 599),
    one("contains", text, "the body holds this"),
    map_of("headers", text_values, "headers to send"),
};
constexpr Shape http_probe{"http probe", http_probe_fields};
constexpr std::array<std::string_view, 2> process_names = {"pidfile", "unit"};
constexpr std::array process_probe_fields = {
    one("pidfile", target, "names a process that must live, and not be halted (SIGSTOP)"),
    one("unit", word, "a unit of systemd that must be active, its main process not halted"),
};
constexpr Shape process_probe{"process probe", process_probe_fields, process_names};
constexpr std::array link_probe_fields = {
    must("path", target, "the symlink"),
    must("target", text, "what it points to, as written in it"),
};
constexpr Shape link_probe{"link probe", link_probe_fields};
constexpr std::array probe_fields = {
    must("name", word, "its name, once within the engine"),
    object_of("file", file_probe, "a file is as it should be"),
    object_of("env", env_probe, "a .env file has what it should"),
    object_of("settings", settings_probe, "values of a JSON, YAML or .env file are as they should be"),
    object_of("tcp", tcp_probe, "a port accepts connections"),
    object_of("http", http_probe, "an HTTP request is answered"),
    list("command", argument, "a program and its arguments; exit status 0 passes"),
    list("plugin", argument, "a monitoring plugin: 0 passes, 1 warns, 2 fails, all else is unknown"),
    object_of("process", process_probe, "a process lives"),
    object_of("link", link_probe, "a symlink points where it should"),
    choice("warning", warning_choices, "of a plugin: a warning fails, too", "a warning passes"),
    one("heal", boolean, "false: reported only, never starts a heal", "true"),
    limited(one("grace", duration, "a failure counts once it has lasted so long", "2s for processes, 0s for others"), 0,
            1 * hours),
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
    one("replace", boolean, "a link, folder, FIFO or the like in its place gives way, and is kept", "false");
constexpr std::array file_repair_fields = {
    must("path", target, "the file to restore"),
    must("baseline", source, "what it shall hold; read once, when the configuration is loaded"),
    one("mode", mode, "the mode it shall have", "as it is; 0644 for a new file, but no wider than its baseline"),
    one("owner", owner, "the user:group it shall belong to", "as it is; as its folder gives it for a new file"),
    acl_field,
    replace_field,
    list("validate", argument, "a program that must accept the new file: {file}, whose last name is the target's"),
};
constexpr Shape file_repair{"files repair", file_repair_fields};
constexpr std::array env_values_field = {one("*", env_value, "text, or {from: FILE} for a secret")};
constexpr Shape env_values{"env values", env_values_field};
constexpr std::array env_repair_fields = {
    must("file", target, "the .env file; only the bytes of the named statements change"),
    map_of("set", env_values, "names and their values"),
    list("require", word, "names that must be assigned afterwards"),
    list("unset", word, "names that must not be assigned"),
    dialect_field,
    replace_field,
};
constexpr Shape env_repair{"env repair", env_repair_fields};
constexpr std::array settings_repair_fields = {
    must("file", target, "a .json, .yaml or .yml file; comments, order and quoting stay"),
    map_of("set", settings_values, "JSON pointers (/server/port) and their values", true),
    replace_field,
};
constexpr Shape settings_repair{"settings repair", settings_repair_fields};
constexpr std::array link_repair_fields = {
    must("path", target, "the symlink"),
    must("target", text, "what it shall point to, as written"),
    one("replace", boolean, "also a folder, FIFO or the like in its place gives way, as a plain file does", "false"),
};
constexpr Shape link_repair{"links repair", link_repair_fields};
constexpr std::array policy_repair_fields = {
    must("path", target, "a file or folder"),
    one("max_mode", mode, "no bits but these; folders stay passable for who may read them"),
    one("owner", owner, "the user:group it shall belong to"),
    acl_field,
    one("recursive", boolean, "everything below it, too", "false"),
    one("absent", boolean, "it shall not exist (a file or link)", "false"),
    list("forbid", regex, "lines in which one of these occurs are removed; ^ and $ are the line's"),
};
constexpr Shape policy_repair{"policy repair", policy_repair_fields};
constexpr std::array service_fields = {
    list("restart", argument, "restarts the service"),
    list("start", argument, "starts it"),
    list("stop", argument, "stops it"),
    one("systemd", word, "a unit, instead of restart, start and stop; its own time limits hold"),
    list("reload", argument, "makes a running service read its configuration"),
    list("check", argument, "must pass before the service is touched"),
    one("pidfile", target, "tells whether it runs"),
    timeout_field,
    cwd_field,
    environment_field,
    user_field,
};
constexpr Shape service{"service", service_fields};
constexpr std::array command_fields = {
    list("run", argument, "a program and its arguments, never a shell", true),
    list("undo", argument, "takes it back; {captured} stands for what capture printed"),
    list("capture", argument, "runs before; its output is kept for undo"),
    one("repeatable", boolean, "may run again when a crash left its outcome open", "false"),
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
    one("manifest", word, "in each release, lines as sha256sum writes them", "MANIFEST.sha256"),
    list("ignore", pattern, "files of a release that its manifest need not name"),
    one("allow_newer", boolean, "releases newer than the failing one may be taken, too", "false"),
    limited(one("max_back", integer, "releases further back, per attempt", "1"), 1, 1000),
};
constexpr Shape release{"release", release_fields};
constexpr std::array build_fields = {
    list("run", argument, "a program and its arguments, never a shell", true),
    list("outputs", pattern, "what it makes; each must match, and comes back as it was if the build does not help",
         true),
    one("sha256", digest, "of the only output; a build that is right already is not run"),
    timeout_field,
    cwd_field,
    environment_field,
    reproducible_field,
    user_field,
};
constexpr Shape build{"build", build_fields};
constexpr std::array call_fields = {
    must("url", url, "http: or https:; certificates are verified, redirects are not followed"),
    choice("method", http_methods, "of the request", "POST"),
    one("body", text, "sent with the request"),
};
constexpr Shape call{"http call", call_fields};
constexpr Field undo_call = object_of("undo", call, "takes it back");
constexpr std::array platform_fields = {
    list("run", argument, "a program and its arguments; AUTOHEAL_IDEMPOTENCY_KEY tells a repetition"),
    object_of("http", call, "a request with an Idempotency-Key; any status of 200 to 299 is success"),
    or_else(list("undo", argument, "takes it back: a program, or a request as under `http`"), undo_call),
    timeout_field,
    cwd_field,
    environment_field,
    user_field,
};
constexpr Shape platform{"platform", platform_fields, platform_kinds};
constexpr std::array snapshots_fields = {
    must("dir", source, "the folder that snapshots are taken into and restored from"),
    limited(one("every", duration, "how often the daemon takes one while the self-test passes", "1h"), 1 * seconds,
            24 * 365 * hours),
    limited(one("keep", integer, "how many stay", "24"), 1, 100'000),
};
constexpr Shape snapshots{"snapshots", snapshots_fields};
constexpr Field taken_snapshots = object_of("snapshot", snapshots, "where snapshots are taken");
constexpr std::array state_fields = {
    must("path", target, "an SQLite database or a folder"),
    or_else(must("snapshot", source, "what it is restored from: a file, a folder, or {dir, every, keep}"),
            taken_snapshots),
    limited(one("max_age", duration, "an older snapshot is refused", "any age"), 1 * seconds, 24 * 3650 * hours),
    timeout_field,
};
constexpr Shape state{"state", state_fields};
constexpr Field one_release = object_of("release", release, "a link to an older whole release");
constexpr Field one_build = object_of("build", build, "a build");
constexpr Field one_platform = object_of("platform", platform, "a word to the platform");
constexpr Field one_state = object_of("state", state, "a database or folder restored from a snapshot");
constexpr std::array repair_fields = {
    or_else(object_of("release", release, "links to releases, switched to an older whole one", true), one_release),
    or_else(object_of("build", build, "builds that are run again", true), one_build),
    or_else(object_of("platform", platform, "what a platform is told", true), one_platform),
    or_else(object_of("state", state, "databases and folders restored from snapshots", true), one_state),
    list("services", word, "engines whose service is brought up again, what a service needs before it"),
    object_of("files", file_repair, "files restored from baselines", true),
    object_of("env", env_repair, "values of .env files", true),
    object_of("settings", settings_repair, "values of JSON and YAML files", true),
    object_of("links", link_repair, "symlinks", true),
    object_of("policy", policy_repair, "modes, owners and content that must not be", true),
    object_of("checks", probe, "probes that must hold before and after", true),
    object_of("service", service, "the service that reads what was repaired"),
    object_of("commands", command, "programs that repair", true),
};
constexpr Shape repair{"repair", repair_fields};

// ---- certification

constexpr std::array cell_values = {list("*", argument, "the values of a variable", true)};
constexpr Shape matrix{"matrix", cell_values};
constexpr std::array test_fields = {
    must("name", word, "its name, once within the engine"),
    list("command", argument, "a program and its arguments; {variable} stands for a cell's value", true),
    map_of("matrix", matrix, "variables and their values; every combination is one cell"),
    timeout_field,
    cwd_field,
    environment_field,
    reproducible_field,
    user_field,
};
constexpr Shape test{"test", test_fields};
constexpr std::array security_fields = {
    list("paths", target, "files and folders that are scanned, with everything below", true),
    one("max_mode", mode, "no bits but these"),
    one("owner", owner, "all belongs to user:group"),
    list("forbid", regex, "must not occur in any line of a file; ^ and $ are the line's"),
    one("allow_setid", boolean, "setuid and setgid files are allowed", "false"),
    one("allow_symlinks", boolean, "symlinks are allowed", "true"),
};
constexpr Shape security{"security", security_fields};
constexpr std::array certify_fields = {
    limited(one("within", duration, "how long a touched service may take until all probes pass", "30s"), 0, 24 * hours),
    limited(one("hold", duration, "how long they must go on passing after a service was touched", "2s"), 0, 24 * hours),
    list("hashes", pattern,
         "files whose digests must be right (* stops at /, ** does not; a/**/b: any folders between)"),
    object_of("tests", test, "programs that must pass, in every cell", true),
    object_of("security", security, "what must not be found"),
};
constexpr Shape certify{"certify", certify_fields};

// ---- the whole

#define AUTOHEAL_ENGINE_HEALING_FIELDS                                                                            \
  one("enabled", boolean, "false: nothing is healed", "true"),                                                    \
      choice("mode", modes_of_healing, "observe records what would be done and touches nothing", "heal"),         \
      limited(one("max_retries", integer, "attempts in all", "3"), 1, 100),                                       \
      limited(one("retry_delay", duration, "between two attempts", "1s"), 0, 24 * hours),                         \
      limited(one("fail_after", integer, "network and command probes fail so often before a heal", "2"), 1, 100), \
      limited(one("settle", duration, "quiet after a file event", "0s"), 0, 24 * hours),                          \
      limited(one("cooldown", duration, "after an exhausted heal", "5m"), 0, 24 * hours),                         \
      limited(one("max_heals_per_hour", integer, "more than so many end as flapping", "10"), 1, 10'000),          \
      choice("open_writers", open_writers_rules, "where somebody has the file open", "swap")
constexpr std::array engine_healing_fields = {AUTOHEAL_ENGINE_HEALING_FIELDS};
constexpr Shape engine_healing{"healing of one engine", engine_healing_fields};
constexpr std::array healing_fields = {
    AUTOHEAL_ENGINE_HEALING_FIELDS,
    one("actor", word, "the principal that automatic heals act as", "autoheal"),
    limited(one("max_concurrent", integer, "heals at work at once", "16"), 1, 10'000),
    limited(one("max_tests", integer, "probes and tests of one engine at once", "4"), 1, 1'000),
};
#undef AUTOHEAL_ENGINE_HEALING_FIELDS
constexpr Shape healing{"healing", healing_fields};

constexpr std::array engine_fields = {
    must("name", word, "its name, once in the configuration"),
    one("root", source, "the folder that its targets lie in", "the folder of the file"),
    choice("strategy", strategies, "how it is repaired", "by name, else by the keys of `repair`"),
    limited(one("every", duration, "how often the daemon tests it",
                "60s where a network or a program is asked, else when "
                "its files change"),
            1 * seconds, 24 * hours),
    limited(one("grace", duration, "how long its service and processes may be down, as in a restart by hand", "2s"), 0,
            1 * hours),
    list("depends_on", word, "engines that it needs: they are tested and healed first"),
    object_of("self_test", probe, "the probes that tell whether it works", true, true),
    object_of("repair", repair, "what a heal may change"),
    object_of("certify", certify, "what must hold for a repair to stay"),
    object_of("healing", engine_healing, "settings of `healing` for this engine alone"),
};
constexpr Shape engine{"engine", engine_fields};
constexpr std::array principal_fields = {
    must("name", word, "as the ledger names them"),
    Field{"role", text, "what they may do", false, true, {}, 0, 0, roles, nullptr},
    one("os_user", word, "who they are to the operating system", "the name"),
};
constexpr Shape principal{"principal", principal_fields};
constexpr std::array secrets_fields = {
    list("names", word, "names (with *) whose values are secrets"),
    list("patterns", regex, "what matches is masked wherever it would be seen"),
};
constexpr Shape secrets{"secrets", secrets_fields};
constexpr std::array vault_fields = {
    limited(one("max_blob", size, "the largest content that is kept", "64MiB"), 1024, std::int64_t{1} << 40)};
constexpr Shape vault{"vault", vault_fields};
constexpr std::array checkpoints_fields = {
    one("key", source, "where the signing key lies", "beside the ledger: <ledger>.key"),
    one("file", source, "the newest checkpoint, to be fetched by others",
        "<ledger>.checkpoint where `command` is given"),
    list("command", argument, "carries it away after each signature; {checkpoint} stands for that file"),
    timeout_field,
};
constexpr Shape checkpoints{"checkpoints", checkpoints_fields};
constexpr std::array top_fields = {
    limited({"version", integer, "of this format: 1", false, true}, 1, 1),
    one("ledger", source, "the Genesis ledger", "var/ledger.db"),
    one("reports", source, "the folder of self-test reports", "logs/selftest_reports"),
    list("include", source, "more files with engines; * and ? in the last part of a path"),
    object_of("healing", healing, "how healing goes"),
    object_of("principals", principal, "who may do what", true),
    object_of("secrets", secrets, "what must never be seen"),
    object_of("vault", vault, "where contents are kept"),
    object_of("checkpoints", checkpoints, "signed heads of the ledger: whoever keeps one elsewhere can prove edits"),
    object_of("engines", engine, "what is tested and healed", true),
};
constexpr Shape top{"configuration", top_fields};

}  // namespace

const Shape& file_shape() { return top; }

}  // namespace autoheal::config
