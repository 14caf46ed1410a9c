// Plain files in one archive (ustar, gzip if wanted) through libarchive. Written with the same bytes for the same
// files; read as what a stranger may have made: bounded, and nothing but plain files under plain names.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::store {

struct NamedContent {
  std::string name;  // "key", "blobs/sha256-..."
  std::string content;
  friend bool operator==(const NamedContent&, const NamedContent&) = default;
};

struct TarLimits {
  std::size_t max_files = 0;
  std::size_t max_bytes = 0;  // of the archive, uncompressed
};

// In the order given; mode 0644, uid and gid 0, mtime `time_s` (Unix seconds).
[[nodiscard]] Result<std::string> write_tar(std::span<const NamedContent> files, std::int64_t time_s);
// invalid: no tar, above a limit, something other than a plain file, a name twice or one that leads elsewhere.
[[nodiscard]] Result<std::vector<NamedContent>> read_tar(std::string_view archive, const TarLimits& limits);

[[nodiscard]] bool is_gzip(std::string_view bytes);
[[nodiscard]] Result<std::string> compressed(std::string_view bytes);
// One gzip member exactly as compressed() frames it, and nothing behind it. invalid: anything else, or more than
// `max_bytes`.
[[nodiscard]] Result<std::string> uncompressed(std::string_view gzip, std::size_t max_bytes);

}  // namespace autoheal::store
