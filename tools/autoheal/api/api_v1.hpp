// The API below /api/v1: finds the operation, asks whether this principal may, and has it answered where it belongs.
#pragma once

#include "tools/autoheal/api/api_parts.hpp"

namespace autoheal::cli {

// On the server's thread. `parts` outlives the answer and the body that it may stream.
[[nodiscard]] boost::asio::awaitable<http::Response> answer_api(ApiParts& parts, http::Request request, Requester who);

}  // namespace autoheal::cli
