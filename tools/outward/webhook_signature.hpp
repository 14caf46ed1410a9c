// The headers by which a receiver knows that a webhook is ours, whole and new: Standard Webhooks
// (github.com/standard-webhooks/standard-webhooks, symmetric signatures).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/timestamp.hpp"

namespace autoheal::outward {

// The key in a secret's text: `whsec_` and base64 of 24 to 64 bytes; white space around it does not count. invalid:
// another text; the message does not repeat it.
[[nodiscard]] Result<std::string> webhook_key(std::string_view text);

// webhook-id, webhook-timestamp and webhook-signature: `v1,` and base64 of HMAC-SHA256 over "id.timestamp.body" for
// each key, separated by spaces. Two keys while a receiver changes from one to the other; without a key there is no
// signature. `id` has no dot.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> webhook_headers(std::string_view id, Timestamp time,
                                                                               std::string_view body,
                                                                               const std::vector<std::string>& keys);

}  // namespace autoheal::outward
