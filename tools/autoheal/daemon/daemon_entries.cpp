#include "tools/autoheal/daemon/daemon_entries.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/large_data.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "tools/autoheal/configuration/configuration_keys.hpp"
#include "tools/autoheal/output/version.hpp"

namespace autoheal::cli {

namespace {

engine::NewEntry entry_of(std::string type, const LoadedConfiguration& configuration, Timestamp now, JsonWriter& data) {
  engine::NewEntry entry;
  entry.type = std::move(type);
  entry.time = now;
  entry.actor = configuration.settings.principals.actor;
  entry.data = data.end_object().take();
  return entry;
}

KeyDigests digests_of_engines(const LoadedConfiguration& configuration) {
  KeyDigests digests;
  for (const auto& spec : configuration.settings.engines)
    digests[spec.name] = sha256_name(workflows::encode_engine_spec(spec));
  return digests;
}

void write_list(JsonWriter& out, const char* key, const std::vector<std::string>& names) {
  out.key(key).begin_array();
  for (const std::string& name : names) out.value(name);
  out.end_array();
}

void write_names(JsonWriter& out, const char* key, const std::vector<std::string>& names) {
  if (!names.empty()) write_list(out, key, names);
}

// The content of the newest config.loaded; nothing where there is none, or none that can be read.
struct LoadedBefore {
  std::string digest;
  KeyDigests engines;
  KeyDigests keys;  // empty: an older version wrote it
};

// `entries`: all that say what was loaded.
LoadedBefore loaded_before(const std::vector<engine::Entry>& entries, const engine::BlobStore& blobs) {
  if (entries.empty()) return {};
  const auto text = engine::lengthen(blobs, entries.back().data);
  const auto data = nlohmann::json::parse(text.value_or(""), nullptr, false);
  if (!data.is_object() || !data.contains("engines")) return {};
  LoadedBefore before{data.value("digest", std::string()), key_digests_of(data["engines"].dump()), {}};
  if (const auto kept = blobs.get(data.value("keys", std::string()))) before.keys = key_digests_of(*kept);
  return before;
}

// The keys of an engine that came or went say nothing that its name does not.
void drop_keys_of(const std::vector<std::string>& engines, std::vector<std::string>& keys) {
  std::erase_if(keys, [&](const std::string& key) {
    return std::ranges::any_of(
        engines, [&](const std::string& name) { return key.starts_with(fmt::format("engines.{}.", name)); });
  });
}

void write_differences(JsonWriter& out, const LoadedBefore& before, const KeyDigests& engines, const KeyDigests& keys) {
  const KeyChanges changed_engines = changes_between(before.engines, engines);
  write_names(out, "engines_added", changed_engines.added);
  write_names(out, "engines_changed", changed_engines.changed);
  write_names(out, "engines_removed", changed_engines.removed);
  if (before.keys.empty()) return;
  KeyChanges changed = changes_between(before.keys, keys);
  drop_keys_of(changed_engines.added, changed.added);
  drop_keys_of(changed_engines.removed, changed.removed);
  write_names(out, "keys_added", changed.added);
  write_names(out, "keys_changed", changed.changed);
  write_names(out, "keys_removed", changed.removed);
}

// The facts for coverage: how often each engine is tested, and which of them are not healed.
void write_schedule(JsonWriter& out, const std::vector<workflows::EngineSpec>& engines) {
  std::vector<std::string> observed, switched_off;
  out.key("every_us").begin_object();
  for (const auto& spec : engines) {
    out.field(spec.name, spec.every);
    if (spec.healing.observe_only) observed.push_back(spec.name);
    if (!spec.healing.enabled) switched_off.push_back(spec.name);
  }
  out.end_object();
  write_names(out, "observed", observed);
  write_names(out, "switched_off", switched_off);
}

void write_done(JsonWriter& out, const Heartbeat& done) {
  out.field("tests_run", done.tests_run).field("tests_failed", done.tests_failed).key("tests").begin_object();
  for (const auto& [name, count] : done.tests) out.field(name, count);
  out.end_object();
  write_names(out, "held", done.held);
  write_list(out, "stopped_by_hand", done.stopped_by_hand);  // an empty one tells, too
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
  out.field("observes_only", configuration.settings.healing.observe_only);
  out.field("uid", configuration.caller.uid).field("boot_id", boot_id()).field("recovered", recovered);
  return entry_of("node.started", configuration, now, out);
}

engine::NewEntry node_stopped(const LoadedConfiguration& configuration, const std::string& cause, const Heartbeat& last,
                              Timestamp now) {
  JsonWriter out;
  out.begin_object().field("cause", cause);
  write_done(out, last);
  out.field("boot_id", boot_id());
  return entry_of("node.stopped", configuration, now, out);
}

engine::NewEntry node_heartbeat(const LoadedConfiguration& configuration, const Heartbeat& heartbeat, Timestamp now) {
  JsonWriter out;
  out.begin_object().field("healing", configuration.settings.healing.enabled);
  out.field("observes_only", configuration.settings.healing.observe_only);
  write_done(out, heartbeat);
  out.field("configuration", configuration.settings.digest).field("boot_id", boot_id());
  return entry_of("node.heartbeat", configuration, now, out);
}

std::optional<engine::NewEntry> healing_switched(const LoadedConfiguration& before, const LoadedConfiguration& now,
                                                 Timestamp when) {
  const bool healing = now.settings.healing.enabled;
  if (before.settings.healing.enabled == healing) return std::nullopt;
  JsonWriter out;
  out.begin_object().field("healing", healing).field("configuration", now.settings.digest);
  return entry_of("healing.switched", now, when, out);
}

engine::NewEntry snapshot_failed(const LoadedConfiguration& configuration, const std::string& engine,
                                 const FailedSnapshot& failed, Timestamp now) {
  JsonWriter out;
  out.begin_object().field("path", failed.path).field("error", failed.why);
  if (failed.damaged) out.field("damaged", true);
  engine::NewEntry entry = entry_of("engine.snapshot_failed", configuration, now, out);
  entry.subject = engine;
  return entry;
}

engine::NewEntry config_refused(const LoadedConfiguration& in_force, const std::string& why, Timestamp now) {
  JsonWriter out;
  out.begin_object().field("file", in_force.settings.file).field("error", why);
  out.field("stays", in_force.settings.digest);
  return entry_of("config.refused", in_force, now, out);
}

Result<std::optional<engine::NewEntry>> config_loaded(const LoadedConfiguration& configuration,
                                                      const engine::LedgerView& ledger, engine::BlobStore& blobs,
                                                      Timestamp now) {
  const auto entries = ledger.read_types("ledger", {"config.loaded"});
  AUTOHEAL_TRY(entries);
  const config::Configuration& settings = configuration.settings;
  const LoadedBefore before = loaded_before(*entries, blobs);
  if (before.digest == settings.digest && !before.keys.empty()) return std::nullopt;
  const KeyDigests engines = digests_of_engines(configuration);
  const KeyDigests keys = digests_by_key(settings, blobs);
  const auto kept = blobs.put(to_json(keys), engine::BlobNaming::plain);
  AUTOHEAL_TRY(kept);
  JsonWriter out;
  out.begin_object().field("digest", settings.digest).field("file", settings.file);
  struct stat found{};
  if (::stat(settings.file.c_str(), &found) == 0)
    out.field("owner", os_user_name(found.st_uid)).field("owner_uid", found.st_uid);
  out.field("healing", settings.healing.enabled).key("engines").begin_object();
  for (const auto& [name, engine_digest] : engines) out.field(name, engine_digest);
  out.end_object();
  write_schedule(out, settings.engines);
  out.field("keys", *kept);
  write_differences(out, before, engines, keys);
  return entry_of("config.loaded", configuration, now, out);
}

}  // namespace autoheal::cli
