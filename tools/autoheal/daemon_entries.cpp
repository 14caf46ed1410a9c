#include "tools/autoheal/daemon_entries.hpp"

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/digest.hpp"
#include "tools/autoheal/version.hpp"
#include "workflows/engine_spec_codec.hpp"
#include "workflows/json_writer.hpp"

namespace autoheal::cli {

namespace {

using workflows::JsonWriter;
using Digests = std::map<std::string, std::string>;  // of engines, by name

engine::NewEntry entry_of(std::string type, const LoadedConfiguration& configuration, Timestamp now, JsonWriter& data) {
  engine::NewEntry entry;
  entry.type = std::move(type);
  entry.time = now;
  entry.actor = configuration.settings.principals.actor;
  entry.data = data.end_object().take();
  return entry;
}

Digests digests_of(const LoadedConfiguration& configuration) {
  Digests digests;
  for (const auto& spec : configuration.settings.engines)
    digests[spec.name] = sha256_name(workflows::encode_engine_spec(spec));
  return digests;
}

void write_names(JsonWriter& out, const char* key, const std::vector<std::string>& names) {
  if (names.empty()) return;
  out.key(key).begin_array();
  for (const std::string& name : names) out.value(name);
  out.end_array();
}

void write_differences(JsonWriter& out, const Digests& before, const Digests& now) {
  std::vector<std::string> added, changed, removed;
  for (const auto& [name, digest] : now) {
    const auto known = before.find(name);
    if (known == before.end()) added.push_back(name);
    if (known != before.end() && known->second != digest) changed.push_back(name);
  }
  for (const auto& [name, digest] : before) {
    if (!now.contains(name)) removed.push_back(name);
  }
  write_names(out, "engines_added", added);
  write_names(out, "engines_changed", changed);
  write_names(out, "engines_removed", removed);
}

// The newest config.loaded's digest and engines; empty where there is none, or none that can be read.
std::pair<std::string, Digests> loaded_before(const std::vector<engine::Entry>& entries) {
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (entry->type != "config.loaded") continue;
    const auto data = nlohmann::json::parse(entry->data, nullptr, false);
    if (!data.is_object() || !data.contains("engines") || !data["engines"].is_object()) return {};
    Digests engines;
    for (const auto& [name, digest] : data["engines"].items()) {
      if (digest.is_string()) engines[name] = digest.get<std::string>();
    }
    return {data.value("digest", std::string()), std::move(engines)};
  }
  return {};
}

}  // namespace

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

engine::NewEntry node_started(const LoadedConfiguration& configuration, std::size_t recovered, Timestamp now) {
  JsonWriter out;
  out.begin_object().field("version", version).field("program_sha256", sha256_of_this_program());
  out.field("configuration", configuration.settings.digest).field("healing", configuration.settings.healing.enabled);
  out.field("uid", configuration.caller.uid).field("boot_id", boot_id()).field("recovered", recovered);
  return entry_of("node.started", configuration, now, out);
}

engine::NewEntry node_stopped(const LoadedConfiguration& configuration, const std::string& cause, Timestamp now) {
  JsonWriter out;
  out.begin_object().field("cause", cause).field("boot_id", boot_id());
  return entry_of("node.stopped", configuration, now, out);
}

engine::NewEntry node_heartbeat(const LoadedConfiguration& configuration, const Heartbeat& heartbeat, Timestamp now) {
  JsonWriter out;
  out.begin_object().field("healing", configuration.settings.healing.enabled);
  out.field("observes_only", configuration.settings.healing.observe_only);
  out.field("tests_run", heartbeat.tests_run).field("tests_failed", heartbeat.tests_failed);
  write_names(out, "held", heartbeat.held);
  out.field("configuration", configuration.settings.digest).field("boot_id", boot_id());
  return entry_of("node.heartbeat", configuration, now, out);
}

engine::NewEntry config_refused(const LoadedConfiguration& in_force, const std::string& why, Timestamp now) {
  JsonWriter out;
  out.begin_object().field("file", in_force.settings.file).field("error", why);
  out.field("stays", in_force.settings.digest);
  return entry_of("config.refused", in_force, now, out);
}

Result<std::optional<engine::NewEntry>> config_loaded(const LoadedConfiguration& configuration,
                                                      const engine::LedgerView& ledger, Timestamp now) {
  const auto entries = ledger.read_stream("ledger", 1);
  if (!entries) return std::unexpected(entries.error());
  const auto [digest, engines] = loaded_before(*entries);
  if (digest == configuration.settings.digest) return std::nullopt;
  const Digests current = digests_of(configuration);
  JsonWriter out;
  out.begin_object().field("digest", configuration.settings.digest).field("file", configuration.settings.file);
  struct stat found {};
  if (::stat(configuration.settings.file.c_str(), &found) == 0) out.field("owner_uid", found.st_uid);
  out.key("engines").begin_object();
  for (const auto& [name, engine_digest] : current) out.field(name, engine_digest);
  out.end_object();
  write_differences(out, engines, current);
  return entry_of("config.loaded", configuration, now, out);
}

}  // namespace autoheal::cli
