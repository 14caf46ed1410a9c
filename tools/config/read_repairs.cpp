// Repairs of an engine, of each kind.
#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/workflows/spec/engine_fields.hpp"
#include "autoheal/workflows/text/glob.hpp"
#include "tools/config/engine_parts.hpp"

namespace autoheal::config {

namespace {

using namespace workflows;  // every line below makes one of its values

class RepairReader {
 public:
  explicit RepairReader(EngineParts& parts) : parts_(parts) {}

  void repairs(const Node& engine, const std::string& engine_path) {
    const Node* repair = engine.find("repair");
    if (repair == nullptr) return;
    const std::string path = join(engine_path, "repair");
    each_field<RepairSpec>(
        [&](const auto& one) { member(*repair, one.key.name, path, parts_.spec.repair.*one.member); });
  }

 private:
  template <class Repair>
  void member(const Node& map, std::string_view key, const std::string& path, std::vector<Repair>& into) {
    each_group(map, key, path, [&](const Node& node, const std::string& here) {
      complete(node, here, into.emplace_back(parts_.from_group<Repair>(node, here)));
    });
  }
  static void member(const Node& map, std::string_view key, const std::string&, std::vector<ServiceOfEngine>& into) {
    for (const Node& name : list_at(map, key)) into.push_back({name.text, {}, {}});
  }
  void member(const Node& map, std::string_view key, const std::string& path, std::vector<Probe>& into) {
    into = read_probes(parts_, map, key, path);
  }
  void member(const Node& map, std::string_view key, const std::string& path, std::optional<ServiceRepair>& into) {
    const Node* service = map.find(key);
    if (service == nullptr) return;
    const std::string here = join(path, std::string(key));
    complete(*service, here, into.emplace(parts_.from_group<ServiceRepair>(*service, here)));
  }

  // Each `complete` reads what depends on more than one key, and checks the whole.
  template <class Repair>
  static void complete(const Node&, const std::string&, Repair&) {}

  void complete(const Node& node, const std::string& path, FileRepair& repair) {
    repair.acl = parts_.acl(node, path, repair.mode);
    repair.baseline = parts_.context.baseline(*node.find("baseline"), join(path, "baseline"));
    repair.baseline_mode = parts_.context.mode_of_baseline(*node.find("baseline"));
    if (repair.validate && std::ranges::none_of(repair.validate->argv, [](const std::string& arg) {
          return arg.find("{file}") != std::string::npos;
        })) {
      parts_.context.wrong(*node.find("validate"), join(path, "validate"),
                           "no argument names the staged file, expected {file}");
    }
  }

  void complete(const Node& node, const std::string& path, EnvRepair& repair) {
    for (const char* key : {"require", "unset"}) {
      for (const Node& name : list_at(node, key)) parts_.check_env_name(name, join(path, key));
    }
    if (const Node* set = node.find("set")) {
      for (std::size_t index = 0; index < set->keys.size(); ++index) {
        repair.set.emplace_back(set->keys[index].text,
                                env_value(set->keys[index], set->items[index], join(path, "set")));
      }
    }
    if (repair.set.empty() && repair.require.empty() && repair.unset.empty()) {
      parts_.context.wrong(node, path, "nothing is to be repaired, expected `set`, `require` or `unset`");
    }
  }

  EnvValue env_value(const Node& name, const Node& value, const std::string& path) {
    parts_.check_env_name(name, path);
    EnvValue one;
    if (value.kind == NodeKind::map) {
      one.from_file = parts_.context.absolute(value.items.front().text);
      return one;
    }
    one.literal = value.text;
    if (is_secret_name(parts_.context.secrets, name.text)) {
      parts_.context.warn(value, join(path, name.text), "a secret stands here in plain text; better: {from: FILE}");
    }
    return one;
  }

  void complete(const Node& node, const std::string& path, SettingsRepair& repair) {
    parts_.check_settings_file(node, path, repair.file);
    const Node& set = *node.find("set");
    repair.set = parts_.setting_values(set, join(path, "set"));
    if (repair.set.empty())
      parts_.context.wrong(set, join(path, "set"), "nothing is to be set, expected at least one pointer");
  }

