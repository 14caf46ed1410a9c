#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "autoheal/workflows/edit/env_file.hpp"
#include "autoheal/workflows/edit/settings_edit.hpp"
#include "autoheal/workflows/edit/wanted_scalar.hpp"
#include "autoheal/workflows/spec/engine_fields.hpp"
#include "autoheal/workflows/text/glob.hpp"
#include "autoheal/workflows/text/line_expressions.hpp"
#include "tools/config/access_list_field.hpp"
#include "tools/config/read_fields.hpp"
#include "tools/config/reading.hpp"
#include "tools/config/scalars.hpp"

namespace autoheal::config {

namespace {

using namespace workflows;  // every line below makes one of its values

std::string join(const std::string& path, const std::string& name) { return path + "." + name; }
std::string at(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

constexpr Duration usual_grace = std::chrono::seconds(2), usual_hold = std::chrono::seconds(2);
constexpr Duration usual_schedule = std::chrono::seconds(60);

// Nothing tells when such a probe would fail.
bool needs_schedule(const std::vector<Probe>& probes) {
  return std::ranges::any_of(probes, [](const Probe& probe) {
    return std::holds_alternative<TcpProbe>(probe.what) || std::holds_alternative<HttpProbe>(probe.what) ||
           std::holds_alternative<CommandProbe>(probe.what) || std::holds_alternative<PluginProbe>(probe.what) ||
           (std::holds_alternative<ProcessProbe>(probe.what) && !std::get<ProcessProbe>(probe.what).unit.empty());
  });
}

// One engine while it is read.
class EngineReader {
 public:
  EngineReader(Reading& reading, EngineSpec& spec) : reading_(reading), spec_(spec) {}

  // A command at `key` of `map`, whose siblings say where and as whom it runs.
  std::optional<ProgramRun> command(const Node& map, std::string_view key, const std::string& path) {
    const Node* list = map.find(key);
    if (list == nullptr) return std::nullopt;
    ProgramRun run;
    run.cwd = spec_.root;
    for (const Node& item : list->items) run.argv.push_back(item.text);
    run.argv.front() = reading_.program(list->items.front(), join(path, std::string(key)));
    if (const Node* cwd = map.find("cwd")) run.cwd = reading_.absolute(cwd->text);
    read(map, "environment", run.environment);
    read(map, "user", run.user);
    read(map, "timeout", run.timeout);
    read(map, "reproducible", run.reproducible);
    return run;
  }

  std::vector<Probe> probes(const Node& map, std::string_view key, const std::string& path) {
    std::vector<Probe> all;
    const auto& items = list_at(map, key);
    for (std::size_t index = 0; index < items.size(); ++index) {
      const std::string here = at(join(path, std::string(key)), index);
      all.push_back(probe(items[index], here));
      if (const auto [first, is_new] = probe_names_.emplace(all.back().name, items[index].line); !is_new) {
        reading_.wrong(items[index], here,
                       "the name \"" + all.back().name + "\" stands here twice, first in line " +
                           std::to_string(first->second) + ", expected one name per probe of an engine");
      }
    }
    return all;
  }

  void repairs(const Node& engine, const std::string& engine_path) {
    const Node* repair = engine.find("repair");
    if (repair == nullptr) return;
    const std::string path = join(engine_path, "repair");
    RepairSpec& into = spec_.repair;
    each(*repair, "release", path,
         [&](const Node& node, const std::string&) { into.release.push_back(release(node)); });
    each(*repair, "build", path,
         [&](const Node& node, const std::string& here) { into.build.push_back(build(node, here)); });
    each(*repair, "platform", path,
         [&](const Node& node, const std::string& here) { into.platform.push_back(platform(node, here)); });
    each(*repair, "state", path, [&](const Node& node, const std::string&) { into.state.push_back(state(node)); });
    for (const Node& name : list_at(*repair, "services")) into.services.push_back({name.text, {}, {}});
    each(*repair, "files", path,
         [&](const Node& node, const std::string& here) { into.files.push_back(file(node, here)); });
    each(*repair, "env", path, [&](const Node& node, const std::string& here) { into.env.push_back(env(node, here)); });
    each(*repair, "settings", path,
         [&](const Node& node, const std::string& here) { into.settings.push_back(settings(node, here)); });
    each(*repair, "links", path,
         [&](const Node& node, const std::string&) { read_fields(node, into.links.emplace_back()); });
    each(*repair, "policy", path,
         [&](const Node& node, const std::string& here) { into.policy.push_back(policy(node, here)); });
    into.checks = probes(*repair, "checks", path);
    if (const Node* service = repair->find("service")) into.service = service_of(*service, join(path, "service"));
    each(*repair, "commands", path,
         [&](const Node& node, const std::string& here) { into.commands.push_back(command_of(node, here)); });
  }

  void certification(const Node& engine, const std::string& engine_path) {
    spec_.certify.hold = usual_hold;
    const Node* certify = engine.find("certify");
    if (certify == nullptr) return;
    const std::string path = join(engine_path, "certify");
    CertifySpec& into = spec_.certify;
    read(*certify, "within", into.within);
    read(*certify, "hold", into.hold);
    read(*certify, "hashes", into.hashes);
    std::map<std::string, int> names;  // to their lines
    each(*certify, "tests", path, [&](const Node& node, const std::string& here) {
      into.tests.push_back(test(node, here));
      if (const auto [first, is_new] = names.emplace(into.tests.back().name, node.line); !is_new)
        reading_.wrong(node, here,
                       "the test name \"" + into.tests.back().name + "\" stands here twice, first in line " +
                           std::to_string(first->second) + ", expected one name per test of an engine");
    });
    const Node* security = certify->find("security");
    if (security == nullptr) return;
    read_fields(*security, into.security);
    expressions(*security, join(path, "security"));
  }

 private:
  // Each is tried: a rule that could never be found would look like one that holds.
  void expressions(const Node& map, const std::string& path) {
    const auto& items = list_at(map, "forbid");
    for (std::size_t index = 0; index < items.size(); ++index) {
      const ExpressionCheck check = check_line_expression(items[index].text);
      const std::string here = at(join(path, "forbid"), index);
      const std::string named = "\"" + items[index].text + "\": ";
      if (!check.problem.empty()) reading_.wrong(items[index], here, named + check.problem);
      for (const std::string& warning : check.warnings) reading_.warn(items[index], here, named + warning);
    }
  }

  template <class Read>
  static void each(const Node& map, std::string_view key, const std::string& path, Read read_one) {
    const auto groups = groups_at(map, key);
    for (std::size_t index = 0; index < groups.size(); ++index)
      read_one(*groups[index], at(join(path, std::string(key)), index));
  }

  Probe probe(const Node& node, const std::string& path) {
    Probe probe;
    read(node, "name", probe.name);
    read(node, "timeout", probe.timeout);
    read(node, "heal", probe.heal);
    probe.grace = node.find("process") != nullptr ? spec_.grace : Duration{0};
    read(node, "grace", probe.grace);
    if (const Node* file = node.find("file")) probe.what = file_probe(*file, join(path, "file"));
    if (const Node* env = node.find("env")) probe.what = env_probe(*env, join(path, "env"));
    if (const Node* settings = node.find("settings")) {
      const std::string here = join(path, "settings");
      if (const Node* file = settings->find("file"); file != nullptr && is_env_file(file->text)) {
        probe.what = settings_of_env(*settings, here);
      } else {
        probe.what = settings_probe(*settings, here);
      }
    }
    if (const Node* tcp = node.find("tcp")) {
      TcpProbe what;
      read_fields(*tcp, what);
      probe.what = what;
    }
    if (const Node* http = node.find("http")) {
      HttpProbe what;
      read_fields(*http, what);
      probe.what = what;
    }
    if (const auto run = command(node, "command", path)) probe.what = CommandProbe{*run};
    if (const auto run = command(node, "plugin", path)) probe.what = PluginProbe{*run, node.find("warning") != nullptr};
    if (const Node* process = node.find("process")) {
      ProcessProbe what;
      read_fields(*process, what);
      probe.what = what;
    }
    if (const Node* link = node.find("link")) {
      LinkProbe what;
      read_fields(*link, what);
      probe.what = what;
    }
    if (node.find("warning") != nullptr && node.find("plugin") == nullptr) {
      reading_.wrong(*node.find("warning"), join(path, "warning"),
                     "only a plugin can warn, expected `plugin` beside it");
    }
    return probe;
  }

  FileProbe file_probe(const Node& node, const std::string& path) {
    FileProbe probe;
    read_fields(node, probe);
    probe.acl = acl(node, path, probe.mode);
    if (const Node* baseline = node.find("baseline"))
      probe.baseline = reading_.baseline(*baseline, join(path, "baseline"));
    return probe;
  }

  void env_name(const Node& node, const std::string& path) {
    if (!is_env_name(node.text))
      reading_.wrong(node, path, "\"" + node.text + "\" is not a name, expected letters, digits and _");
  }

  EnvProbe env_probe(const Node& node, const std::string& path) {
    EnvProbe probe;
    read_fields(node, probe);
    for (const Node& name : list_at(node, "require")) env_name(name, join(path, "require"));
    if (const Node* equals = node.find("equals")) {
      for (const Node& name : equals->keys) env_name(name, join(path, "equals"));
    }
    if (probe.require.empty() && probe.equals.empty())
      reading_.wrong(node, path, "nothing is asked of the file, expected `require` or `equals`");
    return probe;
  }

  // .env, app.env, .env.local
  static bool is_env_file(std::string_view file) {
    const std::string_view name = file.substr(file.rfind('/') + 1);
    return name.ends_with(".env") || name.starts_with(".env.");
  }

  // Such a file has names and no tree: /NAME is the value of NAME, as the readers of such files have it.
  EnvProbe settings_of_env(const Node& node, const std::string& path) {
    EnvProbe probe;
    read(node, "file", probe.file);
    for (const Node& pointer : list_at(node, "require"))
      probe.require.push_back(name_at(pointer, join(path, "require")));
    if (const Node* equals = node.find("equals")) {
      for (std::size_t index = 0; index < equals->keys.size(); ++index) {
        const Node& value = equals->items[index];
        if (type_of(value) == ScalarType::null)
          reading_.wrong(value, join(path, "equals"), "a .env file has no null, expected a text, such as \"\"");
        probe.equals[name_at(equals->keys[index], join(path, "equals"))] = value.text;
      }
    }
    if (probe.require.empty() && probe.equals.empty())
      reading_.wrong(node, path, "nothing is asked of the file, expected `require` or `equals`");
    return probe;
  }

  std::string name_at(const Node& pointer, const std::string& path) {
    if (pointer.text.starts_with('/') && is_env_name(pointer.text.substr(1))) return pointer.text.substr(1);
    reading_.wrong(pointer, path, "\"" + pointer.text + "\" names no value of a .env file, expected one such as /PORT");
    return {};
  }

  SettingsProbe settings_probe(const Node& node, const std::string& path) {
    SettingsProbe probe;
    read_fields(node, probe);
    settings_file(node, path, probe.file);
    for (const Node& pointer : list_at(node, "require")) setting_pointer(pointer, join(path, "require"));
    if (const Node* equals = node.find("equals")) probe.equals = setting_values(*equals, join(path, "equals"));
    if (probe.require.empty() && probe.equals.empty())
      reading_.wrong(node, path, "nothing is asked of the file, expected `require` or `equals`");
    return probe;
  }

  FileRepair file(const Node& node, const std::string& path) {
    FileRepair repair;
    read(node, "path", repair.path);
    read(node, "baseline", repair.baseline_path);
    read(node, "mode", repair.mode);
    read(node, "owner", repair.owner);
    read(node, "replace", repair.replace);
    repair.acl = acl(node, path, repair.mode);
    repair.baseline = reading_.baseline(*node.find("baseline"), join(path, "baseline"));
    repair.baseline_mode = reading_.mode_of_baseline(*node.find("baseline"));
    repair.validate = command(node, "validate", path);
    if (repair.validate && std::ranges::none_of(repair.validate->argv, [](const std::string& arg) {
          return arg.find("{file}") != std::string::npos;
        })) {
      reading_.wrong(*node.find("validate"), join(path, "validate"),
                     "no argument names the staged file, expected {file}");
    }
    return repair;
  }

  std::optional<std::string> acl(const Node& node, const std::string& path, const std::optional<FileMode>& mode,
                                 bool at_most = false) {
    auto entries = access_list_at(node);
    if (!entries || !mode) return entries;
    if (const std::string problem = mask_problem(*entries, *mode, at_most); !problem.empty())
      reading_.wrong(*node.find("acl"), join(path, "acl"), problem);
    return entries;
  }

  EnvRepair env(const Node& node, const std::string& path) {
    EnvRepair repair;
    read(node, "replace", repair.replace);
    read(node, "file", repair.file);
    read(node, "require", repair.require);
    read(node, "unset", repair.unset);
    read(node, "dialect", repair.dialect);
    for (const char* key : {"require", "unset"}) {
      for (const Node& name : list_at(node, key)) env_name(name, join(path, key));
    }
    if (const Node* set = node.find("set")) {
      for (std::size_t index = 0; index < set->keys.size(); ++index) {
        repair.set.emplace_back(set->keys[index].text,
                                env_value(set->keys[index], set->items[index], join(path, "set")));
      }
    }
    if (repair.set.empty() && repair.require.empty() && repair.unset.empty()) {
      reading_.wrong(node, path, "nothing is to be repaired, expected `set`, `require` or `unset`");
    }
    return repair;
  }

  EnvValue env_value(const Node& name, const Node& value, const std::string& path) {
    env_name(name, path);
    EnvValue one;
    if (value.kind == NodeKind::map) {
      one.from_file = reading_.absolute(value.items.front().text);
      return one;
    }
    one.literal = value.text;
    if (is_secret_name(reading_.secrets, name.text)) {
      reading_.warn(value, join(path, name.text), "a secret stands here in plain text; better: {from: FILE}");
    }
    return one;
  }

  SettingsRepair settings(const Node& node, const std::string& path) {
    SettingsRepair repair;
    read(node, "file", repair.file);
    settings_file(node, path, repair.file);
    read(node, "replace", repair.replace);
    const Node& set = *node.find("set");
    repair.set = setting_values(set, join(path, "set"));
    if (repair.set.empty())
      reading_.wrong(set, join(path, "set"), "nothing is to be set, expected at least one pointer");
    return repair;
  }

  void settings_file(const Node& node, const std::string& path, const std::string& file) {
    if (!file.ends_with(".json") && !file.ends_with(".yaml") && !file.ends_with(".yml")) {
      reading_.wrong(*node.find("file"), join(path, "file"),
                     "\"" + file + "\" is neither .json nor .yaml nor .yml, expected one of them");
    }
  }

  void setting_pointer(const Node& pointer, const std::string& path) {
    if (const auto tokens = pointer_tokens(pointer.text); !tokens)
      reading_.wrong(pointer, path, tokens.error().message + ", expected one such as /server/port");
  }

  std::vector<std::pair<std::string, std::string>> setting_values(const Node& map, const std::string& path) {
    std::vector<std::pair<std::string, std::string>> values;
    for (std::size_t index = 0; index < map.keys.size(); ++index) {
      setting_pointer(map.keys[index], path);
      const Node& value = map.items[index];
      values.emplace_back(map.keys[index].text, json_of(value));
      if (value.plain && values.back().second.starts_with('"') && looks_special(value.text))
        reading_.warn(value, join(path, map.keys[index].text),
                      value.text + " is taken for a text; put it in quotes, or write true, false or a decimal number");
    }
    return values;
  }

  static std::string json_of(const Node& scalar) {
    switch (type_of(scalar)) {
      case ScalarType::null:
        return "null";
      case ScalarType::boolean:
        return scalar.text[0] == 't' || scalar.text[0] == 'T' ? "true" : "false";
      case ScalarType::number:
        if (wanted_scalar(scalar.text)) return scalar.text;
        break;
      case ScalarType::text:
        break;
    }
    return nlohmann::json(scalar.text).dump();
  }

  static ReleaseRepair release(const Node& node) {
    ReleaseRepair repair;
    read_fields(node, repair);
    return repair;
  }

  BuildRepair build(const Node& node, const std::string& path) {
    BuildRepair repair;
    repair.run = *command(node, "run", path);
    read(node, "outputs", repair.outputs);
    read(node, "sha256", repair.sha256);
    if (repair.outputs.empty())
      reading_.wrong(*node.find("outputs"), join(path, "outputs"), "the list is empty, expected what the build makes");
    if (!repair.sha256.empty() && (repair.outputs.size() != 1 || is_glob(repair.outputs.front()))) {
      reading_.wrong(*node.find("sha256"), join(path, "sha256"),
                     "a digest is of one file, expected a single output without * or ?");
    }
    return repair;
  }

  static HttpCall call(const Node& node, const Node& beside) {
    HttpCall call;
    read(node, "url", call.url);
    read(node, "method", call.method);
    read(node, "body", call.body);
    read(beside, "timeout", call.timeout);
    return call;
  }

  PlatformRepair platform(const Node& node, const std::string& path) {
    PlatformRepair repair;
    if (const Node* http = node.find("http")) repair.act = call(*http, node);
    if (const auto run = command(node, "run", path)) repair.act = *run;
    const Node* undo = node.find("undo");
    if (undo == nullptr) return repair;
    if (undo->kind == NodeKind::map) {
      repair.undo = call(*undo, node);
    } else {
      repair.undo = *command(node, "undo", path);
    }
    return repair;
  }

  StateRepair state(const Node& node) {
    StateRepair repair;
    read(node, "path", repair.path);
    read(node, "timeout", repair.timeout);
    if (node.find("max_age") != nullptr) read(node, "max_age", repair.max_age.emplace());
    const Node& snapshot = *node.find("snapshot");
    if (snapshot.kind != NodeKind::map) {
      repair.snapshot = reading_.absolute(snapshot.text);
      return repair;
    }
    repair.takes_snapshots = true;
    repair.snapshot = reading_.absolute(snapshot.find("dir")->text);
    repair.every = std::chrono::hours(1);
    repair.keep = 24;
    read(snapshot, "every", repair.every);
    read(snapshot, "keep", repair.keep);
    return repair;
  }

  PolicyRepair policy(const Node& node, const std::string& path) {
    PolicyRepair repair;
    read_fields(node, repair);
    expressions(node, path);
    repair.acl = acl(node, path, repair.max_mode, true);
    const bool asks = repair.max_mode || !repair.owner.empty() || !repair.forbid.empty() || repair.acl;
    if (repair.absent == asks) {
      reading_.wrong(node, path,
                     repair.absent ? "what is absent can have no mode, owner or content, expected `absent` alone"
                                   : "nothing is asked of the path, expected max_mode, owner, acl, forbid or absent");
    }
    return repair;
  }

  ServiceRepair service_of(const Node& node, const std::string& path) {
    ServiceRepair service;
    service.restart = command(node, "restart", path);
    service.start = command(node, "start", path);
    service.stop = command(node, "stop", path);
    service.reload = command(node, "reload", path);
    service.check = command(node, "check", path);
    read(node, "pidfile", service.pidfile);
    const Node* unit = node.find("systemd");
    if (unit != nullptr && (service.restart || service.start || service.stop)) {
      reading_.wrong(
          *unit, join(path, "systemd"),
          "a unit is restarted, started and stopped through systemctl, expected no restart, start or stop beside it");
    } else if (unit != nullptr) {
      service.unit = unit->text;
      service.restart = systemctl(node, "restart", unit->text);
      service.start = systemctl(node, "start", unit->text);
      service.stop = systemctl(node, "stop", unit->text);
    } else if (!service.restart && !service.start) {
      reading_.wrong(node, path, "the service cannot be brought up, expected restart, start or systemd");
    }
    take_orders_to_units(node, service);
    return service;
  }

  // Its time limits are the unit's own unless one is given.
  ProgramRun systemctl(const Node& map, const std::string& verb, const std::string& unit) const {
    ProgramRun run;
    run.argv = {"/usr/bin/systemctl", verb, unit};
    run.cwd = spec_.root;
    run.timeout = Duration(0);
    read(map, "timeout", run.timeout);
    run.unit = unit;
    return run;
  }

  // Written out as `[systemctl, restart, UNIT]` it is the same order.
  void take_orders_to_units(const Node& node, ServiceRepair& service) {
    for (auto* run : {&service.restart, &service.start, &service.stop, &service.reload}) {
      if (!run->has_value() || !is_order_to_unit(**run)) continue;
      if (service.unit.empty()) service.unit = (*run)->argv[2];
      if (service.unit == (*run)->argv[2]) take_order_to_unit(node, **run);
    }
  }

  static void take_order_to_unit(const Node& node, ProgramRun& run) {
    if (!is_order_to_unit(run)) return;
    run.unit = run.argv[2];
    if (node.find("timeout") == nullptr) run.timeout = Duration(0);
  }

  static bool is_order_to_unit(const ProgramRun& run) {
    constexpr std::array<std::string_view, 5> verbs = {"start", "stop", "restart", "reload", "reload-or-restart"};
    const bool by_systemctl = run.argv[0] == "/usr/bin/systemctl" || run.argv[0] == "/bin/systemctl";
    return by_systemctl && run.argv.size() == 3 && run.user.empty() && run.environment.empty() &&
           std::ranges::find(verbs, run.argv[1]) != verbs.end() && !run.argv[2].starts_with("-");
  }

  CommandRepair command_of(const Node& node, const std::string& path) {
    CommandRepair repair;
    repair.run = *command(node, "run", path);
    repair.undo = command(node, "undo", path);
    repair.capture = command(node, "capture", path);
    read(node, "repeatable", repair.repeatable);
    read(node, "reproducible", repair.reproducible);
    if (!repair.run.reproducible) take_order_to_unit(node, repair.run);
    if (repair.undo && !repair.run.reproducible) take_order_to_unit(node, *repair.undo);
    const bool uses_capture = repair.undo && std::ranges::any_of(repair.undo->argv, [](const std::string& arg) {
                                return arg.find("{captured}") != std::string::npos;
                              });
    if (uses_capture && !repair.capture)
      reading_.wrong(*node.find("undo"), join(path, "undo"),
                     "{captured} stands here but nothing is captured, expected `capture`");
    return repair;
  }

  TestSpec test(const Node& node, const std::string& path) {
    TestSpec test;
    read(node, "name", test.name);
    test.command = *command(node, "command", path);
    const Node* matrix = node.find("matrix");
    if (matrix == nullptr) return test;
    std::size_t cells = 1;
    for (std::size_t index = 0; index < matrix->keys.size(); ++index) {
      std::vector<std::string> values;
      for (const Node& value : matrix->items[index].items) values.push_back(value.text);
      cells *= values.size();
      test.matrix.emplace_back(matrix->keys[index].text, std::move(values));
      if (cells > 10'000) {
        reading_.wrong(*matrix, join(path, "matrix"), "the matrix has more than 10,000 cells, expected fewer");
        break;
      }
    }
    return test;
  }

  Reading& reading_;
  EngineSpec& spec_;
  std::map<std::string, int> probe_names_;  // to their lines
};

struct RepairKey {
  std::string_view key;
  std::array<bool, 4> known_by;  // arie, chimera, cascade, generic
};
constexpr std::array<RepairKey, 13> repair_keys = {{
    {"release", {false, true, false, false}},
    {"build", {false, true, false, false}},
    {"platform", {false, true, false, false}},
    {"state", {false, false, true, false}},
    {"services", {false, false, true, false}},
    {"files", {true, true, false, false}},
    {"env", {true, false, false, false}},
    {"settings", {true, true, false, false}},
    {"links", {true, false, false, false}},
    {"policy", {true, false, false, false}},
    {"checks", {false, false, false, true}},
    {"service", {true, true, true, true}},
    {"commands", {true, true, true, true}},
}};

constexpr std::array all_strategies = {Strategy::arie, Strategy::chimera, Strategy::cascade, Strategy::generic};

// The strategy that knows every key; where keys tell nothing (none, or those that all know) it is generic.
Strategy strategy_of_keys(Reading& reading, const Node* repair, const std::string& path) {
  std::array<bool, 4> fits = {true, true, true, true};
  bool tells = false;
  std::string words;
  for (const RepairKey& known : repair_keys) {
    if (repair == nullptr || repair->find(known.key) == nullptr || known.known_by == std::array{true, true, true, true})
      continue;
    tells = true;
    words += (words.empty() ? "" : ", ") + std::string(known.key);
    for (std::size_t index = 0; index < fits.size(); ++index) fits[index] = fits[index] && known.known_by[index];
  }
  if (!tells) return Strategy::generic;
  for (const Strategy one : all_strategies) {
    if (fits[static_cast<std::size_t>(one)]) return one;
  }
  reading.wrong(*repair, path + ".repair",
                "the keys " + words + " belong to several strategies, expected keys of one strategy");
  return Strategy::generic;
}

Strategy strategy_of(Reading& reading, const Node& node, const std::string& path, const std::string& name) {
  const Node* repair = node.find("repair");
  std::optional<Strategy> strategy = strategy_of_name(name);
  if (const Node* written = node.find("strategy")) {
    for (const Strategy one : all_strategies) {
      if (name_of(one) == written->text) strategy = one;
    }
  }
  if (!strategy) return strategy_of_keys(reading, repair, path);
  if (repair == nullptr) return *strategy;
  for (const Node& key : repair->keys) {
    const auto known = std::ranges::find(repair_keys, std::string_view(key.text), &RepairKey::key);
    if (known == repair_keys.end() || known->known_by[static_cast<std::size_t>(*strategy)]) continue;
    std::string who;
    for (const Strategy one : all_strategies) {
      if (known->known_by[static_cast<std::size_t>(one)]) who += (who.empty() ? "" : ", ") + std::string(name_of(one));
    }
    reading.wrong(key, path + ".repair",
                  "strategy " + std::string(name_of(*strategy)) + " does not know \"" + key.text +
                      "\", expected a strategy that does: " + who);
  }
  return *strategy;
}

}  // namespace

void read_healing(const Node& node, HealingSpec& healing) { read_fields(node, healing); }

EngineSpec read_engine(Reading& reading, const Node& node, const std::string& path, const HealingSpec& inherited) {
  EngineSpec spec;
  read(node, "name", spec.name);
  if (spec.name.size() > 128) reading.wrong(*node.find("name"), path + ".name", "the name is longer than 128 bytes");
  std::string root = ".";
  read(node, "root", root);
  spec.root = reading.absolute(root);
  if (spec.root.size() > 1 && spec.root.ends_with('/')) spec.root.pop_back();
  spec.strategy = strategy_of(reading, node, path, spec.name);
  read(node, "every", spec.every);
  spec.grace = usual_grace;
  read(node, "grace", spec.grace);
  read(node, "depends_on", spec.depends_on);
  spec.secrets = reading.secrets;
  spec.healing = inherited;
  spec.healing.enabled = true;
  if (const Node* healing = node.find("healing")) read_healing(*healing, spec.healing);
  EngineReader reader(reading, spec);
  spec.self_test = reader.probes(node, "self_test", path);
  if (spec.self_test.empty())
    reading.wrong(*node.find("self_test"), path + ".self_test", "the list is empty, expected at least one probe");
  if (node.find("every") == nullptr && needs_schedule(spec.self_test)) {
    spec.every = usual_schedule;
    reading.scheduled_by_default.push_back(spec.name);
  }
  reader.repairs(node, path);
  reader.certification(node, path);
  return spec;
}

}  // namespace autoheal::config
