// The tool of somebody who may write the ledger's file: rows changed by SQL, and then every hash made good again, with
// or without the key. Verification must find it all the same.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "autoheal/store/format/signing_key.hpp"

namespace autoheal::testing {

// Rows as they are now, in the order of their numbers, with the tree that belongs to them: tiles and one root for each
// commit that there was. `renumber`: the numbers become dense again, and the versions of each stream.
void forge_hashes(const std::filesystem::path& ledger, bool renumber = false);

// All checkpoints are signed anew for the tree as it is; those beyond it are gone. So does `<ledger>.signed`.
void forge_signatures(const std::filesystem::path& ledger, const store::SigningKey& key);

}  // namespace autoheal::testing
