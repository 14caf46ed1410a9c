// The record of `baseline adopt`, per engine: the digests with which certification compares files and baselines.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "autoheal/engine/blob_store.hpp"
#include "autoheal/engine/ledger.hpp"
#include "autoheal/workflows/effects/heal_effects.hpp"

namespace autoheal::workflows {

// The entry that makes `baseline` the one of `engine`; nothing of it is a secret.
[[nodiscard]] engine::NewEntry baseline_adopted(const std::string& engine, const AdoptedBaseline& baseline,
                                                const By& by, Timestamp now);

// Reads such an entry. corrupt: it cannot be read.
[[nodiscard]] Result<Adopted> read_adopted(const engine::Entry& entry, const engine::BlobStore& blobs);

// Its canonical text, whose SHA-256 is the digest that heals name; and back. corrupt: no such text.
[[nodiscard]] std::string manifest_of(const AdoptedBaseline& baseline);
[[nodiscard]] Result<Adopted> adopted_of_manifest(std::string_view manifest);

// The newest adopted baseline of every engine. corrupt: an entry that cannot be read.
[[nodiscard]] Result<std::map<std::string, Adopted>> adopted_baselines(const engine::LedgerView& ledger,
                                                                       const engine::BlobStore& blobs);

}  // namespace autoheal::workflows
