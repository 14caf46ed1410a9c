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

// The parts of the ledger that others may read through the daemon.
struct PublishedSpec {
  bool tlog_public = false;  // its tiles for everybody, not only for observers
};

// The body that a target gets: the event itself, or, once a heal has ended, all of it as a trace.
enum class EventFormat { cloudevents, otlp };

// A target of the bus's events outside this host's programs: a URL, or a program of its own.
struct WebhookSpec {
  std::string name;
  std::string url;                               // empty: `command`
  std::optional<workflows::ProgramRun> command;  // reads each event from its standard input
  std::vector<std::string> topics;               // empty: all
  EventFormat format = EventFormat::cloudevents;
  std::string secret_file, next_secret_file;  // absolute paths; empty: none
  std::vector<std::string> allow;             // addresses that are not public, as outward::AllowList takes them
  std::string ca_file;                        // absolute; empty: the certificates that the system trusts
  unsigned max_attempts = 12;
  Duration timeout = std::chrono::seconds(10);  // of one delivery
  friend bool operator==(const WebhookSpec&, const WebhookSpec&) = default;
};

// Where a witness of the ledger is asked. That its cosignatures count is said in the ledger itself.
struct WitnessSpec {
  std::string url;                           // submission prefix: requests go to <url>/add-checkpoint
  std::string key;                           // verifier key of type 4, as `ledger witness add` took it
  std::vector<std::string> allow;            // addresses that are not public, as outward::AllowList takes them
  std::string ca_file;                       // absolute; empty: the certificates that the system trusts
  Duration every = std::chrono::minutes(1);  // between two questions, at least
  friend bool operator==(const WitnessSpec&, const WitnessSpec&) = default;
};

// The API on TCP.
struct ApiSpec {
  std::vector<ListenAddress> listen;   // empty: the Unix socket alone
  std::string certificate, key;        // of TLS, absolute paths; empty: only loopback addresses, without TLS
  std::string client_ca;               // whose client certificates are taken; empty: nobody's
  std::vector<std::string> names;      // under which clients may ask, besides the addresses
  unsigned requests_per_second = 500;  // of one token, or of all certificates of one principal
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
  PublishedSpec published;
  std::vector<WebhookSpec> webhooks;
  std::vector<WitnessSpec> witnesses;
  ApiSpec api;
  std::vector<workflows::EngineSpec> engines;
  std::map<std::string, engine::BlobName> baselines;  // that were read, by absolute path
  std::vector<std::string> warnings;
  std::vector<std::string> scheduled_by_default;  // engines that say nothing of `every` and need it
};

// The loader's inputs besides the file system.
struct LoadPorts {
  std::map<std::string, std::string> environment;  // AUTOHEAL_* and AUTO_HEAL_ON count
  // Keeps the content of a baseline and names it.
  std::function<engine::BlobName(std::string content)> keep_baseline;
};

// A configuration that came as a text from somebody who may not name files of this machine.
struct UploadedText {
  std::string text;
  std::string file;                                   // absolute: relative paths in it begin in this file's folder
  std::map<std::string, engine::BlobName> baselines;  // that it may name, by absolute path
};

// Every problem that was found, in order of place, up to a hundred; never empty on failure.
[[nodiscard]] std::expected<Configuration, std::vector<Problem>> load(const std::string& file, const LoadPorts& ports);

// The same of such a text, without looking at any file, folder or environment: `include` and baselines that are not
// among the known ones are problems; a program that is named without its folder is taken to be in /usr/bin.
[[nodiscard]] std::expected<Configuration, std::vector<Problem>> load_uploaded(const UploadedText& uploaded);

}  // namespace autoheal::config
