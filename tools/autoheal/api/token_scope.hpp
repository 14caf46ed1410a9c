// A token for some engines is good for what concerns these engines alone.
#pragma once

#include "tools/autoheal/api/api_parts.hpp"
#include "tools/autoheal/api/api_request.hpp"

namespace autoheal::cli {

// Refused, unless the request names engines of the token, or a heal of one of them. A request about all engines, or
// about none, is refused, too.
[[nodiscard]] boost::asio::awaitable<Result<void>> within_scope(ApiParts& parts, const Requester& who,
                                                                const ApiRequest& request);

}  // namespace autoheal::cli
