#include "tools/autoheal/session/unread_configuration.hpp"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "autoheal/engine/large_data.hpp"
#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "tools/autoheal/output/exit_code.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"
#include "tools/config/ledger_place.hpp"

namespace autoheal::cli {

namespace {

std::vector<std::string> places(const Options& options) {
  if (const char* named = std::getenv("AUTOHEAL_LEDGER"); named != nullptr && *named != 0)
    return {std::filesystem::absolute(named).lexically_normal().string()};
  const std::string file = configuration_file(options);
  auto all = config::places_of_ledger(file);
  const char* named_file = std::getenv("AUTOHEAL_CONFIG");
  const bool usual_places = options.config_file.empty() && (named_file == nullptr || *named_file == 0);
  std::error_code ignored;
  if (usual_places && !std::filesystem::exists(file, ignored)) {  // it may be gone from this folder
    const auto here = config::places_of_ledger("autoheal.yaml");
    all.insert(all.begin(), here.begin(), here.end());
  }
  return all;
}

std::optional<std::string> find_ledger(const Options& options) {
  std::error_code ignored;
  for (std::string& place : places(options)) {
    if (std::filesystem::exists(socket_of(place), ignored) || std::filesystem::exists(place, ignored))
      return std::move(place);
  }
  return std::nullopt;
}

// As the newest daemon on this ledger read them; none where that cannot be told.
std::vector<workflows::EngineSpec> engines_last_loaded(const std::string& ledger) {
  std::vector<workflows::EngineSpec> engines;
  const auto reader = store::LedgerReader::open(ledger);
  const auto vault = store::Vault::open(ledger + ".vault", {}, store::VaultAccess::read_only);
  if (!reader || !vault) return engines;
  const auto loaded = (*reader)->read_types("ledger", {"config.loaded"});
  if (!loaded || loaded->empty()) return engines;
  const auto text = engine::lengthen(**vault, loaded->back().data);
  const auto data = nlohmann::json::parse(text.value_or(""), nullptr, false);
  if (!data.is_object() || !data.contains("engines") || !data["engines"].is_object()) return engines;
  for (const auto& [name, digest] : data["engines"].items()) {
    const auto kept = digest.is_string() ? (*vault)->get(digest.get<std::string>())
                                         : Result<std::string>(failure(ErrorKind::corrupt, name));
    auto spec = kept ? workflows::decode_engine_spec(*kept) : std::unexpected(kept.error());
    if (spec) engines.push_back(std::move(*spec));
  }
  return engines;
}

// The engines that the daemon and the ledger know; empty if neither is found.
std::optional<LoadedConfiguration> without_configuration(const Options& options, const Error& why) {
  auto ledger = find_ledger(options);
  if (!ledger) return std::nullopt;
  LoadedConfiguration known = nothing_loaded();
  known.unread = why;
  known.settings.file = configuration_file(options);
  known.settings.ledger = std::move(*ledger);
  known.settings.checkpoints.key = known.settings.ledger + ".key";
  known.settings.engines = engines_last_loaded(known.settings.ledger);
  // Each engine knows what is secret on the whole machine.
  if (!known.settings.engines.empty()) known.settings.secrets = known.settings.engines.front().secrets;
  known.settings.warnings.push_back("the configuration cannot be used: " + why.message);
  known.settings.warnings.push_back(
      fmt::format("the configuration that the daemon and the ledger {} know is used instead", known.settings.ledger));
  // To read takes the rights of the file system, which are asked for when it is opened; nothing else is decided here.
  known.principal = {known.caller.os_user, workflows::Role::observer, known.caller.os_user};
  return known;
}

}  // namespace

std::optional<LoadedConfiguration> configuration_for(Needs needs, const Options& options, Console& console) {
  auto configuration = load_configuration(options);
  const bool reads = needs == Needs::record || needs == Needs::record_for_anyone;
  if (!configuration && (reads || needs == Needs::daemon)) {
    if (auto known = without_configuration(options, configuration.error())) configuration = std::move(*known);
  }
  if (!configuration) {
    console.error(configuration.error(), exit_configuration);
    return std::nullopt;
  }
  for (const std::string& warning : configuration->settings.warnings) console.note("warning: " + warning);
  if (reads) {
    if (const auto elsewhere = daemon_without_ledger(configuration->settings.ledger))
      console.note("warning: " + elsewhere->message);
  }
  return std::move(*configuration);
}

Error roles_unknown(const LoadedConfiguration& configuration) {
  return {
      ErrorKind::invalid, configuration.unread->message,
      fmt::format(
          "no daemon runs on {}, and without the configuration nobody's role is known: correct it, or start the daemon",
          configuration.settings.ledger)};
}

}  // namespace autoheal::cli
