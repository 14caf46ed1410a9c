#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/workflows/spec/visit_spec.hpp"
#include "autoheal/workflows/text/glob.hpp"
#include "tools/config/read_context.hpp"

namespace autoheal::config {

namespace {

using workflows::EngineSpec;

std::string below_root(const EngineSpec& spec, const std::string& path) {
  return (std::filesystem::path(spec.root) / path).lexically_normal().string();
}

template <class Repair>
constexpr bool is_exclusive =
    std::is_same_v<Repair, workflows::ReleaseRepair> || std::is_same_v<Repair, workflows::StateRepair> ||
    std::is_same_v<Repair, workflows::BuildRepair>;

// Targets that no other repair, of whatever engine, may touch: they are chosen, built or restored as a whole.
std::vector<std::string> exclusive_targets_of(const EngineSpec& spec) {
  std::vector<std::string> paths;
  workflows::for_each_target(spec, [&]<class Repair>(const std::string& path, const Repair&) {
    if constexpr (std::is_same_v<Repair, workflows::BuildRepair>) {
      if (const std::string part = workflows::fixed_part(path); part != ".") paths.push_back(below_root(spec, part));
    } else if constexpr (is_exclusive<Repair>) {
      paths.push_back(below_root(spec, path));
    }
  });
  return paths;
}

std::vector<std::string> targets_of(const EngineSpec& spec) {
  std::vector<std::string> paths;
  workflows::for_each_target(spec, [&]<class Repair>(const std::string& path, const Repair&) {
    if constexpr (!is_exclusive<Repair>) paths.push_back(below_root(spec, path));
  });
  return paths;
}

bool nested(const std::string& inner, const std::string& outer) {
  return inner == outer || (inner.starts_with(outer) && inner.size() > outer.size() &&
                            (outer.ends_with('/') || inner[outer.size()] == '/'));
}

class EnginesCheck {
 public:
  EnginesCheck(const Configuration& configuration, const std::vector<std::pair<std::string, const Node*>>& nodes,
               std::vector<Problem>& problems)
      : configuration_(configuration), nodes_(nodes), problems_(problems) {}

  void run() {
    names();
    dependencies();
    targets();
    for (std::size_t index = 0; index < configuration_.engines.size(); ++index) {
      files_of(index);
      documents_of(index);
    }
  }

 private:
  void wrong(std::size_t engine, std::string_view key, std::string message) {
    const auto& [file, node] = nodes_[engine];
    const Node* place = node->find(key);
    if (place == nullptr) place = node;
    problems_.push_back({file, place->line, place->column, configuration_.engines[engine].name, std::move(message)});
  }

  // "line 12", or "FILE:12" where `engine` stands in another file than `reader`.
  [[nodiscard]] std::string place_of(std::size_t engine, std::size_t reader) const {
    const auto& [file, node] = nodes_[engine];
    return (file == nodes_[reader].first ? "line " : file + ":") + std::to_string(node->line);
  }

  void names() {
    for (std::size_t index = 0; index < configuration_.engines.size(); ++index) {
      const std::string& name = configuration_.engines[index].name;
      known_.push_back(name);
      if (const auto [first, is_new] = by_name_.emplace(name, index); !is_new) {
        wrong(index, "name",
              fmt::format("another engine has the name \"{}\" ({}), expected each name once", name,
                          place_of(first->second, index)));
      }
    }
  }

  void dependencies() {
    for (std::size_t index = 0; index < configuration_.engines.size(); ++index) {
      for (const std::string& needed : configuration_.engines[index].depends_on) {
        if (std::ranges::find(known_, needed) != known_.end()) continue;
        const std::string meant = did_you_mean(needed, known_);
        wrong(index, "depends_on",
              fmt::format("there is no engine \"{}\", expected the name of an engine{}", needed,
                          meant.empty() ? "" : "; " + meant));
      }
      std::vector<std::size_t> way = {index};
      if (const std::string cycle = cycle_from(index, way); !cycle.empty()) {
        wrong(index, "depends_on", "the dependencies go round in a circle: " + cycle);
        return;
      }
    }
  }

  // Every engine is walked from once, over however many ways it is reached.
  std::string cycle_from(std::size_t index, std::vector<std::size_t>& way) {
    if (!walked_.insert(index).second) return {};
    for (const std::string& needed : configuration_.engines[index].depends_on) {
      const auto next = by_name_.find(needed);
      if (next == by_name_.end()) continue;
      if (const auto again = std::ranges::find(way, next->second); again != way.end()) {
        std::string circle;
        for (auto step = again; step != way.end(); ++step)
          circle += fmt::format("{} ({}) -> ", known_[*step], place_of(*step, way.front()));
        return circle + needed;
      }
      way.push_back(next->second);
      if (std::string found = cycle_from(next->second, way); !found.empty()) return found;
      way.pop_back();
    }
    return {};
  }

