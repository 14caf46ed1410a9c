// The ledger as a tiled log over HTTP (C2SP tlog-tiles), for monitors and witnesses.
#pragma once

#include "tools/autoheal/api/api_parts.hpp"

namespace autoheal::cli {

// The answer to a target below /tlog/. 403 where the role may not read, unless the configuration says `tlog: public`.
// On the server's thread; reads on a reader's.
[[nodiscard]] boost::asio::awaitable<http::Response> answer_tiled_log(ApiParts& parts, http::Request request,
                                                                      workflows::Role role);

}  // namespace autoheal::cli
