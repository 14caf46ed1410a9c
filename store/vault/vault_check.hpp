// Checks every blob of a vault against its name, for `ledger verify --blobs`, run by those who may read them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "autoheal/store/vault/vault.hpp"

namespace autoheal::store {

struct BlobsFound {
  std::uint64_t count = 0;
  std::vector<std::string> problems;  // sentences
};

// Reads all blobs, one after another. `progress` is called after each. unavailable: the folder cannot be read.
[[nodiscard]] Result<BlobsFound> check_blobs(const Vault& vault, const std::filesystem::path& folder,
                                             const std::function<void(std::uint64_t done)>& progress);

}  // namespace autoheal::store
