// Digests of what the hash patterns match, and of single paths: the first criterion of a certificate.
#pragma once

#include "autoheal/workflows/effects/host.hpp"
#include "tools/host/facts/target_facts.hpp"

namespace autoheal::host {

// In order of path, each once. Files by content (keyed where the engine keeps an env file), links by
// sha256("link:" + target); folders, devices and Autoheal's own files are not hashed. A path without a pattern that is
// not there has an empty digest. `.autoheal/` is never looked into.
[[nodiscard]] Result<std::vector<workflows::HashFinding>> hash_modules(const RootFolder& root,
                                                                       const workflows::EngineSpec& spec,
                                                                       const workflows::HashRequest& request,
                                                                       const engine::BlobStore& blobs,
                                                                       const OwnFiles& own);

}  // namespace autoheal::host
