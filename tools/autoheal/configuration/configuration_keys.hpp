// The configuration in force, key by key, as digests: so that the ledger can tell what a new configuration changed and
// never a value. Keys are dotted paths such as `engines.EnvRecon.repair.files` or `healing.max_retries`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "autoheal/engine/blob_store.hpp"
#include "tools/config/configuration.hpp"

namespace autoheal::cli {

using KeyDigests = std::map<std::string, std::string>;

// With defaults and environment applied. Digests are keyed by the vault: a plain one would confirm guesses at secrets.
[[nodiscard]] KeyDigests digests_by_key(const config::Configuration& settings, const engine::BlobStore& blobs);

[[nodiscard]] std::string to_json(const KeyDigests& digests);
// Empty where `text` is not what to_json() made.
[[nodiscard]] KeyDigests key_digests_of(const std::string& text);

struct KeyChanges {
  std::vector<std::string> added, changed, removed;
};
[[nodiscard]] KeyChanges changes_between(const KeyDigests& before, const KeyDigests& now);

}  // namespace autoheal::cli
