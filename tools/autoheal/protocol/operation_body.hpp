// The request for an operation, as a value and as the JSON that travels through the daemon's socket: small, outside
// input, read strictly.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::cli {

// Each operation takes some of these; see the table in operations.cpp.
struct OperationBody {
  std::string engine = {};                     // hold, unhold, reset: empty means all of them
  std::string heal = {};                       // an id, or enough of its beginning
  std::vector<std::string> engines = {};       // selftest: only these and what they need; token_create: only these
  std::optional<std::string> error = {};       // heal: what failed; left out, the self-test says it
  std::optional<bool> heals = {};              // selftest: left out, as the role allows
  std::optional<std::int64_t> for_us = {};     // hold, tokens: microseconds
  std::optional<std::int64_t> before_us = {};  // archive: since 1970, UTC
  std::string file = {};                       // archive: absolute; empty: beside the ledger
  std::string key = {};                        // add_witness, remove_witness: a verifier key
  std::string note = {};                       // cosign: a checkpoint with signatures of witnesses
  std::string topic = {};                      // publish
  std::string payload = {};                    // publish: the text of a JSON object; empty: none was given
  std::string principal = {}, role = {};       // token_create: left out, who asks, and observer
  std::string token = {};                      // token_revoke, token_rotate: its id
  std::string what = {};                       // denied: what was wanted
  std::string configuration = {};              // back-test: the text of a file
  std::string since = {};                      // back-test: as --since
  std::string reason = {};                     // why, in the person's words
};

inline constexpr std::size_t largest_body_text_bytes = 64 * 1024;  // of any one text
inline constexpr std::size_t largest_configuration_bytes = 1024 * 1024;
inline constexpr std::size_t most_body_engines = 10'000;
inline constexpr int deepest_payload = 16;  // objects and lists within each other

[[nodiscard]] std::string to_json(const OperationBody& body);

// invalid: no JSON object, an unknown or repeated key, another type, too much of anything; names the key. Keys that
// `allowed` does not name are unknown.
[[nodiscard]] Result<OperationBody> read_operation_body(const std::string& text,
                                                        std::span<const std::string_view> allowed);

}  // namespace autoheal::cli