  void complete(const Node& node, const std::string& path, BuildRepair& repair) {
    if (repair.outputs.empty())
      parts_.context.wrong(*node.find("outputs"), join(path, "outputs"),
                           "the list is empty, expected what the build makes");
    if (!repair.sha256.empty() && (repair.outputs.size() != 1 || is_glob(repair.outputs.front()))) {
      parts_.context.wrong(*node.find("sha256"), join(path, "sha256"),
                           "a digest is of one file, expected a single output without * or ?");
    }
  }

  static HttpCall call(const Node& node, const Node& beside) {
    auto call = from_fields<HttpCall>(node);
    read(beside, "timeout", call.timeout);
    return call;
  }

  void complete(const Node& node, const std::string& path, PlatformRepair& repair) {
    if (const Node* http = node.find("http")) repair.act = call(*http, node);
    if (const auto run = parts_.program(node, "run", path)) repair.act = *run;
    const Node* undo = node.find("undo");
    if (undo == nullptr) return;
    if (undo->kind == NodeKind::map) {
      repair.undo = call(*undo, node);
    } else {
      repair.undo = *parts_.program(node, "undo", path);
    }
  }

  void complete(const Node& node, const std::string&, StateRepair& repair) {
    const Node& snapshot = *node.find("snapshot");
    if (snapshot.kind != NodeKind::map) {
      repair.snapshot = parts_.context.absolute(snapshot.text);
      return;
    }
    repair.takes_snapshots = true;
    repair.snapshot = parts_.context.absolute(snapshot.find("dir")->text);
    repair.every = std::chrono::hours(1);
    repair.keep = 24;
    read(snapshot, "every", repair.every);
    read(snapshot, "keep", repair.keep);
  }

  void complete(const Node& node, const std::string& path, PolicyRepair& repair) {
    parts_.try_expressions(node, path);
    repair.acl = parts_.acl(node, path, repair.max_mode, true);
    const bool asks = repair.max_mode || !repair.owner.empty() || !repair.forbid.empty() || repair.acl;
    if (repair.absent == asks) {
      parts_.context.wrong(node, path,
                           repair.absent
                               ? "what is absent can have no mode, owner or content, expected `absent` alone"
                               : "nothing is asked of the path, expected max_mode, owner, acl, forbid or absent");
    }
  }

  void complete(const Node& node, const std::string& path, ServiceRepair& service) {
    const Node* unit = node.find("systemd");
    if (unit != nullptr && (service.restart || service.start || service.stop)) {
      parts_.context.wrong(
          *unit, join(path, "systemd"),
          "a unit is restarted, started and stopped through systemctl, expected no restart, start or stop beside it");
    } else if (unit != nullptr) {
      service.unit = unit->text;
      service.restart = systemctl(node, "restart", unit->text);
      service.start = systemctl(node, "start", unit->text);
      service.stop = systemctl(node, "stop", unit->text);
    } else if (!service.restart && !service.start) {
      parts_.context.wrong(node, path, "the service cannot be brought up, expected restart, start or systemd");
    }
    take_orders_to_units(node, service);
  }

  // Its time limits are the unit's own unless one is given.
  ProgramRun systemctl(const Node& map, const std::string& verb, const std::string& unit) const {
    ProgramRun run;
    run.argv = {"/usr/bin/systemctl", verb, unit};
    run.cwd = parts_.spec.root;
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

  void complete(const Node& node, const std::string& path, CommandRepair& repair) {
    if (!repair.run.reproducible) take_order_to_unit(node, repair.run);
    if (repair.undo && !repair.run.reproducible) take_order_to_unit(node, *repair.undo);
    const bool uses_capture = repair.undo && std::ranges::any_of(repair.undo->argv, [](const std::string& arg) {
                                return arg.find("{captured}") != std::string::npos;
                              });
    if (uses_capture && !repair.capture)
      parts_.context.wrong(*node.find("undo"), join(path, "undo"),
                           "{captured} stands here but nothing is captured, expected `capture`");
  }

  EngineParts& parts_;
};

}  // namespace

void read_repairs(EngineParts& parts, const Node& engine, const std::string& engine_path) {
  RepairReader(parts).repairs(engine, engine_path);
}

}  // namespace autoheal::config
