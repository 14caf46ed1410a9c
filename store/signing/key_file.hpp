// The file of the signing key, 0600, beside the ledger or where the configuration says. A reader of the key could write
// another history, so nothing but signatures leaves this code.
#pragma once

#include <filesystem>
#include <optional>

#include "autoheal/store/format/signing_key.hpp"

namespace autoheal::store {

// Empty if there is none. refused: others may read or write it, it belongs to another user, or it is a link;
// invalid: it holds no key, or one of another name than `origin`.
[[nodiscard]] Result<std::optional<SigningKey>> read_key_file(const std::filesystem::path& path,
                                                              const std::string& origin);
// Whole, durable and 0600 from the start, in place of what is there.
[[nodiscard]] Result<void> write_key_file(const std::filesystem::path& path, const SigningKey& key);

}  // namespace autoheal::store
