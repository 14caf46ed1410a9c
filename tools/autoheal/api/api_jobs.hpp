// Operations that take too long for one answer: they begin a job, which is asked about later.
#pragma once

#include <string>

#include "tools/autoheal/api/api_parts.hpp"
#include "tools/autoheal/api/api_request.hpp"

namespace autoheal::cli {

// The whole answer of an operation with Runs::job, for a principal whose role was judged. On the server's thread.
[[nodiscard]] http::Response answer_job(ApiParts& parts, const ApiRequest& request, const std::string& sent,
                                        const Requester& who);

}  // namespace autoheal::cli
