// The parts that the readers of an engine share: the engine that is read, and values that several parts have.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tools/config/read_fields.hpp"

namespace autoheal::config {

// The engine that is read now.
struct EngineParts {
  ReadContext& context;
  workflows::EngineSpec& spec;
  std::map<std::string, int> probe_names = {};  // to their lines

  // A program at `key` of `map`, whose siblings say where and as whom it runs.
  [[nodiscard]] std::optional<workflows::ProgramRun> program(const Node& map, std::string_view key,
                                                             const std::string& path) const;
  // The described fields of a group; its programs, too.
  template <workflows::Described Spec>
  [[nodiscard]] Spec from_group(const Node& map, const std::string& path) const;
  // `acl`, checked against the mode beside it.
  [[nodiscard]] std::optional<std::string> acl(const Node& node, const std::string& path,
                                               const std::optional<workflows::FileMode>& mode,
                                               bool at_most = false) const;
  // Each of `forbid` is tried: a rule that could never be found would look like one that holds.
  void try_expressions(const Node& map, const std::string& path) const;
  void check_env_name(const Node& node, const std::string& path) const;
  void check_settings_file(const Node& node, const std::string& path, const std::string& file) const;
  void check_pointer(const Node& pointer, const std::string& path) const;
  // Pointers and their values as JSON.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> setting_values(const Node& map,
                                                                                const std::string& path) const;
};

template <workflows::Described Spec>
Spec EngineParts::from_group(const Node& map, const std::string& path) const {
  Spec into;
  workflows::each_field<Spec>([&](const auto& one) {
    using One = std::remove_cvref_t<decltype(one)>;
    if constexpr (!One::read_apart) {
      auto& member = into.*one.member;
      if constexpr (std::is_same_v<typename One::Value, workflows::ProgramRun>) {
        member = *program(map, one.key.name, path);
      } else if constexpr (std::is_same_v<typename One::Value, std::optional<workflows::ProgramRun>>) {
        member = program(map, one.key.name, path);
      } else {
        read_field(map, one.key, member);
      }
    }
  });
  return into;
}

inline std::string join(const std::string& path, const std::string& name) { return path + "." + name; }
inline std::string at(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

template <class Read>
void each_group(const Node& map, std::string_view key, const std::string& path, Read read_one) {
  const auto groups = groups_at(map, key);
  for (std::size_t index = 0; index < groups.size(); ++index)
    read_one(*groups[index], at(join(path, std::string(key)), index));
}

[[nodiscard]] std::vector<workflows::Probe> read_probes(EngineParts& parts, const Node& map, std::string_view key,
                                                        const std::string& path);
void read_repairs(EngineParts& parts, const Node& engine, const std::string& engine_path);
void read_certification(EngineParts& parts, const Node& engine, const std::string& engine_path);
// As it is written, else by the engine's name, else by the keys of its repair.
[[nodiscard]] workflows::Strategy read_strategy(ReadContext& context, const Node& node, const std::string& path,
                                                const std::string& name);

}  // namespace autoheal::config
