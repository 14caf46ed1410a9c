// autoheal.yaml as values: read strictly, with the environment applied. Faults are told with file, line and column.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "autoheal/workflows/secrets/secret_mask.hpp"
#include "autoheal/workflows/spec/engine_spec.hpp"
#include "autoheal/workflows/spec/roles.hpp"
#include "tools/config/problem.hpp"
#include "tools/config/texts/listen_address.hpp"

namespace autoheal::config {

// Where signed tree heads are made and sent. Absolute paths.
struct CheckpointsSpec {
  std::string key;   // the signing key
  std::string file;  // empty: the newest checkpoint stands in the ledger alone
  std::optional<workflows::ProgramRun> command;
};

// The API on TCP.
struct ApiSpec {
  std::vector<ListenAddress> listen;  // empty: the Unix socket alone
  std::string certificate, key;       // of TLS, absolute paths; empty: only loopback addresses, without TLS
  std::string client_ca;              // whose client certificates are taken; empty: nobody's
  std::vector<std::string> names;     // under which clients may ask, besides the addresses
  friend bool operator==(const ApiSpec&, const ApiSpec&) = default;
};

struct Configuration {
  std::string file;                // absolute
  std::vector<std::string> files;  // read: the file and what it includes
  std::string digest;              // "sha256:..." of all of them and of every baseline
  std::string ledger;              // absolute
  std::string reports;             // absolute
  workflows::HealingSpec healing;  // what engines inherit; `enabled` is the whole machine's switch
  unsigned max_concurrent = 16;
  unsigned max_tests = 4;
  workflows::Principals principals;  // ledger_owner is left to the caller
  workflows::SecretRules secrets;
  std::uint64_t vault_max_blob_bytes = 64ULL << 20U;
  CheckpointsSpec checkpoints;
  ApiSpec api;
  std::vector<workflows::EngineSpec> engines;
  std::vector<std::string> warnings;
  std::vector<std::string> scheduled_by_default;  // engines that say nothing of `every` and need it
};

// The loader's inputs besides the file system.
struct LoadPorts {
  std::map<std::string, std::string> environment;  // AUTOHEAL_* and AUTO_HEAL_ON count
  // Keeps the content of a baseline and names it.
  std::function<engine::BlobName(std::string content)> keep_baseline;
};

// Every problem that was found, in order of place, up to a hundred; never empty on failure.
[[nodiscard]] std::expected<Configuration, std::vector<Problem>> load(const std::string& file, const LoadPorts& ports);

}  // namespace autoheal::config
