// Entry data above 32 KiB is kept in the blob store and is named in the entry, so that leaves stay small for ever.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "autoheal/engine/blob_store.hpp"

namespace autoheal::engine {

inline constexpr std::size_t largest_entry_data_bytes = 32 * 1024;

// `data` itself, or {"blob":"sha256:..."} once the content is durable in `blobs`.
[[nodiscard]] Result<std::string> shorten(BlobStore& blobs, std::string data);
// The reverse; data that names no blob is returned unchanged.
[[nodiscard]] Result<std::string> lengthen(const BlobStore& blobs, const std::string& data);
// As a view of `data`, or of `from_blob`, into which it is read where it names one.
[[nodiscard]] Result<std::string_view> lengthen(const BlobStore& blobs, std::string_view data, std::string& from_blob);

}  // namespace autoheal::engine
