#include "autoheal/store/vault/vault_check.hpp"

#include <fmt/core.h>

namespace autoheal::store {

namespace {

// The name for a file "ab/sha256-ab..." of the vault is sha256:ab...; a dash in "hmac-sha256" is part of the name.
std::string blob_of_file(const std::string& file) {
  const std::size_t dash = file.rfind('-');
  if (dash == std::string::npos) return {};
  return file.substr(0, dash) + ":" + file.substr(dash + 1);
}

}  // namespace

Result<BlobsFound> check_blobs(const Vault& vault, const std::filesystem::path& folder,
                               const std::function<void(std::uint64_t done)>& progress) {
  namespace fs = std::filesystem;
  BlobsFound found;
  std::error_code problem;
  if (!fs::exists(folder, problem) && !problem) return found;
  for (fs::recursive_directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    const std::string name = blob_of_file(at->path().filename().string());
    if (at.depth() == 0 || name.empty()) continue;
    const auto content = vault.get(name);
    if (!content) found.problems.push_back(content.error().message);
    ++found.count;
    if (progress) progress(found.count);
  }
  if (problem) {
    return failure(ErrorKind::unavailable,
                   fmt::format("the vault {} cannot be read: {}", folder.string(), problem.message()),
                   "only the ledger's owner may read it");
  }
  return found;
}

}  // namespace autoheal::store
