// The names of a tiled log's resources (C2SP tlog-tiles): exactly one path for each, so that no cache and no reader
// ever holds two of the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::store {

inline constexpr unsigned full_tile_width = 256;

// The newest signed head.
struct TlogCheckpoint {
  friend bool operator==(const TlogCheckpoint&, const TlogCheckpoint&) = default;
};
// The hashes [number * 256, number * 256 + width) of the subtrees of 256^level leaves.
struct TlogTile {
  unsigned level = 0;        // 0 to 63
  std::uint64_t number = 0;  // below 10^18
  unsigned width = full_tile_width;
  friend bool operator==(const TlogTile&, const TlogTile&) = default;
};
// The leaves of level 0, in the same place.
struct TlogEntries {
  std::uint64_t number = 0;
  unsigned width = full_tile_width;
  friend bool operator==(const TlogEntries&, const TlogEntries&) = default;
};
using TlogResource = std::variant<TlogCheckpoint, TlogTile, TlogEntries>;

inline constexpr std::string_view tlog_prefix = "/tlog/";

// `path` begins with the prefix, without a query. invalid: any spelling that tlog_path() does not write; the message
// names the part that is wrong. Pure.
[[nodiscard]] Result<TlogResource> parse_tlog_path(std::string_view path);
[[nodiscard]] std::string tlog_path(const TlogResource& resource);

}  // namespace autoheal::store
