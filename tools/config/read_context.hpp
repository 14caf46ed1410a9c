// The state that the readers of a configuration share: their place, the faults they found, and how sources, programs
// and baselines are found. Only used after shape_check found the tree in order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/config/configuration.hpp"
#include "tools/config/yaml_tree.hpp"

namespace autoheal::config {

struct ReadContext {
  std::filesystem::path file;  // the one that is read now, absolute
  const LoadPorts& ports;
  std::vector<Problem>& problems;
  std::vector<std::string>& warnings;
  std::vector<std::string>& scheduled_by_default;
  workflows::SecretRules secrets;
  std::uint64_t largest_baseline_bytes = 64ULL << 20U;
  std::map<std::string, engine::BlobName> baselines;  // absolute path -> name, each read once
  bool looks_at_files = true;  // false: an uploaded text; `baselines` are then all that it may name
  std::map<std::string, workflows::FileMode> baseline_modes = {};  // absolute path -> as it was when it was read

  void wrong(const Node& node, const std::string& path, std::string message);
  void warn(const Node& node, const std::string& path, const std::string& message);
  // A source as an absolute path.
  [[nodiscard]] std::string absolute(const std::string& source) const;
  // An absolute path of a program: a bare name is looked up on the fixed search path.
  [[nodiscard]] std::string program(const Node& node, const std::string& path);
  // Reads a baseline once and keeps it.
  [[nodiscard]] engine::BlobName baseline(const Node& node, const std::string& path);
  // The mode of a baseline that was read; empty where it is no narrower than that of a new file.
  [[nodiscard]] std::optional<workflows::FileMode> mode_of_baseline(const Node& node) const;
};

// Typed access to checked nodes; what is absent leaves `into` as it is.
void read(const Node& map, std::string_view key, std::string& into);
void read(const Node& map, std::string_view key, bool& into);
void read(const Node& map, std::string_view key, unsigned& into);
void read(const Node& map, std::string_view key, Duration& into);
void read(const Node& map, std::string_view key, std::optional<workflows::FileMode>& into);
void read(const Node& map, std::string_view key, std::vector<std::string>& into);
void read(const Node& map, std::string_view key, std::map<std::string, std::string>& into);
// An empty list where there is none.
[[nodiscard]] const std::vector<Node>& list_at(const Node& map, std::string_view key);
// The same where a single group of keys may stand for a list of one.
[[nodiscard]] std::vector<const Node*> groups_at(const Node& map, std::string_view key);

[[nodiscard]] workflows::EngineSpec read_engine(ReadContext& context, const Node& node, const std::string& path,
                                                const workflows::HealingSpec& inherited);
void read_healing(const Node& node, workflows::HealingSpec& healing);
// `node` may be null.
[[nodiscard]] CheckpointsSpec read_checkpoints(ReadContext& context, const Node* node);
[[nodiscard]] std::vector<WebhookSpec> read_webhooks(ReadContext& context, const Node& top);
[[nodiscard]] std::vector<WitnessSpec> read_witnesses(ReadContext& context, const Node& top);
[[nodiscard]] ApiSpec read_api(ReadContext& context, const Node* node);  // `node` may be null
// The paths that nobody named, once it is known where the ledger is.
void place_beside_ledger(CheckpointsSpec& checkpoints, const std::string& ledger);

// Copies the services that `services` names from their engines, what a service needs before it.
void resolve_services(Configuration& configuration,
                      const std::vector<std::pair<std::string, const Node*>>& engine_nodes,
                      std::vector<Problem>& problems);

// Everything about all engines together: names, dependencies, overlapping targets, Autoheal's own files.
void check_engines(const Configuration& configuration,
                   const std::vector<std::pair<std::string, const Node*>>& engine_nodes,
                   std::vector<Problem>& problems);

}  // namespace autoheal::config
