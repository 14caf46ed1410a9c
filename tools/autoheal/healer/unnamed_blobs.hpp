// Finds the contents of the vault that nothing names any more.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "autoheal/store/vault/vault.hpp"

namespace autoheal::cli {

// Marks what is named, directly or by contents that are named; what is left is named by nobody. One thread.
class UnnamedBlobs {
 public:
  // Looks at the blobs that are there now. The vault outlives it.
  [[nodiscard]] static Result<UnnamedBlobs> in(const store::Vault& vault);

  // Everything in `text` that is the name of a blob counts. Errors of the vault.
  [[nodiscard]] Result<void> named_in(std::string_view text);
  // The names of contents that are still unnamed.
  [[nodiscard]] std::vector<store::Vault::BlobFacts> left() const;

 private:
  explicit UnnamedBlobs(const store::Vault& vault) : vault_(&vault) {}
  // The contents of blobs that nobody had named so far go to `contents`.
  [[nodiscard]] Result<void> mark(std::string_view text, std::vector<std::string>& contents);

  const store::Vault* vault_;
  std::unordered_map<engine::BlobName, store::Vault::BlobFacts> unnamed_;
};

}  // namespace autoheal::cli
