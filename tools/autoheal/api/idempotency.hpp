// Idempotency-Key: a request that is sent again, because its answer was lost, does nothing twice. The key of a heal is
// committed with the heal's first entry, so that a crash leaves both or neither.
#pragma once

#include <expected>

#include "tools/autoheal/api/api_parts.hpp"
#include "tools/autoheal/api/api_request.hpp"

namespace autoheal::cli {

struct KeyUsed {
  std::shared_ptr<KeptAnswers::Claim> claim;  // keeps the answer; null: the request has no key
  std::optional<std::string> answer;          // the request was answered before
};

// Looks up the request's key, and tells `who` with which key a heal begins, or which heal it began earlier. Problems:
// 400 the key is none, or the operation takes none; 409 the same request is under way; 422 another one used the key.
[[nodiscard]] boost::asio::awaitable<std::expected<KeyUsed, http::Problem>> use_key(ApiParts& parts,
                                                                                    const ApiRequest& api_request,
                                                                                    const http::Request& request,
                                                                                    Requester& who);

}  // namespace autoheal::cli
