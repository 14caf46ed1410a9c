// Looks at one target of an engine; a folder may be named by all its content.
#pragma once

#include "tools/host/facts/entry_facts.hpp"

namespace autoheal::host {

// `name` in the open folder; `path` is what the facts are called. An absent target is a fact, no error. refused: one of
// Autoheal's own files; changed: it changes while it is read; invalid: larger than the limit. Never blocks on a FIFO.
[[nodiscard]] Result<Seen> inspect(int folder, const std::string& name, const std::string& path, const Look& look,
                                   const engine::BlobStore& blobs, const OwnFiles& own);

// The same for a path below the root; "." is the root. A missing folder above it makes it absent.
[[nodiscard]] Result<Seen> inspect(const RootFolder& root, const std::string& path, const Look& look,
                                   const engine::BlobStore& blobs, const OwnFiles& own);

}  // namespace autoheal::host