  struct Target {
    std::string path;
    std::size_t engine;
    bool exclusive;
  };

  void targets() {
    std::vector<Target> all;
    for (std::size_t index = 0; index < configuration_.engines.size(); ++index) {
      const EngineSpec& spec = configuration_.engines[index];
      for (std::string& path : targets_of(spec)) add_target({std::move(path), index, false}, all);
      for (std::string& path : exclusive_targets_of(spec)) add_target({std::move(path), index, true}, all);
    }
  }

  void add_target(Target target, std::vector<Target>& all) {
    own_files(target.engine, target.path);
    for (const Target& other : all) {
      if (!nested(target.path, other.path) && !nested(other.path, target.path)) continue;
      if (other.engine != target.engine) {
        wrong(target.engine, "repair",
              fmt::format("{} is a target of this engine and {} one of {} ({}), expected targets that do not overlap",
                          target.path, other.path, configuration_.engines[other.engine].name,
                          place_of(other.engine, target.engine)));
      } else if (target.exclusive || other.exclusive) {
        wrong(target.engine, "repair",
              fmt::format(
                  "{} and {} are targets of two repairs, expected one repair for what is switched, built or restored",
                  target.path, other.path));
      }
    }
    all.push_back(std::move(target));
  }

  // Each file has one baseline: two could not both hold, and names that differ by case are one on other file systems.
  void files_of(std::size_t engine) {
    std::map<std::string, std::string> seen;  // in lower case -> as written
    for (const auto& file : configuration_.engines[engine].repair.files) {
      const auto [known, is_new] = seen.emplace(ascii::lowered(file.path), file.path);
      if (is_new) continue;
      wrong(engine, "repair",
            known->second == file.path
                ? file.path + " is written by two entries of `files`, expected one"
                : fmt::format("{} and {} of `files` differ only by upper and lower case, expected other names",
                              file.path, known->second));
    }
    for (const auto& [lower, path] : seen) {
      for (auto slash = lower.find('/'); slash != std::string::npos; slash = lower.find('/', slash + 1)) {
        const auto above = seen.find(lower.substr(0, slash));
        if (above == seen.end()) continue;
        wrong(engine, "repair", fmt::format("{} lies below {}, which `files` writes as a file", path, above->second));
      }
    }
  }

  // A file is read in one way: nobody can tell whose readers are right where it is declared as two things.
  void documents_of(std::size_t engine) {
    const auto& repair = configuration_.engines[engine].repair;
    for (const auto& env : repair.env) {
      const std::string path = below_root(configuration_.engines[engine], env.file);
      const auto is_it = [&](const std::string& other) {
        return below_root(configuration_.engines[engine], other) == path;
      };
      if (std::ranges::any_of(repair.settings, [&](const auto& one) { return is_it(one.file); }))
        wrong(engine, "repair", env.file + " is edited by `env` and by `settings`, expected one of them");
      const auto first = std::ranges::find_if(repair.env, [&](const auto& one) { return is_it(one.file); });
      if (first->dialect != env.dialect) {
        wrong(engine, "repair",
              fmt::format("{} has two dialects (\"{}\" and \"{}\"), expected the same in each repair of it", env.file,
                          first->dialect, env.dialect));
      }
    }
  }

  void own_files(std::size_t index, const std::string& path) {
    const std::string& ledger = configuration_.ledger;
    const auto is_own = [&](const std::string& own) { return nested(path, own) || nested(own, path); };
    bool own = is_own(configuration_.reports) || is_own(ledger + ".vault");
    for (const char* ending :
         {"", "-wal", "-shm", ".key", ".signed", ".lock", ".sock", ".new", ".tokens", ".tokens.new"})
      own = own || path == ledger + ending;
    own = own || path == configuration_.checkpoints.key || path == configuration_.checkpoints.file;
    own = own || path == configuration_.api.key || path == configuration_.api.certificate;
    for (const std::string& file : configuration_.files) own = own || path == file;
    if (own) wrong(index, "repair", path + " is one of Autoheal's own files, expected a target that is not");
  }

  const Configuration& configuration_;
  const std::vector<std::pair<std::string, const Node*>>& nodes_;
  std::vector<Problem>& problems_;
  std::vector<std::string> known_;
  std::map<std::string, std::size_t> by_name_;
  std::set<std::size_t> walked_;
};

}  // namespace

void check_engines(const Configuration& configuration,
                   const std::vector<std::pair<std::string, const Node*>>& engine_nodes,
                   std::vector<Problem>& problems) {
  EnginesCheck(configuration, engine_nodes, problems).run();
}

}  // namespace autoheal::config
